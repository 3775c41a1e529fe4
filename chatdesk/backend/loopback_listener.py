"""The door through which a browser comes back: on this computer, for one visit.

Any program and any web page of this computer can knock at it. So the address has a path and a state that are
made anew each time and told to nobody but the browser; the visitor has to be a browser that goes to a page,
not a page that asks in the background; and what it brings is a code that is worthless without the secret that
stays in this process. Whatever else knocks is sent away and does not use the visit up.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import logging
import secrets
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from chatdesk.domain.errors import Offline, Refused
from chatdesk.runtime.tasks import TaskScope

_log = logging.getLogger(__name__)

HOST = "127.0.0.1"
VISIT_SECONDS = 5.0
_LONGEST_HEAD = 16 * 1024
_MOST_VISITORS = 16
_KEYS = ("state", "code", "error", "error_code", "error_description")

_PAGE_HEADERS = (
    "Content-Type: text/html; charset=utf-8\r\n"
    "Cache-Control: no-store\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
    "Connection: close\r\n"
)
_STYLE = "body{font:17px/1.5 system-ui,sans-serif;max-width:32em;margin:18vh auto;padding:0 1.5em}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the browser brought: a code, or Auth's words for why there is none."""

    code: str | None = field(default=None, repr=False)
    error: str = ""
    error_code: str = ""


class _Dismissed(Exception):
    """A visitor that is not the awaited one; the text is the status line it gets."""


class LoopbackListener:
    """Waits for one browser. ``title`` and ``line`` are what its page says when it may be closed.

    Made by ``await LoopbackListener.opened(...)``; ``close`` is safe to call twice and at any time.
    """

    def __init__(self, title: str, line: str) -> None:
        self._path = f"/{secrets.token_urlsafe(24)}"
        self._state = secrets.token_urlsafe(24)
        self._text = (title, line)
        self._scope = TaskScope("browser's door", _ignore)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._arrived: asyncio.Future[Arrival] = asyncio.get_running_loop().create_future()
        self._visitors = 0

    @classmethod
    async def opened(cls, title: str, line: str) -> LoopbackListener:
        """Open the door at a port that the system chooses; raises ``Offline`` when there is none."""
        made = cls(title, line)
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                # Elsewhere nobody can take over a port that somebody listens at; there, only with this.
                door.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            door.bind((HOST, 0))
            made._port = int(door.getsockname()[1])
            made._server = await asyncio.start_server(made._knock, sock=door, limit=_LONGEST_HEAD)
        except OSError as failure:
            door.close()
            raise Offline(
                "The browser could not be given a way back to ChatDesk.",
                "Use the code of the message, or your password.",
                "loopback",
            ) from failure
        return made

    @property
    def port(self) -> int:
        """The port of this visit."""
        return self._port

    @property
    def redirect_to(self) -> str:
        """Where the browser is to be sent; a secret of this visit."""
        return f"http://{HOST}:{self._port}{self._path}?state={self._state}"

    @property
    def is_open(self) -> bool:
        """Whether somebody may still come."""
        return self._server is not None

    async def arrival(self, patience: float) -> Arrival:
        """Wait for the browser; raises ``Refused`` after ``patience`` seconds, and closes in any case."""
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(self._arrived)
        except TimeoutError:
            raise Refused(
                "The browser did not come back in time.", "Start the sign-in once more.", "timeout"
            ) from None
        finally:
            self._shut()

    async def close(self) -> None:
        """Let nobody in any more and send away who is there."""
        self._shut()
        await self._scope.close()
        self._arrived.cancel()

    def _shut(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _knock(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._visitors >= _MOST_VISITORS or self._server is None:
            writer.transport.abort()
            return
        self._visitors += 1
        self._scope.start(self._serve(reader, writer), "visit")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                async with asyncio.timeout(VISIT_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._answer(head))
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
        finally:
            self._visitors -= 1
            writer.transport.abort()

    def _answer(self, head: bytes) -> bytes:
        try:
            arrival = self._judged(head)
        except _Dismissed as dismissed:
            # Its address may be a stolen one or hold a code: nothing of it is logged.
            _log.info("A visitor at the browser's door was sent away: %s", dismissed)
            return f"HTTP/1.1 {dismissed}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        self._shut()
        self._arrived.set_result(arrival)
        title, line = (html.escape(text) for text in self._text)
        page = (
            f'<!doctype html><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
            f"<h1>{title}</h1><p>{line}</p>"
        ).encode()
        return f"HTTP/1.1 200 OK\r\n{_PAGE_HEADERS}Content-Length: {len(page)}\r\n\r\n".encode() + page

    def _judged(self, head: bytes) -> Arrival:
        """Tell what the awaited browser brought; raises ``_Dismissed`` for everybody else."""
        if self._arrived.done():
            raise _Dismissed("410 Gone")
        target, headers = _parsed(head)
        if headers.get("host") != [f"{HOST}:{self._port}"]:
            raise _Dismissed("403 Forbidden")  # a page of the web whose name was made to point here
        if "origin" in headers or headers.get("sec-fetch-mode", ["navigate"]) != ["navigate"]:
            raise _Dismissed("403 Forbidden")  # a page that asks; a person who goes to a page sends no Origin
        if "content-length" in headers or "transfer-encoding" in headers:
            raise _Dismissed("400 Bad Request")
        parts = urlsplit(target)
        if not target.startswith("/") or not _same(parts.path, self._path):
            raise _Dismissed("404 Not Found")
        try:
            pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=20, errors="strict")
        except ValueError:
            raise _Dismissed("400 Bad Request") from None
        found = dict(pairs)
        if len(found) != len(pairs) or not _same(found.get("state", ""), self._state):
            raise _Dismissed("400 Bad Request")
        return _brought({key: found.get(key, "") for key in _KEYS})


def _parsed(head: bytes) -> tuple[str, dict[str, list[str]]]:
    try:
        first, *lines = head.decode("ascii").removesuffix("\r\n\r\n").split("\r\n")
        method, target, version = first.split(" ")
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise ValueError
            headers.setdefault(name.lower(), []).append(value.strip())
    except ValueError:
        raise _Dismissed("400 Bad Request") from None
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise _Dismissed("400 Bad Request")
    if method != "GET":
        raise _Dismissed("405 Method Not Allowed")
    return target, headers


def _brought(found: dict[str, str]) -> Arrival:
    code, error = found["code"], found["error"] or found["error_code"]
    if bool(code) == bool(error) or len(code) > 1000:
        raise _Dismissed("400 Bad Request")  # nothing, both, or a session in the address, which is never read
    return Arrival(code or None, error[:100], found["error_code"][:100])


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _ignore(_name: str, failure: BaseException) -> None:
    """Leave a failed visit to its visitor."""
    _log.warning("A visit at the browser's door failed: %s", type(failure).__name__)
