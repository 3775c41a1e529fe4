"""Changes at a pace to hundreds of clients: whether all arrive, and how late the last twentieth is.

500 clients and 64 changes a second are where Supabase's own measurement of postgres_changes ends (its docs'
``throughput.json``: p95 184 ms). Clients and server share this machine, so a smaller load stands beside it.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from benchmarks import machine
from benchmarks.backend import Backend
from benchmarks.figures import CHATDESK, FLOOR, Figure
from benchmarks.place import Place, place
from benchmarks.plan import Plan, order
from chatdesk.domain.ids import new_id

SECONDS = 5.0
STRAGGLERS = 15.0
"""Seconds after the last change until what has not come counts as lost."""

TEXT = "The quick brown fox jumps over the lazy dog and comes back for the second half of it. " * 4

Send = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True)
class Load:
    """So many clients, so many changes a second."""

    key: str
    clients: int
    pace: int
    rounds: int
    limit: float | None = None


LOADS = (Load("flood_small", 200, 32, 1), Load("flood", 500, 64, 3, 100.0))


@dataclass
class Arm:
    """A server, its clients in a process of their own, and what became of each round."""

    pid: int
    clients: asyncio.subprocess.Process
    send: Send
    rounds: list[list[float]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)

    async def ask(self, what: object) -> dict[str, Any]:
        assert self.clients.stdin is not None
        assert self.clients.stdout is not None
        self.clients.stdin.write(f"{json.dumps(what)}\n".encode())
        line = await self.clients.stdout.readline()
        if not line:
            raise RuntimeError("the clients' process has ended")
        told: dict[str, Any] = json.loads(line)
        return told

    async def round(self, pace: int, seconds: float) -> None:
        """Send at the pace whatever comes back, then wait for the stragglers."""
        await self.ask({"forget": True})
        count = int(pace * seconds)
        before, begun = machine.cpu_seconds(self.pid), time.monotonic()
        async with asyncio.TaskGroup() as sending:
            for number in range(count):
                await asyncio.sleep(max(0.0, begun + number / pace - time.monotonic()))
                text = f"{number} {time.monotonic_ns()} {TEXT}"
                sending.create_task(self._send(text))
            passed = time.monotonic() - begun
        told = await self.ask({"expect": count, "within": STRAGGLERS})
        busy = (machine.cpu_seconds(self.pid) - before) / seconds
        self.told.append({**told, "pace": count / max(passed, seconds), "busy": busy * 100})
        self.rounds.append(told["quantiles"])

    async def _send(self, text: str) -> None:
        await self.send(new_id(), text)


async def measure(plan: Plan) -> list[Figure]:
    """Each load with both servers, in turns."""
    figures: list[Figure] = []
    async with place() as here:
        backend = await here.serve()
        floor, port = await here.floor_server()
        for load in LOADS:
            [conversation] = await backend.bring([1])
            arms = {
                CHATDESK: await _chatdesk(here, backend, conversation, load.clients),
                FLOOR: await _floor(here, floor.pid, port, load.clients),
            }
            for arm in arms.values():
                await arm.round(10, 1.0)
                arm.rounds.clear()
                arm.told.clear()
            for number in range(load.rounds):
                for name in order(number, list(arms)):
                    await arms[name].round(load.pace, SECONDS)
            for arm in arms.values():
                await here.end(arm.clients)
            figures += _figures(load, arms)
    return figures


def _figures(load: Load, arms: dict[str, Arm]) -> list[Figure]:
    mine, expected = arms[CHATDESK].told, load.clients * int(load.pace * SECONDS)
    lost = [[float(told["missing"] + told["doubled"])] for told in mine]
    note = (
        f"{sum(told['received'] for told in mine):,} of {expected * len(mine):,} delivered,"
        f" {sum(told['doubled'] for told in mine)} twice, {mine[-1]['lost_sockets']} sockets closed;"
        f" {min(told['pace'] for told in mine):.0f} changes/s were sent;"
        f" the server computed for {max(told['busy'] for told in mine):.0f} % of a core."
    )
    title = f"{load.clients} clients, {load.pace} changes/s"
    return [
        Figure(
            load.key,
            f"{title}: sent → a client has it",
            "ms",
            {name: arm.rounds for name, arm in arms.items()},
            {FLOOR: "the floor's server at the same pace"},
            limit=load.limit,
            note=note,
        ),
        Figure(f"{load.key}_lost", f"{title}: lost or doubled", "of them", {CHATDESK: lost}, limit=0.0),
    ]


async def _listen(here: Place, address: str, path: str, hello: str | None, count: int) -> Any:
    process = await here.module("listening")
    where = urlsplit(address)
    wish = {"host": where.hostname, "port": where.port, "path": path, "hello": hello, "count": count}
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{json.dumps(wish)}\n".encode())
    assert json.loads(await process.stdout.readline())["ready"] == count
    return process


async def _chatdesk(here: Place, backend: Backend, conversation: str, count: int) -> Arm:
    config = {"broadcast": {"ack": False, "self": False}, "presence": {"key": ""}, "private": True}
    frame = {
        "topic": f"realtime:conversation:{conversation}:1",
        "event": "phx_join",
        "payload": {"config": config, "access_token": backend.token},
        "ref": "1",
        "join_ref": "1",
    }
    path = f"/realtime/v1/websocket?apikey={backend.server.anon_key}&vsn=1.0.0"
    clients = await _listen(here, backend.server.url, path, json.dumps(frame), count)

    async def send(message_id: str, text: str) -> None:
        await backend.send(conversation, message_id, text)

    return Arm(backend.server.pid, clients, send)


async def _floor(here: Place, pid: int, port: int, count: int) -> Arm:
    address = f"http://127.0.0.1:{port}"
    clients = await _listen(here, address, "/socket", None, count)
    conversation = str(uuid.uuid4())

    async def send(message_id: str, text: str) -> None:
        row = {"id": message_id, "conversation_id": conversation, "role": "user", "content": text}
        async with here.http.post(f"{address}/send", data=json.dumps(row)) as answer:
            await answer.read()

    return Arm(pid, clients, send)
