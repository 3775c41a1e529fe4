"""Changes as quickly as they can be made, to two instances: in order, none lost, and what one takes."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable

from benchmarks.backend import Backend
from benchmarks.figures import CHATDESK, FLOOR, Figure
from benchmarks.measures.fanout import Listeners, bare_id
from benchmarks.place import Place, place
from benchmarks.plan import Plan, order
from chatdesk.domain.ids import new_id
from tests.faults.accept_log import fingerprint
from tests.faults.process import CoreProcess
from tests.faults.rig import until

ROUNDS = 4
CHANGES = 200
WARM_UP = 20
AT_ONCE = 4
"""So many requests are on their way at a time."""

TEXT = "The quick brown fox jumps over the lazy dog and comes back for the second half of it. " * 4


class Disorder(Exception):
    """An instance lost a change, or showed one too early."""


async def pour(send: Callable[[int], Awaitable[None]], count: int) -> None:
    """Send numbers 0 to ``count`` - 1, ``AT_ONCE`` at a time."""
    numbers = iter(range(count))

    async def one_after_the_other() -> None:
        for number in numbers:
            await send(number)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


class Instances:
    """Two instances (engine, store, adapters) in processes of their own."""

    def __init__(self, backend: Backend, conversation: str, processes: list[CoreProcess]) -> None:
        self._backend = backend
        self._conversation = conversation
        self._processes = processes
        self._round = 0

    async def round(self, count: int) -> float:
        """Return milliseconds per change; raises ``Disorder``."""
        self._round += 1
        rows: dict[str, int] = {}

        async def send(number: int) -> None:
            text = f"{self._round} {number} {TEXT}"
            answer = await self._backend.send(self._conversation, new_id(), text)
            rows[text] = answer["message"]["seq"]

        begun = time.monotonic()
        await pour(send, count)
        texts = sorted(rows, key=rows.__getitem__)
        last = 0.0
        for process in self._processes:
            moments = await self._arrivals(process, texts)
            if moments != sorted(moments):
                raise Disorder("shown in another order than the server's")
            last = max(last, moments[-1])
            report = await process.ask("core", "report")
            if report["faults"]:
                raise Disorder(str(report["faults"])[:200])
        return (last - begun) * 1000 / count

    async def _arrivals(self, process: CoreProcess, texts: list[str]) -> list[float]:
        found: list[float | None] = []

        async def all_there() -> bool:
            nonlocal found
            found = (await process.ask("core", "moments", texts=texts))["seen"]
            return None not in found

        try:
            await until(all_there, within=20, step=0.05)
        except AssertionError:
            missing = sum(at is None for at in found)
            first = fingerprint(texts[found.index(None)])
            raise Disorder(f"{missing} of {len(texts)} never came, the first is {first}") from None
        return [at for at in found if at is not None]


class Sockets:
    """The floor: two raw sockets on the floor's server."""

    def __init__(self, here: Place, port: int, listeners: Listeners) -> None:
        self._here = here
        self._address = f"http://127.0.0.1:{port}/send"
        self._listeners = listeners
        self._conversation = str(uuid.uuid4())

    async def round(self, count: int) -> float:
        there: list[asyncio.Future[int]] = []

        async def send(number: int) -> None:
            key = new_id()
            there.append(self._listeners.expect(key))
            row = {"id": key, "conversation_id": self._conversation, "role": "user"}
            body = {**row, "content": f"{number} {TEXT}"}
            async with self._here.http.post(self._address, json=body) as answer:
                await answer.read()

        begun = time.monotonic_ns()
        await pour(send, count)
        async with asyncio.timeout(20):
            return (max(await asyncio.gather(*there)) - begun) / 1e6 / count


async def measure(plan: Plan) -> list[Figure]:
    """Both kinds of receivers, in turns."""
    async with place() as here:
        backend = await here.serve()
        [conversation] = await backend.bring([1])
        _, port = await here.floor_server()
        listeners = Listeners()
        for _ in range(2):
            listeners.add(await here.http.ws_connect(f"http://127.0.0.1:{port}/socket"), bare_id)
        processes = [CoreProcess(here.directory / f"instance-{number}.log") for number in range(2)]
        try:
            for number, process in enumerate(processes):
                await _start(process, backend, conversation, str(here.directory / f"instance-{number}"))
            arms: dict[str, Instances | Sockets] = {
                CHATDESK: Instances(backend, conversation, processes),
                FLOOR: Sockets(here, port, listeners),
            }
            rounds: dict[str, list[list[float]]] = {name: [] for name in arms}
            for number in range(-1, plan.rounds(ROUNDS)):
                for name in order(number, list(arms)):
                    took = await arms[name].round(WARM_UP if number < 0 else CHANGES)
                    if number >= 0:
                        rounds[name].append([took])
        finally:
            for process in processes:
                await process.close()
            await listeners.close()
    changes = len(rounds[CHATDESK]) * CHANGES
    return [
        Figure(
            "throughput",
            "One of many changes → in the stores of 2 instances",
            "ms",
            rounds,
            {FLOOR: "the floor's server and 2 raw sockets, as many requests at a time"},
            {FLOOR: 2.0},
            note=f"{changes} changes, {AT_ONCE} requests at a time; each instance had all of them in order.",
        )
    ]


async def _start(process: CoreProcess, backend: Backend, conversation: str, directory: str) -> None:
    await process.start()
    await process.ask(
        "core",
        "start",
        directory=directory,
        user_id=backend.user_id,
        url=backend.server.url,
        api_key=backend.server.anon_key,
        session=backend.session,
    )

    async def joined(count: int) -> bool:
        told = await process.ask("core", "report")
        return bool(told["link"] == "connected") and str(told["channels"]).count("joined") == count

    await until(lambda: joined(1))
    await process.ask("core", "open", conversation=conversation)
    await until(lambda: joined(3))
