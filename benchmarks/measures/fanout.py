"""One message to 2, 50, 200 and 500 clients: how long until the last has it, and what it costs the server."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp

from benchmarks import machine
from benchmarks.backend import Backend
from benchmarks.figures import CHATDESK, FLOOR, Figure
from benchmarks.place import Place, place
from benchmarks.plan import Plan, order
from chatdesk.domain.ids import new_id

CLIENTS = (2, 50, 200, 500)
ROUNDS = 3
MESSAGES = 30
OWN = re.compile(r'"message_id": ?"([^"]+)"')
BARE = re.compile(r'"id": ?"([^"]+)"')
TEXT = "The quick brown fox jumps over the lazy dog and comes back for the second half of it. " * 4


class Listeners:
    """So many sockets in this process; each notes when a message came."""

    def __init__(self) -> None:
        self.sockets: list[aiohttp.ClientWebSocketResponse] = []
        self._readers: list[asyncio.Task[None]] = []
        self._missing: dict[str, int] = {}
        self._done: dict[str, asyncio.Future[int]] = {}

    def add(self, socket: aiohttp.ClientWebSocketResponse, name: Callable[[Any], str | None]) -> None:
        self.sockets.append(socket)
        self._readers.append(asyncio.get_running_loop().create_task(self._read(socket, name)))

    def expect(self, message_id: str) -> asyncio.Future[int]:
        """Return what will hold the moment in which the last socket had it."""
        self._missing[message_id] = len(self.sockets)
        self._done[message_id] = asyncio.get_running_loop().create_future()
        return self._done[message_id]

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, name: Callable[[Any], str | None]) -> None:
        async for frame in socket:
            at = time.monotonic_ns()
            found = name(frame.data)  # Parsing 200 equal texts would measure this process.
            if found in self._missing:
                self._missing[found] -= 1
                if not self._missing[found]:
                    self._done[found].set_result(at)

    async def close(self) -> None:
        await asyncio.gather(*(each.close() for each in self.sockets))
        await asyncio.gather(*self._readers, return_exceptions=True)


def own_id(text: str) -> str | None:
    found = OWN.search(text)
    return found[1] if found else None


def bare_id(text: str) -> str | None:
    found = BARE.search(text)
    return found[1] if found else None


class Arm:
    """A server with its listeners."""

    def __init__(self, pid: int, listeners: Listeners, send: Callable[[str], Any]) -> None:
        self._pid = pid
        self.listeners = listeners
        self._send = send
        self.last: list[list[float]] = []
        self.cost: list[list[float]] = []

    async def round(self, count: int) -> None:
        taken = []
        before = machine.cpu_seconds(self._pid)
        for _ in range(count):
            message_id = new_id()
            there = self.listeners.expect(message_id)
            begun = time.monotonic_ns()
            await self._send(message_id)
            async with asyncio.timeout(10):
                taken.append((await there - begun) / 1e6)
        spent = machine.cpu_seconds(self._pid) - before
        self.last.append(taken)
        self.cost.append([spent * 1e6 / count / len(self.listeners.sockets)])


async def measure(plan: Plan) -> list[Figure]:
    """Each number of clients with both servers, in turns."""
    figures: list[Figure] = []
    async with place() as here:
        backend = await here.serve()
        [conversation] = await backend.bring([1])
        topic = f"conversation:{conversation}:1"
        floor, port = await here.floor_server()
        for count in CLIENTS[:-1] if plan.quick else CLIENTS:
            arms = {
                CHATDESK: await _chatdesk(backend, conversation, topic, count),
                FLOOR: await _floor(here, floor.pid, port, count),
            }
            for arm in arms.values():
                await arm.round(5)
                arm.last.clear()
                arm.cost.clear()
            for number in range(plan.rounds(ROUNDS)):
                for name in order(number, list(arms)):
                    await arms[name].round(MESSAGES)
            for arm in arms.values():
                await arm.listeners.close()
            labels = {FLOOR: "the floor's server: INSERT, NOTIFY, one encoding, raw frames"}
            figures += [
                Figure(
                    f"fanout_{count}",
                    f"Message sent → all of {count} clients have it",
                    "ms",
                    {name: arm.last for name, arm in arms.items()},
                    labels,
                ),
                Figure(
                    f"fanout_cpu_{count}",
                    f"Server's computing per delivered message, {count} clients",
                    "µs",
                    {name: arm.cost for name, arm in arms.items()},
                    labels,
                    {FLOOR: 1.67} if count > 2 else {},
                ),
            ]
    return figures


async def _chatdesk(backend: Backend, conversation: str, topic: str, count: int) -> Arm:
    listeners = Listeners()
    for _ in range(count):
        listeners.add(await backend.join(topic), own_id)

    async def send(message_id: str) -> None:
        await backend.send(conversation, message_id, TEXT)

    return Arm(backend.server.pid, listeners, send)


async def _floor(here: Place, pid: int, port: int, count: int) -> Arm:
    listeners = Listeners()
    for _ in range(count):
        listeners.add(await here.http.ws_connect(f"http://127.0.0.1:{port}/socket"), bare_id)
    conversation = str(uuid.uuid4())

    async def send(message_id: str) -> None:
        row = {"id": message_id, "conversation_id": conversation, "role": "user", "content": TEXT}
        async with here.http.post(f"http://127.0.0.1:{port}/send", data=json.dumps(row)) as answer:
            await answer.read()

    return Arm(pid, listeners, send)
