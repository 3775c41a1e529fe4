"""What a provider refused with, as one sentence and what to do next."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from chatdesk.domain.errors import ChatDeskError, Misconfigured, Offline, Refused, Retryable

_log = logging.getLogger(__name__)

_TOO_LONG = (
    "context_length_exceeded",
    "exceed_context_size",
    "context length",
    "context window",
    "too many tokens",
)
_NO_CREDIT = ("insufficient_quota", "insufficient_balance", "billing", "credit balance")
_WISH_MOST = 86_400.0
_FILTERED = ("content_filter", "content_policy", "responsibleai", "safety")


def translated(failure: Exception, model: str, begun: bool) -> ChatDeskError:
    """Return what an exception of the SDK means; ``begun`` says that the reply had started."""
    import openai

    if isinstance(failure, openai.APITimeoutError):
        return timed_out()
    if isinstance(failure, openai.APIConnectionError) and not begun:
        return Offline("The model's address does not answer.", "Check the address and the network.")
    if isinstance(failure, openai.APIError) and (known := _known(_words_of(failure), str(failure.code))):
        return known
    if not isinstance(failure, openai.APIStatusError):
        # A body that breaks off or is no JSON surfaces as whatever the parser or transport raises.
        _log.info("A reply ended with %s", type(failure).__name__)
        return cut_off(type(failure).__name__)
    return _by_status(failure, model)


def timed_out() -> Retryable:
    """Say that nothing came for too long."""
    return Retryable("The model did not answer in time.", "Try again.", "timeout")


def cut_off(code: str = "stream_cut") -> Retryable:
    """Say that the reply broke off."""
    return Retryable("The reply was cut off before its end.", "Ask for it again.", code)


def withheld(code: str) -> Refused:
    """Say that the provider's filter stepped in."""
    return Refused("The model's provider withheld the reply.", "Rephrase the message.", code)


def too_long(code: str) -> Refused:
    """Say that the conversation does not fit."""
    return Refused(
        "The conversation is too long for this model.",
        "Start a new conversation or choose another model.",
        code,
    )


def _by_status(failure: Any, model: str) -> ChatDeskError:
    code = str(failure.code or failure.status_code)
    match failure.status_code:
        case 401 | 403:
            return Misconfigured("The model's provider refused the API key.", "Check the key.", code)
        case 402:
            return _no_credit(code)
        case 404:
            return Misconfigured(f"The provider has no model named {model}.", "Choose another model.", code)
        case 408 | 504:
            return timed_out()
        case 413:
            return too_long(code)
        case 429:
            wait = _wish(failure.response.headers)
            step = "Wait a moment and try again."
            if wait is not None and wait >= 120:
                minutes = math.ceil(wait / 60)
                step = f"Wait {minutes} minutes and try again."
            elif wait is not None and wait >= 1:
                seconds = math.ceil(wait)
                step = f"Wait {seconds} seconds and try again."
            return Retryable("The model's provider asks to slow down.", step, code, wait)
        case status if status >= 500:
            return Retryable("The model's provider has a fault.", "Try again later.", code)
    if "temperature" in _words_of(failure):
        step = "Set it back to the model's own in the chat's settings."
        return Refused("This model does not take the chat's temperature.", step, code)
    return Refused("The model's provider refused the request.", "Check the model's settings.", code)


def _known(words: str, code: str) -> ChatDeskError | None:
    """Recognise what providers say in many ways, whatever the status that they say it with."""
    if any(word in words for word in _NO_CREDIT):
        return _no_credit(code)
    if any(word in words for word in _TOO_LONG):
        return too_long(code)
    if any(word in words for word in _FILTERED):
        return withheld(code)
    return None


def _no_credit(code: str) -> Misconfigured:
    return Misconfigured(
        "The account at the model's provider has no credit left.", "Top it up or choose another model.", code
    )


def _words_of(failure: Any) -> str:
    return f"{failure.code} {failure.type} {failure.message}".lower()[:2_000]


def _wish(headers: Mapping[str, str]) -> float | None:
    """Read how many seconds the server wants us to wait: a number, or the date until when."""
    exact, header = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        wait = float(exact) / 1000 if exact else float(header or "")
    except ValueError:
        try:
            wait = (parsedate_to_datetime(header or "") - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(0.0, wait), _WISH_MOST) if math.isfinite(wait) else None
