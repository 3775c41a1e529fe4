"""Who uses the embedded back end: a client is an open control connection, not HTTP traffic."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from aiohttp import WSCloseCode, web

from chatdesk.localbackend.failures import local_failure

__all__ = ["Control"]

_PING_SECONDS = 20.0


class Control:
    """Counts the open control connections and tells the host when the number changed.

    ``control_token`` is the secret of this run, written to the port file that only this OS user can read.
    ``on_change`` is called without arguments after each change of ``clients``; it may be set later.
    """

    def __init__(self, control_token: str, on_change: Callable[[], None] | None = None) -> None:
        self.control_token = control_token
        self.on_change = on_change
        self._sockets: set[web.WebSocketResponse] = set()
        self._closing = False

    @property
    def clients(self) -> int:
        """How many control connections are open now."""
        return len(self._sockets)

    def authorise(self, request: web.Request) -> None:
        """Let pass who shows the control token; raises a 401 failure for everyone else."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(token.strip().encode("utf-8", "replace"), self.control_token.encode())
        if scheme.lower() != "bearer" or not right:
            raise local_failure(401, "unauthorized", "The control token is missing or wrong.")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """``GET /local/v1/control``: stays open as long as the client lives. Frames from it mean nothing."""
        self.authorise(request)
        if self._closing:
            raise local_failure(503, "stopping", "The server is stopping; start it again.")
        socket = web.WebSocketResponse(
            compress=False, heartbeat=_PING_SECONDS, max_msg_size=4096, timeout=1.0
        )
        # Counted before the client knows that it is one: once it knows, nobody may stop for lack of clients.
        self._sockets.add(socket)
        self._tell()
        try:
            await socket.prepare(request)
            async for _ in socket:
                pass
        finally:
            self._sockets.discard(socket)
            self._tell()
        return socket

    def refuse(self) -> None:
        """Take no new client from now on (503)."""
        self._closing = True

    async def close(self) -> None:
        """End every control connection with 1001, because the server goes away."""
        self.refuse()
        for socket in [socket for socket in self._sockets if socket.prepared]:
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"server is stopping")

    def _tell(self) -> None:
        if self.on_change is not None:
            self.on_change()
