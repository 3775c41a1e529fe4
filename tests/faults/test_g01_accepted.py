"""G1: an accepted message is never lost, whatever kills the client."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.faults.driver import Outcome, Plan, judge
from tests.faults.extent import extent, limit, report
from tests.faults.process import ROOT, CoreDied, CoreProcess
from tests.faults.rig import Rig, User, rig, until
from tests.faults.schedule import Fault
from tests.support.postgres import Database, clusters, database
from tests.unit.store.rows import opened

__all__ = ["clusters", "database"]

LANES = 4
WRITES = 12
_SWEEP = {
    "fdatasync": extent((3, 6, 13, 22, 31), tuple(range(1, 60))),
    "pwrite64": extent((10, 25, 41, 58), tuple(range(1, 90))),
}
POINTS = [(call, number) for call, numbers in _SWEEP.items() for number in numbers]


async def killed_again_and_again(made: Rig, user: User, kills: int, draws: Random) -> Outcome:
    """Two instances on one computer without a network, killed at random moments around their accepts.

    Whoever starts next adopts what the dead left. In the end one instance gets a network and sends it all.
    """
    outcome = Outcome(Plan(made.schedule.seed))
    home = made.directory / "killed"
    talks = await _talks(made, home, user)

    async def lives(name: str, count: int, luck: Random) -> None:
        for life in range(count):
            process = CoreProcess(made.directory / f"{name}.log")
            await process.start()
            try:
                await process.ask(name, "start", directory=str(home), user_id=user.id)
                orders = [
                    process.order(
                        name, "send", conversation=luck.choice(talks), content=f"{name} {life}.{number}"
                    )
                    for number in range(luck.randint(1, 14))
                ]
                await asyncio.wait([luck.choice(orders)], timeout=5)
                await asyncio.sleep(luck.uniform(0, 0.01))
            finally:
                await process.kill()
            made.schedule.count(Fault.KILL)
            for order in orders:
                try:
                    made.accepted(await order)
                    outcome.accepted += 1
                except CoreDied:
                    outcome.unanswered += 1

    half = kills // 2
    first, second = Random(draws.random()), Random(draws.random())
    await asyncio.gather(lives("left", half, first), lives("right", kills - half, second))
    await _send_everything(made, home, user)
    await judge(made, outcome)
    outcome.injected = made.schedule.injected
    return outcome


async def _talks(made: Rig, home: Path, user: User) -> list[str]:
    process = await made.process()
    await process.ask("maker", "start", directory=str(home), user_id=user.id)
    talks = []
    for number in range(LANES):
        answer = await process.ask("maker", "create", title=f"Talk {number}")
        made.accepted(answer)
        talks.append(answer["entity"])
    await process.kill()
    return talks


async def _send_everything(made: Rig, home: Path, user: User) -> None:
    process = await made.process()
    await process.ask("heir", "start", directory=str(home), **await made.options("heir", user))

    async def sent() -> bool:
        report = await process.ask("heir", "report")
        assert report["failed"] == 0, await process.ask("heir", "outbox")
        return report["link"] == "connected" and int(report["pending"]) == 0

    await until(sent, within=120, step=0.2)
    await process.ask("heir", "stop")


async def test_nothing_that_was_accepted_is_lost_by_kills(database: Database) -> None:
    async with rig(database) as made:
        user = await made.user("anna")
        outcome = await killed_again_and_again(made, user, kills=10, draws=Random(11))
    assert outcome.good, outcome.complaint()
    assert outcome.accepted >= 20
    # What was cut off in the middle may exist; nothing else may.
    assert outcome.accepted <= outcome.messages <= outcome.accepted + outcome.unanswered


async def syncs_of(directory: Path, user: str, sends: int) -> int:
    """Count how often the disk was waited for while ``sends`` messages were accepted one after another."""
    trace = directory / "trace"
    command = ("strace", "-f", "-qq", "-o", str(trace), "-e", "trace=fdatasync,fsync")
    process = CoreProcess(directory / "log", command)
    await process.start()
    try:
        await process.ask("one", "start", directory=str(directory / "home"), user_id=user)
        talk = (await process.ask("one", "create", title="Talk"))["entity"]
        before = _counted(trace)
        for number in range(sends):
            await process.ask("one", "send", conversation=talk, content=f"text {number}")
        return _counted(trace) - before
    finally:
        await process.close()


def _counted(trace: Path) -> int:
    return sum("sync(" in line for line in trace.read_text().splitlines())


async def test_each_accept_waits_for_the_disk(tmp_path: Path) -> None:
    """The journal, the database, and the journal cut off again: synchronous=NORMAL leaves the last out."""
    assert await syncs_of(tmp_path, "10000000-0000-4000-8000-000000000001", sends=15) >= 15 * 4


@pytest.mark.timeout(limit(120, 600))
@pytest.mark.parametrize(("call", "number"), POINTS)
async def test_a_kill_at_a_chosen_call_loses_nothing(tmp_path: Path, call: str, number: int) -> None:
    """The kernel kills the writer as it enters its n-th write or sync; what it said yes to is there."""
    async with opened(tmp_path):
        pass  # the files are there, so most of the calls belong to the messages
    accepted, died = await asyncio.to_thread(_killed_at, tmp_path, call, number)
    async with opened(tmp_path) as store:
        kept = [entry.mutation.entity_id for entry in await store.outbox()]
        assert store.recovered == ()
    assert kept[: len(accepted)] == accepted
    assert len(kept) - len(accepted) <= int(died), "no more than the one that was under way"
    report("G1 sweep", call=call, number=number, accepted=len(accepted), killed=int(died))


def _killed_at(directory: Path, call: str, number: int) -> tuple[list[str], bool]:
    """Run ``tests.faults.writing``; return what it said yes to, and whether it lived to meet the call."""
    inject = f"inject={call}:signal=KILL:when={number}"
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
    done = subprocess.run(
        [*strace, sys.executable, "-m", "tests.faults.writing", str(directory), str(WRITES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    died = done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert died or (done.returncode, done.stderr) == (0, ""), done.stderr[-2000:]
    lines = [line.split(" ") for line in done.stdout.splitlines()]
    assert not any(word in ("no", "closed") for word, *_ in lines)
    return [words[0] for word, *words in lines if word == "yes"], died
