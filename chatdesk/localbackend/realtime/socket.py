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

__all__ = ["TRY_AGAIN_LATER", "Socket"]

TRY_AGAIN_LATER = 1013

_SMALL = 0xFFFF
_KEEPS_UP = 0x10000
"""Bytes that may wait in the transport itself; asyncio asks a writer to pause at as many."""

_log = logging.getLogger(__name__)


def text_frame(payload: bytes) -> bytes:
    """Frame a text of at most 65,535 bytes as a server does (RFC 6455, 5.2): whole, without a mask."""
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    return b"\x81\x7e" + length.to_bytes(2, "big") + payload


class Socket:
    """Frames for one client. ``send`` never waits: a client that does not read delays nobody but itself.

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

    def send(self, frame: bytes) -> None:
        """Write a frame, or queue it; a client that is too far behind is closed with 1013 instead."""
        if self._ending or (not self._waiting and self._written(frame)):
            return
        self._waiting.append(frame)
        self._waiting_bytes += len(frame)
        self._wake.set()
        if len(self._waiting) > self._limits.queue_frames or self._waiting_bytes > self._limits.queue_bytes:
            self.end(TRY_AGAIN_LATER, "too slow")

    def _written(self, frame: bytes) -> bool:
        """Hand a frame straight to the transport of a client that keeps up.

        Waking a task for each client costs as much as writing to it.
        """
        transport = self._transport
        if (
            transport is None
            or len(frame) > _SMALL
            or self._websocket.closed
            or transport.is_closing()
            or transport.get_write_buffer_size() > _KEEPS_UP
        ):
            return False
        transport.write(text_frame(frame))
        return True

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
