"""Frames that are written without a task for each client: whole, and only to who keeps up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from aiohttp import ClientSession, WSMsgType, web

from chatdesk.localbackend.realtime.authority import Rights
from chatdesk.localbackend.realtime.channel import Channel
from chatdesk.localbackend.realtime.feed import DatabaseMessage
from chatdesk.localbackend.realtime.hub import Hub
from chatdesk.localbackend.realtime.limits import Limits
from chatdesk.localbackend.realtime.socket import Socket
from chatdesk.localbackend.scope import TaskScope
from chatdesk.localbackend.tokens import Caller

SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 300_000)


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A server that sends one text of each size, some of them while others still wait, twice."""
    scope = TaskScope("test")

    async def connect(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse(compress=False)
        await websocket.prepare(request)
        socket = Socket(websocket, request.transport, Limits(), scope)
        for size in (*SIZES, *reversed(SIZES)):
            socket.send(b"x" * size)
        pumping = asyncio.ensure_future(socket.pump())
        async for _ in websocket:
            pass
        pumping.cancel()
        return websocket

    application = web.Application()
    application.add_routes([web.get("/", connect)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()
    await scope.close()


async def test_every_size_arrives_whole_and_in_order(address: str) -> None:
    async with asyncio.timeout(30), ClientSession() as http, http.ws_connect(address) as socket:
        for size in (*SIZES, *reversed(SIZES)):
            frame = await socket.receive()
            assert (frame.type, frame.data) == (WSMsgType.TEXT, "x" * size)


class Clogged:
    """A transport whose peer does not read."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.written))

    def write(self, data: bytes) -> None:
        self.written.append(data)


async def test_what_a_slow_client_does_not_take_waits_in_the_queue_that_is_counted() -> None:
    scope, transport = TaskScope("test"), Clogged()
    socket = Socket(web.WebSocketResponse(), transport, Limits(), scope)  # type: ignore[arg-type]  # a part of it
    for _ in range(4):
        socket.send(b"x" * 30_000)
    assert len(transport.written) == 3
    transport.written.clear()
    socket.send(b"y")
    assert transport.written == [], "nothing overtakes what waits"
    await scope.close()


async def test_a_text_for_many_is_framed_once() -> None:
    scope, hub, transports = TaskScope("test"), Hub(), [Clogged() for _ in range(5)]
    caller = Caller("authenticated", {}, "{}", 2**31, "")
    for number, transport in enumerate(transports):
        websocket: web.WebSocketResponse[bool] = web.WebSocketResponse()
        socket = Socket(websocket, transport, Limits(), scope)  # type: ignore[arg-type]  # a part of it
        hears = Rights(hear=number > 0, say=False)
        hub.enter(Channel(socket, "realtime:room", None, caller, hears, False, False, "", False))
    hub.deliver([DatabaseMessage("id", datetime(2026, 1, 1), "room", "row", "{}")])
    assert transports[0].written == []
    written = [transport.written for transport in transports[1:]]
    assert [len(texts) for texts in written] == [1] * 4
    assert len({id(texts[0]) for texts in written}) == 1
    await scope.close()
