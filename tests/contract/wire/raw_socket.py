"""A Realtime client that shows every frame as it is."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from tests.support.server import DEADLINE, JSON, Wire

_NO_ANSWER = object()


class RawSocket:
    """One websocket; ``refs`` are counted as the client libraries count them."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._refs = itertools.count(1)
        self.joins: dict[str, str] = {}

    async def push(self, topic: str, event: str, payload: Any, join_ref: Any = _NO_ANSWER) -> str:
        """Send a frame and return its ref; the join's ref goes along unless another is given."""
        ref = str(next(self._refs))
        if join_ref is _NO_ANSWER:
            join_ref = self.joins.get(topic)
        frame = {"topic": topic, "event": event, "payload": payload, "ref": ref, "join_ref": join_ref}
        await self.socket.send_str(orjson.dumps(frame).decode())
        return ref

    async def send_join(self, topic: str, token: str | None, **config: Any) -> str:
        """Send a phx_join for a private channel and return its ref."""
        ref = str(next(self._refs))
        self.joins[topic] = ref
        whole = {
            "broadcast": {"ack": False, "self": False},
            "presence": {"key": "", "enabled": False},
            "private": True,
            "postgres_changes": [],
            **config,
        }
        payload: JSON = {"config": whole}
        if token is not None:
            payload["access_token"] = token
        frame = {"topic": topic, "event": "phx_join", "payload": payload, "ref": ref, "join_ref": ref}
        await self.socket.send_str(orjson.dumps(frame).decode())
        return ref

    async def join(self, topic: str, token: str | None, **config: Any) -> JSON:
        """Join and return the payload of the reply, which must be the next frame."""
        ref = await self.send_join(topic, token, **config)
        frame = await self.next()
        assert (frame["topic"], frame["event"], frame["ref"]) == (topic, "phx_reply", ref), frame
        payload: JSON = frame["payload"]
        return payload

    async def next(self) -> JSON:
        """The next frame; fails when the socket ends."""
        message = await self.socket.receive(timeout=DEADLINE)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        frame: JSON = orjson.loads(message.data)
        assert list(frame) == ["topic", "event", "payload", "ref"]
        return frame

    async def only(self, *events: str) -> list[JSON]:
        """The next frames, whose events must be these."""
        frames = [await self.next() for _ in events]
        assert [frame["event"] for frame in frames] == list(events), frames
        return frames

    async def closed(self) -> int:
        """The code with which the server closes, whatever comes before."""
        async with asyncio.timeout(DEADLINE):
            while (await self.socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        return self.socket.close_code or 0

    async def silence(self) -> None:
        """Assert that nothing is on its way: the next frame is the answer to a heartbeat sent now."""
        await self.push("phoenix", "heartbeat", {})
        frame = await self.next()
        assert frame["topic"] == "phoenix", frame


@asynccontextmanager
async def raw(wire: Wire) -> AsyncIterator[RawSocket]:
    """A raw socket for a while."""
    socket = await wire.socket()
    try:
        yield RawSocket(socket)
    finally:
        await socket.close()


async def allow(wire: Wire, topic: str, user_id: str, *, speak: bool = False, presence: bool = False) -> None:
    """Let a person hear a topic (in the scenery's rights), and speak there, with presence too."""
    admin = await wire.admin()
    for extension in ["broadcast", "presence"] if presence else ["broadcast"]:
        await admin.execute(
            "insert into rooms.rights values ($1, $2, $3, $4)", topic, user_id, extension, speak
        )
