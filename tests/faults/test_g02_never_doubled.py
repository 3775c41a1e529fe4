"""G2: nothing is sent twice, however often it is tried."""

from __future__ import annotations

import asyncio
import shutil

from tests.faults.driver import Outcome, Plan, judge
from tests.faults.process import CoreProcess
from tests.faults.rig import Rig, User, rig, until
from tests.faults.schedule import CALM, Fault, Rates, Schedule
from tests.support.postgres import Database, clusters, database

__all__ = ["clusters", "database"]

DOUBTFUL = Rates(requests={Fault.DROP_RESPONSE: 0.30, Fault.TWICE: 0.10, Fault.CONFLICT: 0.02})


async def sent_through_doubt(made: Rig, user: User, sends: int, name: str = "writer") -> Outcome:
    """One instance whose answers get lost; killed once between commit and answer; the user presses Retry."""
    outcome = Outcome(Plan(made.schedule.seed))
    talks = [await made.talk(user, f"Talk {number}") for number in range(6)]
    process = await made.process()
    options = {"directory": str(made.directory / name), **await made.options(name, user)}
    await process.ask(name, "start", **options)
    made.schedule.rates = DOUBTFUL
    for number in range(sends):
        answer = await process.ask(name, "send", conversation=talks[number % 6], content=f"{name} {number}")
        made.accepted(answer)
        outcome.accepted += 1
        if number == sends // 2:
            await process.kill()
            made.schedule.count(Fault.KILL)
            await process.start()
            await process.ask(name, "start", **options)
    await until(lambda: _settled(process, name), within=60 + sends, step=0.2)
    made.schedule.rates = CALM
    shown = await process.ask(name, "pull_all") and await process.ask(name, "dump")
    truth = await made.oracle.dump(user.id)
    if [row[2:] for row in shown["messages"]] != [row[2:] for row in truth]:
        outcome.divergent.append(f"{len(shown['messages'])} bubbles for {len(truth)} rows")
    report = await process.ask(name, "report")
    outcome.broken_rules += report["faults"]
    await judge(made, outcome)
    outcome.injected = made.schedule.injected
    return outcome


async def _settled(process: CoreProcess, name: str) -> bool:
    await process.ask(name, "retry_failed")
    report = await process.ask(name, "report")
    return int(report["pending"]) == 0 and int(report["failed"]) == 0


async def test_lost_answers_double_nothing(database: Database) -> None:
    async with rig(database, Schedule(2)) as made:
        outcome = await sent_through_doubt(made, await made.user("anna"), sends=90)
    assert outcome.good, outcome.complaint()
    assert outcome.messages == outcome.accepted == 90
    assert outcome.injected[Fault.DROP_RESPONSE] >= 20
    assert outcome.injected[Fault.TWICE] >= 5


async def test_two_instances_that_replay_one_outbox_double_nothing(database: Database) -> None:
    async with rig(database, Schedule(3)) as made:
        user = await made.user("anna")
        offline = await made.process()
        home = made.directory / "first"
        await offline.ask("maker", "start", directory=str(home), user_id=user.id)
        talk = await offline.ask("maker", "create", title="Talk")
        made.accepted(talk)
        for number in range(20):
            answer = await offline.ask("maker", "send", conversation=talk["entity"], content=f"text {number}")
            made.accepted(answer)
        await offline.kill()
        shutil.copytree(home, made.directory / "second")
        outcome = Outcome(Plan(3), accepted=20)
        process = await made.process()
        for name in ("first", "second"):
            directory = str(made.directory / name)
            await process.ask(name, "start", directory=directory, **await made.options(name, user))

        async def both_sent() -> bool:
            reports = await asyncio.gather(*(process.ask(name, "report") for name in ("first", "second")))
            return all(r["link"] == "connected" and int(r["pending"]) == 0 for r in reports)

        await until(both_sent)
        truth = await made.oracle.dump(user.id)
        for name in ("first", "second"):
            await process.ask(name, "pull_all")
            assert (await process.ask(name, "dump"))["messages"] == truth
            assert (await process.ask(name, "report"))["faults"] == []
            assert await process.ask(name, "outbox") == []
        await judge(made, outcome)
    assert outcome.good, outcome.complaint()
    assert outcome.messages == 20
