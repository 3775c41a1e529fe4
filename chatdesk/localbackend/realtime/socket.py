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

_log = logging.getLogger(__name__)


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
        """Queue a frame; a client that is too far behind is closed with 1013 instead."""
        if self._ending:
            return
        self._waiting.append(frame)
        self._waiting_bytes += len(frame)
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
