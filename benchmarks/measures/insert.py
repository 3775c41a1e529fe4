"""A message inserted through the adapter (supabase-py) until its answer, and by a bare request."""

from __future__ import annotations

import asyncio
import time

from benchmarks.backend import Backend
from benchmarks.cores import connected_core
from benchmarks.figures import CHATDESK, FLOOR, Figure
from benchmarks.place import place
from benchmarks.plan import Plan, order
from chatdesk.domain.ids import new_id
from chatdesk.domain.mutation import Mutation, MutationKind
from tests.faults.core import Core

ROUNDS = 8
INSERTS = 40
WARM_UP = 10
PACE = 0.01
TEXT = "The quick brown fox jumps over the lazy dog and comes back for the second half of it. " * 4


class Adapter:
    """ChatDesk's way to the server: tokens, supabase-py, the answer read into rows."""

    def __init__(self, core: Core, conversation: str) -> None:
        self._core = core
        self._conversation = conversation

    async def insert(self) -> None:
        key = new_id()
        args = {
            "p_id": key,
            "p_conversation_id": self._conversation,
            "p_parent_id": None,
            "p_role": "user",
            "p_content": TEXT,
        }
        mutation = Mutation(
            new_id(),
            MutationKind.SEND_MESSAGE,
            self._conversation,
            key,
            self._core.user_id,
            args,
            self._core.pace.now(),
        )
        rows = await self._core.remote.push(mutation)
        assert rows.messages[0].id == key


class Bare:
    """The floor: the same call by aiohttp, its answer parsed and forgotten."""

    def __init__(self, backend: Backend, conversation: str) -> None:
        self._backend = backend
        self._conversation = conversation

    async def insert(self) -> None:
        await self._backend.send(self._conversation, new_id(), TEXT)


async def measure(plan: Plan) -> list[Figure]:
    """One insert after the other on the same server, in turns."""
    async with place() as here:
        backend = await here.serve()
        [conversation] = await backend.bring([1])
        async with connected_core(backend, here.directory / "core") as core:
            arms: dict[str, Adapter | Bare] = {
                CHATDESK: Adapter(core, conversation),
                FLOOR: Bare(backend, conversation),
            }
            rounds: dict[str, list[list[float]]] = {name: [] for name in arms}
            for number in range(-1, plan.rounds(ROUNDS)):
                for name in order(number, list(arms)):
                    taken = []
                    for _ in range(WARM_UP if number < 0 else INSERTS):
                        await asyncio.sleep(PACE)
                        begun = time.monotonic()
                        await arms[name].insert()
                        taken.append((time.monotonic() - begun) * 1000)
                    if number >= 0:
                        rounds[name].append(taken)
    return [
        Figure(
            "insert",
            "A message inserted through supabase-py → its answer",
            "ms",
            rounds,
            {FLOOR: "the same call by aiohttp, on the same server"},
            {FLOOR: 2.5},
        )
    ]
