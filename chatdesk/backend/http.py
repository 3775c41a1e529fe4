"""The one HTTP client behind Auth, REST and Storage.

The supabase libraries each bring their own time-outs (5 s to 120 s) and their own connections; handing all of
them one client makes ours the rule and leaves one thing to close. The transport is aiohttp's, by way of
``httpx-aiohttp``: a third of httpx's own cost per request.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from httpx_aiohttp import HttpxAiohttpClient

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 20.0
UPLOAD_SECONDS = 90.0
"""For Storage only: 2 MB over a slow line, in either direction."""

SLOWEST = 20_000
"""Bytes per second that an upload is granted beyond that."""

DOWNLOAD_SECONDS = 300.0
"""For the files of messages, whose size is known only at their end: 20 MB at most."""

KEEP_ALIVE_SECONDS = 30.0

_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the libraries keep to themselves of the last HTTP answer, and failures.py needs."""

    status: int
    is_json: bool
    retry_after: float | None


last_answer: ContextVar[Answer | None] = ContextVar("last_answer", default=None)
"""The answer to the newest request of the running task; set it to None before a request."""


may_send: ContextVar[Callable[[], bool] | None] = ContextVar("may_send", default=None)
"""Asked right before a request of the running task is written; False ends it unsent.

For requests that must not leave a process which was stopped (SIGSTOP, a suspended virtual machine) between
the decision and the deed: a refresh token that others have traded since would end the session everywhere.
"""


def is_loopback(url: str) -> bool:
    """Tell whether ``url`` points to this computer, where no proxy may come between."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Whom to trust, the same for requests and for the websocket: httpx's list and the system's.

    Left to themselves they differ: httpx knows no company's own authority, and a frozen application on macOS
    has no system list that OpenSSL could find. ``SSL_CERT_FILE`` is honoured.
    """
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


class _Pieces(httpx.AsyncByteStream):
    """A large body in pieces, so that the loop breathes between them (aiohttp warns of one in one piece)."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), _PIECE):
            yield self._body[start : start + _PIECE]


class DeadlineClient(HttpxAiohttpClient):
    """An ``httpx.AsyncClient`` whose every request ends in time, answered or not.

    httpx and aiohttp only limit the single read: a server that sends one byte now and then would hold a
    request for ever.
    """

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        body = await request.aread()
        if len(body) > _PIECE:
            request = httpx.Request(
                request.method,
                request.url,
                headers=request.headers,
                stream=_Pieces(body),
                extensions=request.extensions,
            )
        if (allowed := may_send.get()) is not None and not allowed():
            raise httpx.ConnectTimeout("It is too late for this request", request=request)
        seconds = _allowed(request.method, request.url.path, len(body))
        try:
            async with asyncio.timeout(seconds):
                return await super().send(request, **options)
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"No complete answer in {seconds:g} s", request=request) from error


def _allowed(method: str, path: str, size: int) -> float:
    """Return how long a request may take from its first to its last byte."""
    if "/storage/v1/" not in path:
        return TOTAL_SECONDS
    if method == "GET" and "/attachments/" in path:
        return DOWNLOAD_SECONDS
    return UPLOAD_SECONDS + size / SLOWEST


def create_http(url: str) -> httpx.AsyncClient:
    """Make the client for one back end; the caller closes it.

    For this computer itself proxies are ignored (httpx takes them from the environment and would send
    loopback requests there), and no list of certificate authorities is loaded: there is no TLS.
    """
    loopback = is_loopback(url)
    encrypted = urlsplit(url).scheme == "https"
    return DeadlineClient(
        timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
        limits=httpx.Limits(
            max_connections=20, max_keepalive_connections=10, keepalive_expiry=KEEP_ALIVE_SECONDS
        ),
        trust_env=not loopback,
        verify=tls_context() if encrypted or not loopback else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        event_hooks={"response": [_remember]},
    )


async def _remember(response: httpx.Response) -> None:
    kind = response.headers.get("content-type", "").lower()
    last_answer.set(
        Answer(
            status=response.status_code,
            is_json="json" in kind,
            retry_after=_seconds(response.headers.get("retry-after")),
        )
    )


def _seconds(header: str | None) -> float | None:
    """Read Retry-After in its form of seconds; a date is left to the caller's own back-off."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return min(seconds, 3600.0) if seconds >= 0 else None
