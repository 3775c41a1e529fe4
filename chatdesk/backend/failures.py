"""Foreign exceptions in, domain errors out.

What happened is read from the machine's words only: the SQLSTATE, the PGRST code, the Auth code, the HTTP
status; never from prose, except where an old server sends nothing else. What ChatDesk's own SQL functions
say about a refusal is shown as it is: they write whole sentences, PostgreSQL itself does not. Whatever is not
known to be final is ``Retryable``: a write that is tried once more costs nothing, one that is given up costs
the user's text.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

import httpx
from postgrest.exceptions import APIError

from chatdesk.backend.http import Answer
from chatdesk.domain.errors import (
    AccountGone,
    BadInput,
    ChatDeskError,
    NeedsSignIn,
    Offline,
    Refused,
    Retryable,
)

TRY_AGAIN = "ChatDesk tries again by itself."
SIGN_IN_AGAIN = "Sign in again; nothing that is stored here is lost."

_SQLSTATE = re.compile(r"[0-9A-Z]{5}\Z")
_SENTENCE = re.compile(r"[A-Z\"][^\n]{3,200}\.\Z")
_RETRYABLE_CLASSES = ("08", "25", "28", "40", "53", "55", "57", "58", "F0", "XX")
"""Connections, transactions (40001, 40P01), resources, an operator at work, a fault of the server's own."""


def from_transport(error: BaseException) -> Offline:
    """Translate "no answer": refused, reset, timed out, not resolved, certificate not trusted."""
    chain = list(_causes(error))
    if any(isinstance(link, ssl.SSLCertVerificationError) for link in chain) or any(
        type(link).__name__ == "ClientConnectorCertificateError" for link in chain
    ):
        return Offline(
            "The server's certificate could not be verified.",
            "Check the address, the clock of this computer and the network you are in.",
            code="tls",
        )
    # ``httpx-aiohttp`` also calls a refused connection a time-out.
    refused = any(isinstance(link, ConnectionError | socket.gaierror) for link in chain)
    if isinstance(error, httpx.TimeoutException | TimeoutError) and not was_cut(error) and not refused:
        return Offline("The server did not answer in time.", TRY_AGAIN, code="timeout")
    return Offline("The server cannot be reached.", TRY_AGAIN, code=type(error).__name__)


def is_transport(error: BaseException) -> bool:
    """Tell whether ``error`` comes from the way to the server, not from the server.

    aiohttp's own exceptions pass ``httpx-aiohttp`` where it has no translation for them.
    """
    return isinstance(error, httpx.TransportError | httpx.StreamError | OSError | TimeoutError) or type(
        error
    ).__module__.startswith("aiohttp")


def was_cut(error: BaseException) -> bool:
    """Tell whether a connection that was open broke: mostly one that the server had closed while it was idle.

    ``httpx-aiohttp`` calls this a connect time-out, so the cause is looked at; aiohttp repeats only GET.
    """
    return type(error.__cause__).__name__ in (
        "ServerDisconnectedError",
        "ClientOSError",
        "ConnectionResetError",
    )


def from_request(error: Exception, answer: Answer | None) -> ChatDeskError:
    """Translate what a REST request raised; ``answer`` is the HTTP answer if there was one."""
    if isinstance(error, ChatDeskError):
        return error
    if isinstance(error, APIError):
        return _from_postgrest(error.code, error.message, answer)
    if is_transport(error):
        return from_transport(error)
    if isinstance(error, UnicodeEncodeError):
        return unstorable("utf8")
    return Retryable("The server's answer could not be read.", TRY_AGAIN, code=type(error).__name__)


def from_status(status: int, answer: Answer | None) -> ChatDeskError:
    """Translate a bare HTTP status."""
    code = str(status)
    if 300 <= status < 400 or (status in (403, 404, 407, 511) and answer is not None and not answer.is_json):
        return Offline(
            "Something between this computer and the server answered instead of it.",
            "Check whether this network wants you to sign in first.",
            code=code,
        )
    if status == 401:
        return NeedsSignIn("The server did not accept the session.", SIGN_IN_AGAIN, code=code)
    if status == 429:
        wait = answer.retry_after if answer else None
        return Retryable("The server asks to slow down.", TRY_AGAIN, code=code, retry_after=wait)
    if status in (408, 425) or status >= 500:
        wait = answer.retry_after if answer else None
        return Retryable("The server has a problem of its own.", TRY_AGAIN, code=code, retry_after=wait)
    if status == 413:
        return BadInput("This is larger than the server accepts.", "Make it shorter and send it again.", code)
    if status == 403:
        return forbidden(code)
    if status == 404:
        return missing_schema(code)
    return Refused("The server did not accept this change.", "Change it or discard it.", code)


def missing_schema(code: str) -> Retryable:
    """Say that the server lacks a function or table: its migrations were not applied, or are just now."""
    return Retryable(
        "The server does not have ChatDesk's tables, or not the newest ones.",
        "Apply ChatDesk's migrations to the project; what is written here waits until then.",
        code=code,
    )


def forbidden(code: str) -> Refused:
    """Say that the signed-in user may not do this."""
    return Refused(
        "You are not allowed to change this conversation.", "Ask its owner, or discard the change.", code
    )


def account_gone() -> AccountGone:
    """Say that the account of this token was deleted."""
    return AccountGone("This account was deleted.", "Sign in to another one.", code="account_gone")


def unstorable(code: str) -> BadInput:
    """Say that the text holds NUL, half a character or the like."""
    return BadInput(
        "The text holds characters that cannot be stored.", "Remove them and send it again.", code
    )


def _from_postgrest(code: str | None, message: str | None, answer: Answer | None) -> ChatDeskError:
    if code is not None and code.startswith("PGRST"):
        return _from_pgrst(code, answer)
    if code is not None and _SQLSTATE.match(code):
        return _from_sqlstate(code, answer, message or "")
    if answer is not None and answer.status == 401 and "api key" in (message or "").lower():
        return NeedsSignIn(
            "The server does not know the key of this app any more.",
            "Connect to the project again with its current publishable key.",
            code="api_key",
        )
    if answer is not None and answer.status >= 300:
        return from_status(answer.status, answer)
    if code is not None and code.isdigit() and len(code) == 3:
        return from_status(int(code), answer)
    return Retryable("The server answered with an unknown error.", TRY_AGAIN, code=code)


def _from_pgrst(code: str, answer: Answer | None) -> ChatDeskError:
    """Sort PostgREST's own codes by their group: 0 connection, 1 request, 2 schema cache, 3 token."""
    group = code[5:6]
    if group == "3":
        return NeedsSignIn("The server did not accept the session.", SIGN_IN_AGAIN, code)
    if group == "2":
        return missing_schema(code)
    if group == "1":
        return Refused("The server did not understand this change.", "Update ChatDesk, or discard it.", code)
    wait = answer.retry_after if answer else None
    return Retryable("The server has a problem of its own.", TRY_AGAIN, code=code, retry_after=wait)


def _from_sqlstate(code: str, answer: Answer | None, message: str) -> ChatDeskError:
    own = message if _SENTENCE.match(message) else None
    if code == "PT401":  # only private.caller() raises it, in the schema's part 11
        return account_gone()
    if code in ("22021", "22P05"):
        return unstorable(code)
    if code in ("22001", "54000"):
        return BadInput(own or "The text is longer than the server accepts.", "Make it shorter.", code)
    if code.startswith("22"):
        return BadInput(own or "The server does not accept this value.", "Change it and try again.", code)
    if code == "23505":
        return Refused(own or "This is already taken.", "Choose another one, or discard the change.", code)
    if code.startswith("23") or code == "P0001":
        return Refused(own or "The server did not accept this change.", "Change it or discard it.", code)
    if code == "42501":
        if answer is not None and answer.status == 401:
            return NeedsSignIn("The server did not accept the session.", SIGN_IN_AGAIN, code)
        return Refused(own, "Ask its owner, or discard the change.", code) if own else forbidden(code)
    if code == "55000":
        return Refused(own or "This was already ended elsewhere.", "", code)
    if code in ("42883", "42P01", "42703"):
        return missing_schema(code)
    if code.startswith(_RETRYABLE_CLASSES) or answer is None or answer.status >= 500:
        wait = answer.retry_after if answer else None
        return Retryable("The server is busy with something else.", TRY_AGAIN, code=code, retry_after=wait)
    return from_status(answer.status, answer)


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
