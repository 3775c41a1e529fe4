"""A Phoenix socket with faults on demand: what a Realtime server can do to a client, one switch each.

Speaks the frames of Supabase Realtime (vsn 1.0.0) for broadcasts on private channels. It follows Phoenix
where clients trip: the ref of a ``phx_close`` is the ref of its join, a leave is answered by a reply and a
close, a second join of a topic closes the first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

JSON = dict[str, Any]


class Watch:
    """Lets a test wait for a fact instead of for a time."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def tell(self) -> None:
        self._changed.set()

    async def until(self, fact: Callable[[], bool], seconds: float = 30.0) -> None:
        """Return when ``fact`` holds; it is looked at after every ``tell``."""
        async with asyncio.timeout(seconds):
            while not fact():
                self._changed.clear()
                await self._changed.wait()


class Client:
    """One websocket as the server sees it; ``joins`` maps a topic to the ref of its join."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None) -> None:
        self.socket = socket
        self.transport = transport
        self.joins: dict[str, str] = {}

    async def send(self, topic: str, event: str, payload: JSON, ref: str | None) -> None:
        await self.socket.send_str(
            json.dumps({"topic": topic, "event": event, "payload": payload, "ref": ref})
        )


class Phoenix:
    """The server and its switches; ``start`` and ``stop`` belong to the fixture."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.clients: list[Client] = []
        self.opened = 0
        self.joins: list[tuple[str, JSON]] = []
        self.leaves: list[str] = []
        self.tokens: list[tuple[str, str]] = []
        self.broadcasts: list[tuple[str, JSON]] = []
        self.heartbeats = 0
        self.upgrade_status: int | None = None
        self.refusals: dict[str, JSON] = {}
        self.held_joins: set[str] = set()
        self.held_leaves: set[str] = set()
        self.split_leaves: set[str] = set()
        """Topics whose ``phx_close`` after a leave is held back until ``finish_leave``."""
        self.mute = False
        self._late_closes: list[tuple[Client, str, str]] = []
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        application = web.Application()
        application.router.add_get("/realtime/v1/websocket", self._websocket)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        self.abort()
        if self._runner is not None:
            await self._runner.cleanup()

    def client(self) -> Client:
        return self.clients[-1]

    async def broadcast(self, topic: str, event: str, payload: JSON) -> None:
        """Send a database broadcast to every client that is on ``topic``."""
        envelope = {"event": event, "payload": payload, "type": "broadcast", "meta": {"id": "1"}}
        for client in self.clients:
            if f"realtime:{topic}" in client.joins:
                await client.send(f"realtime:{topic}", "broadcast", envelope, None)

    async def raw(self, frame: str | bytes) -> None:
        """Send anything at all to the newest client."""
        if isinstance(frame, str):
            await self.client().socket.send_str(frame)
        else:
            await self.client().socket.send_bytes(frame)

    async def end_channel(self, topic: str, message: str | None = None, ref: str | None = None) -> None:
        """Close a channel from the server's side, after a system error if there is a ``message``."""
        client, name = self.client(), f"realtime:{topic}"
        if message is not None:
            payload = {"channel": topic, "extension": "system", "message": message, "status": "error"}
            await client.send(name, "system", payload, None)
        await client.send(name, "phx_close", {}, ref or client.joins.pop(name, None))

    async def crash_channel(self, topic: str) -> None:
        """Let a channel process die: ``phx_error``."""
        client, name = self.client(), f"realtime:{topic}"
        await client.send(name, "phx_error", {}, client.joins.pop(name, None))

    async def answer_join(self, topic: str) -> None:
        """Answer a join that was held."""
        client, name = self.client(), f"realtime:{topic}"
        self.held_joins.discard(topic)
        await client.send(name, "phx_reply", _ok(), client.joins[name])

    async def finish_leave(self) -> None:
        """Send the closes that were held back."""
        for client, name, ref in self._late_closes:
            await client.send(name, "phx_close", {}, ref)
        self._late_closes.clear()

    async def disconnect(self, code: int) -> None:
        """Close the newest websocket with ``code``."""
        await self.client().socket.close(code=code)

    def abort(self) -> None:
        """Cut every connection without a close frame."""
        for client in self.clients:
            if isinstance(client.transport, asyncio.Transport):
                client.transport.abort()

    def freeze(self) -> None:
        """Go silent without closing: nothing is read, nothing is answered, no FIN is sent."""
        self.mute = True
        for client in self.clients:
            if isinstance(client.transport, asyncio.Transport):
                client.transport.pause_reading()

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if self.upgrade_status is not None:
            return web.json_response({"error": "no"}, status=self.upgrade_status)
        socket = web.WebSocketResponse(compress=False, max_msg_size=0)
        await socket.prepare(request)
        client = Client(socket, request.transport)
        self.clients.append(client)
        self.opened += 1
        self.watch.tell()
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT and not self.mute:
                    await self._take(client, json.loads(frame.data))
                self.watch.tell()
        finally:
            self.clients.remove(client)
            self.watch.tell()
        return socket

    async def _take(self, client: Client, frame: JSON) -> None:
        name, event, payload, ref = frame["topic"], frame["event"], frame["payload"], frame["ref"]
        topic = name.removeprefix("realtime:")
        if name == "phoenix":
            self.heartbeats += 1
            await client.send("phoenix", "phx_reply", _ok(), ref)
        elif event == "phx_join":
            await self._join(client, topic, payload, ref)
        elif event == "phx_leave":
            await self._leave(client, topic, ref)
        elif event == "access_token":
            self.tokens.append((topic, payload["access_token"]))
        elif event == "broadcast":
            self.broadcasts.append((topic, payload))

    async def _join(self, client: Client, topic: str, payload: JSON, ref: str) -> None:
        name = f"realtime:{topic}"
        self.joins.append((topic, payload))
        if topic in self.refusals:
            answer = {"status": "error", "response": self.refusals[topic]}
            await client.send(name, "phx_reply", answer, ref)
            return
        if name in client.joins:
            await client.send(name, "phx_close", {}, client.joins.pop(name))
        client.joins[name] = ref
        if topic not in self.held_joins:
            await client.send(name, "phx_reply", _ok(), ref)

    async def _leave(self, client: Client, topic: str, ref: str) -> None:
        name = f"realtime:{topic}"
        self.leaves.append(topic)
        if topic in self.held_leaves:
            return
        join_ref = client.joins.pop(name, None)
        await client.send(name, "phx_reply", _ok(), ref)
        if join_ref is not None and topic in self.split_leaves:
            self._late_closes.append((client, name, join_ref))
        elif join_ref is not None:
            await client.send(name, "phx_close", {}, join_ref)


def _ok() -> JSON:
    return {"status": "ok", "response": {"postgres_changes": []}}
