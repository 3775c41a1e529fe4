"""One step of the soak for each guarantee: its load, as long as its share of the time goes, and its line."""

from __future__ import annotations

import contextlib
import math
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from chatdesk.store.worker import Worker
from tests.faults import results
from tests.faults.driver import Convergence, Outcome, Plan
from tests.faults.results import Result
from tests.faults.rig import Rig, rig
from tests.faults.schedule import Regression, Schedule, regressions
from tests.faults.test_g01_accepted import killed_again_and_again, syncs_of
from tests.faults.test_g02_never_doubled import sent_through_doubt
from tests.faults.test_g03_one_bubble import CASES, one_bubble
from tests.faults.test_g04_no_poison import flows_around
from tests.faults.test_g05_catch_up import missed
from tests.faults.test_g07_no_stall import longest_stall
from tests.faults.test_g08_same_order import DAY, differences
from tests.faults.test_g09_no_going_back import backward_steps
from tests.faults.test_g10_link_heals import ILLS, half_open_healing, healing, patient
from tests.faults.test_g15_no_stranger import foreign_canaries
from tests.support.postgres import TEMPLATE, Clusters, empty_database
from tests.unit.sync.conftest import store_in_step
from tests.unit.sync.desk import Room

MEANINGFUL = 20
"""Times below which the 95th of a hundred is only another name for the greatest."""


class Soak:
    """All steps, one after another, each with its share of the time."""

    def __init__(self, clusters: Clusters, seed: int) -> None:
        self._clusters = clusters
        self.seed = seed
        self.rows: dict[str, Result] = {}
        self.seeds = 0

    @contextlib.asynccontextmanager
    async def rig(self, schedule: Schedule | None = None) -> AsyncIterator[Rig]:
        """A rig on a database of its own."""
        self.seeds += 1
        made_schedule = schedule or Schedule(self.seed + self.seeds)
        async with (
            empty_database(self._clusters.get(18), template=TEMPLATE) as database,
            rig(database, made_schedule) as made,
        ):
            yield made

    def row(self, guarantee: str, promise: str, accept: str, time_of: str = "converged") -> Result:
        """The line of a guarantee, made at the first use."""
        if guarantee not in self.rows:
            self.rows[guarantee] = Result(guarantee, promise, "", accept, time_of=time_of)
        return self.rows[guarantee]


@contextlib.contextmanager
def virtual(seed: int) -> Iterator[Callable[[int], Room]]:
    """Rooms in virtual time, whose stores answer in step with it."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as home:
        patch.setattr(Worker, "run", store_in_step)
        yield lambda number: Room(Path(home) / str(number), seed * 1000 + number)


def take(row: Result, outcome: Outcome) -> None:
    """Add a run to a line."""
    row.lost += len(outcome.lost)
    row.doubled += len(outcome.doubled)
    row.divergent += len(outcome.divergent)
    row.broken_rules += len(outcome.broken_rules)
    row.injected.update(outcome.injected)
    if not outcome.good:
        row.complaints.append(outcome.complaint())


def while_time(seconds: float, at_least: int = 1) -> Iterator[int]:
    """Count up until the time is over."""
    ends, number = time.monotonic() + seconds, 0
    while number < at_least or time.monotonic() < ends:
        yield number
        number += 1


async def g01(soak: Soak, seconds: float) -> None:
    row = soak.row("G1", "an accepted message is never lost", "0 lost of 10,000 accepts over 1,000 kills")
    kills = accepts = unanswered = 0
    for _ in while_time(seconds):
        async with soak.rig() as made:
            outcome = await killed_again_and_again(
                made, await made.user("anna"), 20, Random(made.schedule.seed)
            )
        take(row, outcome)
        kills, accepts, unanswered = kills + 20, accepts + outcome.accepted, unanswered + outcome.unanswered
        surplus = outcome.messages - outcome.accepted
        if not 0 <= surplus <= outcome.unanswered:
            row.complaints.append(f"{surplus} messages that nobody accepted")
    with tempfile.TemporaryDirectory() as home:
        syncs = await syncs_of(Path(home), "10000000-0000-4000-8000-000000000001", 50)
    row.load = f"{accepts:,} accepts, {kills} kills, two instances on one computer"
    row.shown = {"syncs to the disk for 50 accepts": str(syncs), "cut off unanswered": f"{unanswered:,}"}
    if syncs < 50:
        row.complaints.append(f"{syncs} syncs for 50 accepts")


async def g02(soak: Soak, seconds: float) -> None:
    row = soak.row("G2", "never doubled", "0 extra rows, 0 extra bubbles in 10,000 sends")
    sends = runs = 0
    for _ in while_time(seconds):
        async with soak.rig() as made:
            outcome = await sent_through_doubt(made, await made.user("anna"), 150)
        take(row, outcome)
        sends, runs = sends + outcome.accepted, runs + 1
        row.lost += abs(outcome.messages - outcome.accepted)
    row.load = f"{sends:,} sends, 30 % of the answers lost, 10 % sent twice, {runs} kills, Retry pressed"


async def g03(soak: Soak, seconds: float) -> None:
    row = soak.row("G3", "one bubble whatever comes first", "5 cases x 1,000, 0 flicker to 2")
    done = 0
    with virtual(soak.seed) as room_of:
        for number in while_time(seconds, len(CASES)):
            room = room_of(number)
            wrong = await one_bubble(room, CASES[number % len(CASES)], 100)
            await room.close()
            row.broken_rules += len(wrong)
            row.complaints += wrong[:3]
            done += 100
    row.load = f"{done:,} messages over 5 cases, virtual time"


async def g04(soak: Soak, seconds: float) -> None:
    row = soak.row(
        "G4",
        "no poison pill",
        "refused items visible with their text; other conversations flow in <= 1 s",
        "a good message among refused ones",
    )
    refused = 0
    for _ in while_time(seconds):
        async with soak.rig() as made:
            took, count, wrong = await flows_around(made, 4)
        row.times += took
        row.injected.update(made.schedule.injected)
        row.complaints += wrong
        refused += count
    row.load = f"{refused} refusals (42501, 22023, 409, 413, too long), {len(row.times)} good messages"
    if max(row.times) > 1:
        row.complaints.append("a good message took more than 1 s")


async def g05(soak: Soak, seconds: float) -> None:
    row = soak.row(
        "G5", "catch-up misses nothing", "0 missed, 0 gaps, 100 runs x 4,000 rows", "after the last commit"
    )
    rows = runs = 0
    for _ in while_time(seconds):
        async with soak.rig() as made:
            written, wrong, took = await missed(made, 1000, Random(made.schedule.seed))
        rows, runs = rows + written, runs + 1
        row.lost += len(wrong)
        row.complaints += wrong[:3]
        row.times.append(took)
    row.load = f"{rows:,} rows in {runs} runs, 20 writers, transactions of 0-10 ms, 10 % rolled back"


async def g06(soak: Soak, seconds: float) -> None:
    promise = "all instances converge after faults"
    accept = "500 seeds, 0 divergent; p95 <= 3 s, max <= 10 s; half-open <= 30 s"
    row = soak.row("G6", promise, accept, "from the heal, or a later change, to the last difference")
    frozen = soak.row("G6 half-open", promise, "<= 30 s", "with a connection frozen at the heal")
    stall = soak.row("G7", "no silent stall", "0 stalls > 45 s; watchdog <= 1 per 100 runs")
    writes = runs = watchdog = 0
    worst = 0.0
    storm = min(60.0, max(10.0, seconds / 3))
    plans = [Plan(r.seed, r.instances, seconds=r.seconds) for r in regressions()]
    for number in while_time(seconds, len(plans) + 1):
        plan = Plan(soak.seed + number, instances=8, seconds=storm, quiet=3.0, conversations=6, offset=3600.0)
        plan = plans[number] if number < len(plans) else plan
        async with soak.rig(Schedule(plan.seed)) as made:
            outcome = await Convergence(made, plan).run()
        print(f"seed {plan.seed}: {outcome.accepted} accepted, {results.spread(outcome.converged)}")  # noqa: T201
        if not outcome.good:
            Regression(plan.seed, plan.instances, plan.seconds, outcome.complaint()).save()
        take(row, outcome)
        row.times += outcome.converged
        frozen.times += outcome.half_open
        writes, runs = writes + outcome.accepted, runs + 1
        watchdog, worst = watchdog + outcome.watchdog, max(worst, outcome.stall)
    slow = len(row.times) >= MEANINGFUL and results.share(row.times, 0.95) > 3
    if row.times and (slow or max(row.times) > 10):
        row.complaints.append(f"converged in {results.spread(row.times)} s")
    if frozen.times and max(frozen.times) > 30:
        frozen.complaints.append(f"converged in {results.spread(frozen.times)} s")
    row.load = f"{runs} seeds, 8 instances of 2 users, {storm:.0f} s storms, {writes:,} messages"
    frozen.load = "the same runs"
    stall.load = "the same runs"
    stall.shown = {"longest stall": f"{worst:.1f} s", "watchdog": str(watchdog)}
    if worst > 45 or watchdog > max(1, runs // 100):
        stall.complaints.append(f"stall of {worst:.1f} s, watchdog {watchdog}")


async def g07(soak: Soak, seconds: float) -> None:
    row = soak.row(
        "G7 hung", "a part that hangs is started again", "<= 45 s, counted and shown", "stood still"
    )
    with virtual(soak.seed) as room_of:
        for number in while_time(seconds, 2):
            room = room_of(number)
            hanging = ("push", "pull_changes")[number % 2]
            took = await longest_stall(room, hanging)
            row.times.append(took - (30 if number % 2 else 0))
            await room.close()
    row.load = f"{len(row.times)} hung requests, virtual time"
    if max(row.times) > 45:
        row.complaints.append("stood still for more than 45 s")


async def g08(soak: Soak, seconds: float) -> None:
    row = soak.row("G8", "same order everywhere", "order equal on all; a waiting row moves at most once")
    rows = runs = 0
    for _ in while_time(seconds):
        async with soak.rig() as made:
            clocks = [-DAY, -3600.0, 0.0, 61.0, 3600.0, DAY]
            written, wrong = await differences(made, clocks, 40, Random(made.schedule.seed))
        rows, runs = rows + written, runs + 1
        row.broken_rules += len(wrong)
        row.complaints += wrong[:3]
    row.load = f"{rows:,} messages in {runs} runs, 6 clocks from -1 day to +1 day, one of them late"


async def g09(soak: Soak, seconds: float) -> None:
    row = soak.row("G9", "no going back", "0 older after newer, 0 resurrections in 100,000 events")
    done = 0
    with virtual(soak.seed) as room_of:
        for number in while_time(seconds):
            room = room_of(number)
            events, wrong = await backward_steps(room, 2000, Random(soak.seed + number))
            await room.close()
            done += events
            row.broken_rules += len(wrong)
            row.complaints += wrong[:3]
    row.load = f"{done:,} events, 40 % of the frames repeated, 50 % overtaken, 2 % lost, virtual time"


async def g10(soak: Soak, seconds: float) -> None:
    row = soak.row(
        "G10",
        "the link heals from L1-L9",
        "100 %; next event <= 10 s after heal",
        "next event after the heal",
    )
    frozen = soak.row("G10 half-open", "the link heals from L8", "<= 30 s; badge <= 20 s", "next event")
    lies: list[float] = []
    slowest: dict[str, float] = {}
    ends = time.monotonic() + seconds
    async with soak.rig() as made:
        found = await patient(made)
        while not row.times or time.monotonic() < ends:
            for name in ILLS:
                took, lied = await healing(found, name)
                row.times.append(took)
                slowest[name] = max(took, slowest.get(name, 0.0))
                lies += [] if lied is None else [lied]
                if took > 10:
                    row.complaints.append(f"{name}: {took:.1f} s")
        row.injected.update(made.schedule.injected)
    async with soak.rig() as made:
        quick = await patient(made, pace=4.0)
        took, badge = await half_open_healing(quick)
        frozen.times.append(took)
        frozen.injected.update(made.schedule.injected)
    row.load = f"{len(row.times)} faults of {len(ILLS)} kinds, one instance"
    worst = sorted(slowest, key=lambda name: slowest[name])[-3:]
    row.shown = {
        "badge honest after (p50 / p95 / max)": results.spread(lies),
        "slowest": ", ".join(f"{name} {slowest[name]:.1f} s" for name in reversed(worst)),
    }
    frozen.load = "1 fault, time four times as fast"
    frozen.shown = {"badge honest after": f"{badge or 0:.1f} s"}
    if took > 30 or badge is None or badge > 20:
        frozen.complaints.append(f"next event after {took:.1f} s, badge after {badge or math.inf:.1f} s")
    if max(lies) > 2:
        row.complaints.append(f"the badge lied for {max(lies):.1f} s")


async def g15(soak: Soak, seconds: float) -> None:
    users = max(3, min(200, int(seconds * 4)))
    row = soak.row("G15", "no other user's row reaches a client", "0 foreign canaries among 200 users")
    async with soak.rig() as made:
        heard, tries, found, wrong = await foreign_canaries(made, users, 3)
    row.load = f"{users} users, a canary in every text column, {tries:,} tries to intrude"
    row.shown = {"bytes searched": f"{heard:,}", "foreign canaries": str(len(found))}
    row.complaints += found + wrong
