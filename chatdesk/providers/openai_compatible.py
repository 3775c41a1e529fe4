"""Models behind an address that speaks OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any

from chatdesk.domain.errors import ChatDeskError, Misconfigured, Offline, Refused, Retryable
from chatdesk.providers.base import ReplyChunk, ReplyRequest, Turn
from chatdesk.providers.openai_messages import message_of, refuses_pictures, without_pictures

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 120.0
"""How long a model may think before its first word, and between two."""


class OpenAICompatibleProvider:
    """A ``ChatProvider`` over the official SDK.

    The SDK costs 0.7 s to import, so it is imported in a thread at the first request. It never retries by
    itself: a reply that is paid for is asked for again by the user only.
    """

    def __init__(self, *, base_url: str, api_key: str, models: Sequence[str], name: str = "OpenAI") -> None:
        self.name = name
        self.models = tuple(models)
        self._base_url = base_url
        self._api_key = api_key
        self._client: AsyncOpenAI | None = None

    async def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            openai = await asyncio.to_thread(importlib.import_module, "openai")
            timeout = openai.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
            self._client = openai.AsyncOpenAI(
                base_url=self._base_url, api_key=self._api_key or "none", max_retries=0, timeout=timeout
            )
        assert self._client is not None
        return self._client

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        """Stream the reply; the last chunk carries token usage where the address tells it.

        Raises ``Retryable`` when the stream ends without the finish reason that the protocol demands: a cut
        connection often looks like a clean end.
        """
        client = await self._connected()
        finished: str | None = None
        begun = False
        try:
            options: dict[str, Any] = {}
            if request.temperature is not None:
                options["temperature"] = request.temperature
            response = await self._begun(client, request, options)
            begun = True
            async with response:
                async for chunk in response:
                    usage = chunk.usage.model_dump(exclude_none=True) if chunk.usage else None
                    choice = chunk.choices[0] if chunk.choices else None
                    text = (choice.delta.content or "") if choice and choice.delta else ""
                    finished = (choice.finish_reason if choice else None) or finished
                    if text or usage:
                        yield ReplyChunk(text, usage)
        except (asyncio.CancelledError, GeneratorExit, ChatDeskError):
            raise
        except Exception as failure:
            raise _translated(failure, request.model, begun) from failure
        if finished is None:
            raise Retryable("The reply was cut off before its end.", "Ask for it again.", "stream_cut")
        if finished == "content_filter":
            raise Refused("The model's provider withheld the reply.", "Rephrase the message.", finished)

    async def _begun(self, client: AsyncOpenAI, request: ReplyRequest, options: dict[str, Any]) -> Any:
        """Ask for the reply; once more without the pictures where the model refuses a request with some."""

        async def ask(turns: Sequence[Turn]) -> Any:
            messages: Any = [message_of(turn) for turn in turns]
            return await client.chat.completions.create(
                model=request.model,
                messages=messages,
                stream=True,
                stream_options={"include_usage": True},
                **options,
            )

        try:
            return await ask(request.turns)
        except Exception as failure:
            if not refuses_pictures(failure) or not any(turn.pictures for turn in request.turns):
                raise
        return await ask([without_pictures(turn) for turn in request.turns])

    async def close(self) -> None:
        """Close the connections to the address."""
        if self._client is not None:
            await self._client.close()
            self._client = None


def _translated(failure: Exception, model: str, begun: bool) -> ChatDeskError:
    import openai

    if isinstance(failure, openai.APITimeoutError):
        return Retryable("The model did not answer in time.", "Try again.", "timeout")
    if isinstance(failure, openai.APIConnectionError) and not begun:
        return Offline("The model's address does not answer.", "Check the address and the network.")
    if not isinstance(failure, openai.APIStatusError):
        # A body that breaks off or is no JSON surfaces as whatever the parser or transport raises.
        _log.info("A reply ended with %s", type(failure).__name__)
        return Retryable("The reply was cut off before its end.", "Ask for it again.", type(failure).__name__)
    code = str(failure.code or failure.status_code)
    match failure.status_code:
        case 401 | 403:
            return Misconfigured("The model's provider refused the API key.", "Check the key.", code)
        case 404:
            return Misconfigured(f"The provider has no model named {model}.", "Choose another model.", code)
        case 429:
            return Retryable(
                "The model's provider asks to slow down.",
                "Wait a moment and try again.",
                code,
                _seconds(failure.response.headers.get("retry-after")),
            )
        case status if status >= 500:
            return Retryable("The model's provider has a fault.", "Try again later.", code)
    if code == "context_length_exceeded":
        return Refused("The conversation is too long for this model.", "Start a new conversation.", code)
    return Refused("The model's provider refused the request.", "Check the model's settings.", code)


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header else None
    except ValueError:
        return None
