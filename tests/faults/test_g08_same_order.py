"""G8: the same order everywhere, whatever the clocks say."""

from __future__ import annotations

import asyncio
from random import Random

from tests.faults.core import Core
from tests.faults.rig import Rig, rig, until
from tests.support.postgres import Database, clusters, database

__all__ = ["clusters", "database"]

DAY = 86_400.0


async def differences(made: Rig, clocks: list[float], writes: int, draws: Random) -> tuple[int, list[str]]:
    """Cores with wrong clocks write into one conversation, some late; return rows and what differs."""
    anna = await made.user("anna")
    talk = await made.talk(anna)
    cores = [await made.core(f"clock-{n}", anna, offset=offset, seed=n) for n, offset in enumerate(clocks)]
    for core in cores:
        await until(lambda core=core: _listed(core))
        await core.pull_all()
        await core.open(talk)

    async def write(core: Core, luck: Random) -> None:
        for number in range(writes):
            shown = await core.store.messages(talk)
            await core.send(talk, f"{core.name} {number}", parent=shown[-1].id if shown else None)
            if luck.random() < 0.1 and (own := await core.newest_own(talk)) is not None:
                await core.delete(talk, own)
            await asyncio.sleep(luck.uniform(0, 0.03))

    # One of them writes without a network: its messages come late, with old ids and times.
    await made.proxies["clock-0"].cut()
    late = asyncio.create_task(write(cores[0], Random(draws.random())))
    await asyncio.gather(*(write(core, Random(draws.random())) for core in cores[1:]))
    await late
    await made.proxies["clock-0"].start()
    await cores[0].wake()
    try:
        await until(lambda: _agree(made, cores, anna.id), within=40, step=0.1)
    except AssertionError:
        return 0, [f"{core.name} differs: {await core.report()}" for core in cores]
    wrong = [fault for core in cores for fault in core.watch.faults]
    for core in cores:
        moves = [key for key, count in core.watch.moves.items() if count > 1]
        wrong += [f"{core.name}: {key} moved more than once" for key in moves]
        times = [message.created_at for message in await core.store.messages(talk, limit=100_000)]
        if times != sorted(times):
            wrong.append(f"{core.name}: a time of the server's goes back")
    return len(await made.oracle.dump(anna.id)), wrong


async def _listed(core: Core) -> bool:
    return bool(await core.store.entries())


async def _agree(made: Rig, cores: list[Core], user: str) -> bool:
    truth = await made.oracle.dump(user)
    for core in cores:
        pending, _ = await core.store.outbox_counts()
        if pending or (await core.dump())["messages"] != truth:
            return False
    return True


async def test_wrong_clocks_change_no_order(database: Database) -> None:
    async with rig(database) as made:
        rows, wrong = await differences(made, [-DAY, -3600.0, 0.0, DAY], writes=12, draws=Random(8))
    assert wrong == []
    assert rows == 48
