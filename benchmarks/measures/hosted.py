"""The same way behind Supabase's polling timer: what ChatDesk takes besides the waiting."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from statistics import median

from benchmarks.figures import CHATDESK, FLOOR, Figure
from benchmarks.measures.delivery import Bare, Chats, floor_arm
from benchmarks.place import place
from benchmarks.plan import Plan, order

ROUNDS = 3
SENDS = 10
WARM_UP = 3


async def measure(plan: Plan) -> list[Figure]:
    """Two windows and the floor's two processes, each with the timer before the reader, in turns."""
    async with place() as here:
        log = here.directory / "held"
        log.touch()
        backend = await here.serve(command=[sys.executable, "-m", "benchmarks.polled", str(log)])
        a, b = await here.puppet("a"), await here.puppet("b")
        conversation = (await a.ask("create", title="Hosted"))["conversation_id"]
        await b.until_state(
            "the chat", lambda state: any(each["id"] == conversation for each in state["conversations"])
        )
        await b.ask("open", conversation_id=conversation)
        await asyncio.gather(
            a.ask("settled", conversation_id=conversation), b.ask("settled", conversation_id=conversation)
        )
        chats, floor = Chats(a, b, backend), await floor_arm(here, "poll")
        await chats.round(WARM_UP)
        await floor.round(WARM_UP)
        arms: dict[str, Chats | Bare] = {CHATDESK: chats, FLOOR: floor}
        rounds: dict[str, list[list[float]]] = {name: [] for name in arms}
        whole: list[float] = []
        for number in range(plan.rounds(ROUNDS)):
            for name in order(number, list(arms)):
                took = await arms[name].round(SENDS)
                waits = held(log, chats.sent) if name == CHATDESK else floor.held
                rounds[name].append([each - wait for each, wait in zip(took, waits, strict=True)])
                if name == CHATDESK:
                    whole += took
    return [
        Figure(
            "hosted",
            "Send → painted behind a polling server, besides the waiting",
            "ms",
            rounds,
            {FLOOR: "raw HTTP, INSERT, NOTIFY, the same timer, websocket, hand-painted list"},
            usual=8.0,
            note=f"With the timer's 0 to 500 ms a message takes {median(whole):.0f} ms (median).",
        )
    ]


def held(log: Path, messages: list[str]) -> list[float]:
    """Return for how many milliseconds the timer kept each message."""
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    kept = {line["message"]: line["held"] / 1e6 for line in reversed(lines)}
    return [kept[each] for each in messages]
