"""The Realtime service: its address, its sockets, its start and its end."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import WSCloseCode, WSMsgType, web

from chatdesk.localbackend.database import Database
from chatdesk.localbackend.failures import local_failure
from chatdesk.localbackend.realtime.authority import Authority
from chatdesk.localbackend.realtime.feed import Feed
from chatdesk.localbackend.realtime.frames import parse
from chatdesk.localbackend.realtime.hub import Hub
from chatdesk.localbackend.realtime.limits import Limits, Rate
from chatdesk.localbackend.realtime.session import Session, Shared
from chatdesk.localbackend.realtime.socket import Socket
from chatdesk.localbackend.scope import TaskScope
from chatdesk.localbackend.tokens import Tokens

__all__ = ["RealtimeService"]

_log = logging.getLogger(__name__)


class RealtimeService:
    """``await start()`` before the first request, ``await close()`` ends every socket with 1001."""

    def __init__(self, database: Database, tokens: Tokens, limits: Limits) -> None:
        self.hub = Hub()
        self._limits = limits
        joins = Rate(limits.joins_per_second)
        self._shared = Shared(self.hub, Authority(database), tokens, limits, joins)
        self._feed = Feed(database, self.hub.deliver, limits.payload_bytes)
        self._scope = TaskScope("realtime")
        self._sockets: set[Socket] = set()

    @property
    def sockets(self) -> int:
        """How many clients are connected."""
        return len(self._sockets)

    def register(self, router: web.UrlDispatcher) -> None:
        """Add the address."""
        router.add_get("/realtime/v1/websocket", self._on_connect)

    async def start(self) -> None:
        """Listen for broadcasts from the database; raises when it is not reachable."""
        await self._feed.start(self._scope)

    async def close(self) -> None:
        """Say goodbye to every client and stop."""
        sockets = list(self._sockets)
        await asyncio.gather(*(socket.close(WSCloseCode.GOING_AWAY, "stopping") for socket in sockets))
        await self._scope.close()

    async def _on_connect(self, request: web.Request) -> web.StreamResponse:
        version = request.query.get("vsn", "1.0.0")
        if version != "1.0.0":
            raise local_failure(
                400, "unsupported_version", f"The embedded back end speaks vsn=1.0.0 only, not {version!r}"
            )
        websocket = web.WebSocketResponse(
            compress=False,  # deflate costs up to 1.7x an echo and saves nothing on the loopback
            max_msg_size=self._limits.frame_bytes,
            timeout=self._limits.close_seconds,
            receive_timeout=self._limits.idle_seconds,
            decode_text=False,
        )
        await websocket.prepare(request)
        socket = Socket(websocket, request.transport, self._limits, self._scope)
        session = Session(socket, self._shared)
        socket.on_end = session.end
        self._sockets.add(socket)
        try:
            async with asyncio.TaskGroup() as group:
                pump = group.create_task(socket.pump(), name="realtime: pump")
                await self._read(websocket, socket, session)
                pump.cancel()
        finally:
            session.end()
            self._sockets.discard(socket)
        return websocket

    async def _read(self, websocket: web.WebSocketResponse, socket: Socket, session: Session) -> None:
        while True:
            try:
                message = await websocket.receive()
            except TimeoutError:
                await socket.close(WSCloseCode.OK, "idle")
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            frame = parse(message.data) if message.type is WSMsgType.TEXT else None
            if frame is None:
                await socket.close(WSCloseCode.UNSUPPORTED_DATA, "not a Phoenix 1.0.0 frame")
                return
            try:
                await session.receive(frame)
            except Exception:
                # One client's trouble; it starts afresh on a new socket.
                _log.exception("A frame of %s could not be handled", frame.topic)
                await socket.close(WSCloseCode.INTERNAL_ERROR, "internal error")
                return
