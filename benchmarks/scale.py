"""200 simulated clients on the embedded back end.

``python -m benchmarks.scale [CLIENTS]`` writes ``docs/scale.md``.

Four processes with fifty headless instances each (engine, store and the real adapters; only the window is
missing), ten to a user. They connect, open a conversation, and talk at two paces.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.backend import Backend
from benchmarks.figures import percentile
from benchmarks.load import PLANS, Habit, Shape, days_until_full, demand, lacks, per_turn, smallest
from benchmarks.place import Place, place
from benchmarks.plan import say
from tests.faults.process import CoreProcess
from tests.faults.rig import until

PROCESSES = 4
DEVICES = 10
SIZES = (1, 10, 100, 1_000, 10_000, 100_000)
PACES = ((20, 10.0), (60, 5.0))
"""Messages a second, for so many seconds."""

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
DOCS = Path(__file__).parents[1] / "docs"


@dataclass
class Member:
    """One instance: where it runs, who it is, what it shows."""

    process: CoreProcess
    name: str
    user: int
    conversation: str
    started: float = 0.0


class Meter:
    """Computing and memory of the server and of its PostgreSQL between two looks."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._at = time.monotonic()
        self._server, self._database = (machine.cpu_seconds(*pids) for pids in backend.pids)

    def read(self) -> dict[str, float]:
        passed = time.monotonic() - self._at
        server, database = self._backend.pids
        return {
            "server_cpu": round((machine.cpu_seconds(*server) - self._server) / passed * 100, 1),
            "postgres_cpu": round((machine.cpu_seconds(*database) - self._database) / passed * 100, 1),
            "server_mb": round(machine.memory(*server)),
            "postgres_mb": round(machine.memory(*database)),
        }


def spread(samples: Sequence[float]) -> dict[str, float]:
    """Return the percentiles in milliseconds."""
    return {
        name: round(percentile(samples, part) * 1000, 1)
        for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }


async def sign_up(backend: Backend, number: int) -> dict[str, Any]:
    """Make somebody, and a conversation of theirs."""
    body = {"email": f"user{number}@example.org", "password": "a good password"}
    headers = {"apikey": backend.server.anon_key}
    async with backend.http.post(
        f"{backend.server.url}/auth/v1/signup", json=body, headers=headers
    ) as answer:
        session: dict[str, Any] = await answer.json()
    own = Backend(
        backend.home, backend.server, backend.http, session["access_token"], session["user"]["id"], session
    )
    [conversation] = await own.bring([3])
    return {"session": session, "user_id": own.user_id, "conversation": conversation}


async def connect(here: Place, backend: Backend, clients: int) -> tuple[list[Member], dict[str, Any]]:
    """Start all instances, two at a time in each process."""
    users = [await sign_up(backend, number) for number in range(max(1, clients // DEVICES))]
    processes = [CoreProcess(here.directory / f"cores-{number}.log") for number in range(PROCESSES)]
    for process in processes:
        await process.start()
    meter, began = Meter(backend), time.monotonic()
    steps = asyncio.Semaphore(PROCESSES * 2)
    members: list[Member] = []

    async def start(number: int) -> None:
        user = users[number % len(users)]
        process, name = processes[number % PROCESSES], f"core-{number}"
        member = Member(process, name, number % len(users), user["conversation"])
        async with steps:
            member.started = time.monotonic()
            await process.ask(
                name,
                "start",
                directory=str(here.directory / name),
                user_id=user["user_id"],
                url=backend.server.url,
                api_key=backend.server.anon_key,
                session=user["session"],
                seed=number,
            )
            members.append(member)
            await until(lambda: _connected(member), within=60, step=0.05)

    await asyncio.gather(*(start(number) for number in range(clients)))
    moments = await asyncio.gather(*(each.process.ask(each.name, "moments", texts=[]) for each in members))
    took = [told["connected"] - each.started for told, each in zip(moments, members, strict=True)]
    seconds = time.monotonic() - began
    return members, {
        "clients": clients,
        "seconds": round(seconds, 1),
        "per_second": round(clients / seconds, 1),
        **spread(took),
        **meter.read(),
    }


async def _connected(member: Member) -> bool:
    told = await member.process.ask(member.name, "moments", texts=[])
    return told["connected"] is not None


async def open_all(backend: Backend, members: Sequence[Member]) -> dict[str, Any]:
    """All of them open a conversation at the same moment: two joins each."""
    meter, began = Meter(backend), time.monotonic()
    await asyncio.gather(
        *(each.process.ask(each.name, "open", conversation=each.conversation) for each in members)
    )

    async def all_in() -> bool:
        told = await asyncio.gather(*(each.process.ask(each.name, "report") for each in members))
        return all(str(state["channels"]).count("joined") == 3 for state in told)

    await until(all_in, within=120, step=0.25)
    seconds = time.monotonic() - began
    joins = 2 * len(members)
    return {
        "joins": joins,
        "seconds": round(seconds, 1),
        "per_second": round(joins / seconds),
        **meter.read(),
    }


async def talk(backend: Backend, members: Sequence[Member], pace: int, seconds: float) -> dict[str, Any]:
    """Messages at a pace, from one device after the other; how long until each device has them stored."""
    meter = Meter(backend)
    sent: list[tuple[str, int, float]] = []
    begun = time.monotonic()
    sending = []
    for number in range(int(pace * seconds)):
        due = begun + number / pace
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        member = members[number * 7 % len(members)]
        text = f"{pace} {number} and some more words, as a question has them, to be of a usual length."
        sent.append((text, member.user, time.monotonic()))
        sending.append(
            member.process.order(member.name, "send", conversation=member.conversation, content=text)
        )
    await asyncio.gather(*sending)
    passed = time.monotonic() - begun
    read = meter.read()
    texts = [text for text, _, _ in sent]

    async def seen(member: Member) -> list[float | None]:
        told = await member.process.ask(member.name, "moments", texts=texts)
        return list(told["seen"])

    async def all_seen() -> bool:
        return not any(await asyncio.gather(*(missing(each) for each in members)))

    async def missing(member: Member) -> int:
        times = await seen(member)
        return sum(user == member.user and at is None for at, (_, user, _) in zip(times, sent, strict=True))

    await until(all_seen, within=120, step=0.5)
    late: list[float] = []
    for member in members:
        for at, (_, user, when) in zip(await seen(member), sent, strict=True):
            if user == member.user and at is not None:
                late.append(at - when)
    deliveries = len(late)
    return {
        "pace": pace,
        "messages_per_second": round(len(sent) / passed, 1),
        "frames_per_second": round(2 * deliveries / passed),
        "deliveries": deliveries,
        "lost": 0,
        **spread(late),
        **read,
    }


async def measure(clients: int) -> dict[str, Any]:
    """Everything, one after the other."""
    async with place() as here:
        keeper = await here.puppet("keeper")
        backend = await here.backend()
        empty = Meter(backend).read()
        members, connected = await connect(here, backend, clients)
        say(f"connected: {connected}")
        opened = await open_all(backend, members)
        say(f"opened: {opened}")
        talks = []
        for pace, seconds in PACES:
            talks.append(await talk(backend, members, pace, seconds))
            say(f"talked: {talks[-1]}")
        processes = {id(each.process): each.process for each in members}
        await asyncio.gather(*(process.close() for process in processes.values()))
        await keeper.quit()
        return {"empty": empty, "connected": connected, "opened": opened, "talks": talks}


def table(found: dict[str, Any]) -> list[str]:
    """Return what was measured as Markdown."""
    connected, opened = found["connected"], found["opened"]
    lines = [
        "| phase | rate | p50 ms | p95 ms | p99 ms | server CPU | PostgreSQL CPU | server MB"
        " | PostgreSQL MB |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]

    def cells(told: dict[str, Any], rate: str, name: str) -> str:
        late = " | ".join(str(told.get(part, "–")) for part in ("p50", "p95", "p99"))
        return (
            f"| {name} | {rate} | {late} | {told['server_cpu']} % | {told['postgres_cpu']} %"
            f" | {told['server_mb']} | {told['postgres_mb']} |"
        )

    lines.append(
        cells(connected, f"{connected['per_second']} clients/s", f"{connected['clients']} clients connect")
    )
    lines.append(
        cells(opened, f"{opened['per_second']} joins/s", "all of them open a conversation at the same moment")
    )
    lines += [
        cells(
            each,
            f"{each['messages_per_second']} messages/s in, {each['frames_per_second']} frames/s out",
            f"talking, {each['deliveries']} deliveries, {each['lost']} lost",
        )
        for each in found["talks"]
    ]
    return lines


def plans() -> list[str]:
    """Return what so many users ask of a project, as Markdown."""
    lines = [
        "| users | connections | messages/s | of these deltas | joins/s | joins/s after an outage | writes/s"
        " | GB a year | smallest plan by its limits | its database is full after |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for users in SIZES:
        wanted = demand(users)
        plan = smallest(wanted)
        name = plan.name if plan else f"raised by contract: {', '.join(lacks(PLANS[-1], wanted))}"
        days = days_until_full(plan or PLANS[-1], wanted)
        full = f"{days:,.0f} days" if days < 730 else f"{days / 365:,.0f} years"
        lines.append(
            f"| {users:,} | {wanted.connections:,} | {wanted.messages:,.1f} | {wanted.deltas:,.1f}"
            f" | {wanted.joins:,.1f} | {wanted.rush:,.0f} | {wanted.writes:,.1f}"
            f" | {wanted.gigabytes_a_year:,.1f}"
            f" | {name} | {full} |"
        )
    return lines


def write(found: dict[str, Any], facts: dict[str, object]) -> None:
    """Put both tables into the page, and the figures beside it."""
    page = DOCS / "scale.md"
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    rows, deltas = per_turn(Habit(), Shape())
    parts = [
        BEGIN,
        "",
        f"Measured on {facts['date']}: {facts['processor']}, {facts['cores']} cores, which the clients"
        f" share with the server; load before {facts['load']}.",
        "",
        *table(found),
        "",
        "## What it asks of a Supabase project",
        "",
        f"One turn makes {rows:.1f} messages that carry rows and {deltas:.0f} that carry pieces of it.",
        "",
        *plans(),
        "",
        END,
    ]
    page.write_text(before + "\n".join(parts) + after, "utf-8")
    content = {"machine": facts, **found}
    (DOCS / "scale.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def main() -> int:
    """Measure; ``again`` only works the sums out anew from the last figures."""
    if "again" in sys.argv:
        content = json.loads((DOCS / "scale.json").read_text("utf-8"))
        facts = content.pop("machine")
        write(content, facts)
        return 0
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    clients = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    facts = {"date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), **machine.description()}
    found = asyncio.run(measure(clients))
    write(found, facts)
    say(f"Written: {DOCS / 'scale.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
