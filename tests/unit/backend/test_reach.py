"""Looking whether anybody is there."""

from __future__ import annotations

import asyncio
import socket

import pytest

from chatdesk.backend import reach


async def test_a_server_that_listens_is_there_and_is_asked_nothing() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.read())
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await reach.listens(f"http://127.0.0.1:{port}/rest/v1")
        assert await asyncio.wait_for(heard.get(), 30) == b""


async def test_a_closed_port_is_nobody() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else's meanwhile
        assert not await reach.listens(f"http://127.0.0.1:{taken.getsockname()[1]}")


async def test_who_never_answers_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "LOOK", 0.05)

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "open_connection", never)
    assert not await reach.listens("http://127.0.0.1:1")
