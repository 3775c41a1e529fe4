"""One websocket: what waits for it, how it is written and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable

from aiohttp import WSMsgType, web

from chatdesk.localbackend.realtime.limits import Limits
from chatdesk.localbackend.scope import TaskScope

__all__ = ["TRY_AGAIN_LATER", "Socket", "text_frame"]

TRY_AGAIN_LATER = 1013

_SMALL = 0xFFFF
_KEEPS_UP = 0x10000
"""Bytes that may wait in the transport itself; asyncio asks a writer to pause at as many."""

_log = logging.getLogger(__name__)


def text_frame(payload: bytes) -> bytes | None:
    """Frame a text as a server does (RFC 6455, 5.2): whole, without a mask; None for over 65,535 bytes."""
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length <= _SMALL:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return None


class Socket:
    """Texts for one client. ``send`` never waits: a client that does not read delays nobody but itself.

    ``on_end`` is called as soon as the end is decided, which may be long before the connection is gone.
    """

    def __init__(
        self,
        websocket: web.WebSocketResponse[bool],
        transport: asyncio.Transport | None,
        limits: Limits,
        scope: TaskScope,
    ) -> None:
        self._websocket = websocket
        self._transport = transport
        self._limits = limits
        self._scope = scope
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._ending = False
        self.on_end: Callable[[], None] | None = None

    def send(self, payload: bytes) -> None:
        """Write a text, or queue it; a client that is too far behind is closed with 1013 instead."""
        self.send_framed(payload, text_frame(payload))

    def send_framed(self, payload: bytes, framed: bytes | None) -> None:
        """The same for a text that goes to many: ``framed`` is its ``text_frame``, made once.

        It goes straight to the transport of a client that keeps up: waking a task for each costs as much as
        writing to it. Everything here is run once for each client and message, hence in one place.
        """
        if self._ending:
            return
        transport = self._transport
        if (
            framed is not None
            and transport is not None
            and not self._waiting
            and not self._websocket.closed
            and not transport.is_closing()
            and transport.get_write_buffer_size() <= _KEEPS_UP
        ):
            transport.write(framed)
            return
        self._waiting.append(payload)
        self._waiting_bytes += len(payload)
        self._wake.set()
        if len(self._waiting) > self._limits.queue_frames or self._waiting_bytes > self._limits.queue_bytes:
            self.end(TRY_AGAIN_LATER, "too slow")

    async def pump(self) -> None:
        """Write what is queued, until cancelled or the connection is gone."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    frame = self._waiting.popleft()
                    self._waiting_bytes -= len(frame)
                    await self._websocket.send_frame(frame, WSMsgType.TEXT)

    def end(self, code: int, reason: str) -> None:
        """Close without waiting for it."""
        if not self._ending:
            self._scope.start(self.close(code, reason), f"close {code}")

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame; a client that does not even take that is cut off after ``close_seconds``."""
        if self._ending:
            return
        self._ending = True
        self._waiting.clear()
        if self.on_end is not None:
            self.on_end()
        _log.debug("Closing a socket: %s %s", code, reason)
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(self._limits.close_seconds):
                await self._websocket.close(code=code, message=reason.encode(), drain=False)
        if self._transport is not None:
            # transport.close() would wait for ever for a client that does not read.
            asyncio.get_running_loop().call_later(self._limits.close_seconds, self._transport.abort)
