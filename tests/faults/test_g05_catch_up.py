"""G5: catching up misses nothing, however the writers' transactions overlap."""

from __future__ import annotations

import asyncio
import time
from random import Random

from tests.faults.core import Core
from tests.faults.rig import Rig, User, rig, until
from tests.support.postgres import Database, Person, clusters, database, new_id

__all__ = ["clusters", "database"]

WRITERS = 20


class _Regret(Exception):
    """A transaction that is given up."""


async def missed(made: Rig, rows: int, draws: Random) -> tuple[int, list[str], float]:
    """Twenty writers hold transactions for 0 to 10 ms, one in ten gives up; two readers look on.

    One reader is an engine with feed and pulls, the other pulls by cursor without a pause. Returns the number
    of rows, what was missed, and how many seconds after the last commit the engine had all of it.
    """
    anna, ben = await made.user("anna"), await made.user("ben")
    talks = [await made.talk(anna, f"Talk {number}") for number in range(3)]
    for talk in talks:
        await made.share(anna, talk, ben)
    core = await made.core("reader", ben)
    await until(lambda: _listed(core, len(talks)))
    await core.pull_all()
    await core.open(talks[0])
    people = [Person(made.wire.database, user.id) for user in (anna, ben)]
    written: set[str] = set()
    stop = asyncio.Event()
    polling = [asyncio.create_task(_poll(core, talk, stop)) for talk in talks]

    async def write(number: int) -> None:
        luck, person = Random(draws.random()), people[number % 2]
        connection = await made.wire.database.connect("authenticator")
        for count in range(rows // WRITERS):
            key = new_id()
            try:
                async with person.session(connection) as session:
                    await session.fetchval(
                        "select public.send_message(p_id => $1, p_conversation_id => $2, p_parent_id => null,"
                        " p_role => 'user', p_content => $3)",
                        key,
                        luck.choice(talks),
                        f"writer {number}, row {count}",
                    )
                    await session.execute("select pg_sleep($1)", luck.uniform(0, 0.01))
                    if luck.random() < 0.1:
                        raise _Regret
                written.add(key)
            except _Regret:
                pass
        await connection.close()

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    ended = time.monotonic()
    await until(lambda: _has(core, anna, made))
    took = time.monotonic() - ended
    stop.set()
    pulled = [await task for task in polling]
    wrong = [f"the engine missed {key}" for key in written - set(core.watch.shown)]
    wrong += [f"the poller missed {key}" for key in written - {key for found, _ in pulled for key in found}]
    wrong += [fault for _, faults in pulled for fault in faults]
    return len(written), wrong + core.watch.faults + await made.oracle.faults(), took


async def _poll(core: Core, talk: str, stop: asyncio.Event) -> tuple[set[str], list[str]]:
    """Pull a conversation by its cursor until told to stop, and once more."""
    found: set[str] = set()
    faults: list[str] = []
    cursor, last = 0, False
    while True:
        page = await core.remote.pull_messages(talk, cursor, 50)
        for message in page.rows.messages:
            if message.revision <= cursor or message.id in found:
                faults.append(f"{message.id} came behind the cursor")
            found.add(message.id)
        cursor = page.cursor
        if last and not page.more:
            return found, faults
        last = stop.is_set()
        await asyncio.sleep(0.005)


async def _listed(core: Core, count: int) -> bool:
    return len(await core.store.entries()) == count


async def _has(core: Core, user: User, made: Rig) -> bool:
    return (await core.dump())["messages"] == await made.oracle.dump(user.id)


async def test_twenty_writers_are_followed_without_a_gap(database: Database) -> None:
    async with rig(database) as made:
        rows, wrong, _ = await missed(made, 400, Random(5))
    assert wrong == []
    assert rows > 300
