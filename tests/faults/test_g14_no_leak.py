"""G14: going round the conversations leaves nothing behind, here or on the server."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from random import Random

import pytest

from tests.faults.core import Core
from tests.faults.extent import extent, limit, report
from tests.faults.rig import Rig, rig, until
from tests.support.postgres import Database, clusters, database

__all__ = ["clusters", "database"]

PACE = 0.01
SLOWEST_ACK = 0.2


def files() -> int:
    """Descriptors of this process; the server is in it, so its ends count as well."""
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0


async def settled(made: Rig, core: Core, conversation: str) -> None:
    """Wait until the channels of this conversation are joined, and the server holds just those."""

    def stands() -> bool:
        channels = core.engine.diagnostics()["channels"]
        assert isinstance(channels, dict)
        around = [topic for topic in channels if topic.startswith(f"conversation:{conversation}:")]
        joined = set(channels.values()) == {"joined"}
        return len(around) == 2 and len(channels) == 3 and joined and made.wire.realtime.hub.channels == 3

    await until(stands)


async def switches(made: Rig, core: Core, talks: list[str], count: int) -> int:
    """Open one conversation after the other; return the most channels at any moment."""
    random, most = Random(14), 0
    proxy = made.proxies[core.name]
    for number in range(count):
        if number % 50 == 0:
            proxy.lag = random.uniform(0.0, SLOWEST_ACK)
        await core.open(talks[number % len(talks)])
        channels = core.engine.diagnostics()["channels"]
        assert isinstance(channels, dict)
        most = max(most, len(channels))
        await asyncio.sleep(PACE)
    proxy.lag = 0.0
    return most


@pytest.mark.timeout(limit(90, 1200))
async def test_g14_switching_leaks_nothing(database: Database) -> None:
    count = extent(2_000, 10_000)
    async with rig(database) as made:
        user = await made.user("anna")
        talks = [await made.talk(user, f"Talk {number}") for number in range(10)]
        core = await made.core("a", user)

        async def listed() -> bool:
            return len(await core.store.entries()) == len(talks)

        await until(listed)
        for talk in (*talks, talks[0]):  # What is made once is made.
            await core.open(talk)
            await settled(made, core, talk)
        proxy = made.proxies["a"]
        gc.collect()
        before = (len(asyncio.all_tasks()), files(), core.engine.task_count)
        joins = len(proxy.joins)
        most = await switches(made, core, talks, count)
        during = len(proxy.joins) - joins
        last = talks[(count - 1) % len(talks)]
        await settled(made, core, last)
        gc.collect()
        after = (len(asyncio.all_tasks()), files(), core.engine.task_count)
        report("G14", switches=count, joins=during, most_channels=most, before=before, after=after)
        assert proxy.websockets == proxy.most_websockets == 1
        assert most <= 3
        assert during == 0, "nobody stayed long enough to be worth a join"
        assert after[0] - before[0] <= 5
        assert after[1] - before[1] <= 2, "kept connections may have been closed meanwhile, none may be added"
        assert after[2] - before[2] <= 2
        assert made.wire.realtime.hub.topics == 3
        assert core.watch.faults == []
        assert core.engine.diagnostics()["watchdog"] == 0


@pytest.mark.timeout(limit(90, 600))
async def test_g14_staying_just_long_enough_leaks_nothing_either(database: Database) -> None:
    """A join that is asked for and left again before its answer: the worst there is."""
    async with rig(database) as made:
        user = await made.user("anna")
        talks = [await made.talk(user, f"Talk {number}") for number in range(4)]
        core = await made.core("a", user)
        await core.open(talks[0])
        await settled(made, core, talks[0])
        before = (len(asyncio.all_tasks()), files())
        proxy, random, most = made.proxies["a"], Random(41), 0
        for number in range(extent(25, 2_000)):
            proxy.lag = random.uniform(0.0, SLOWEST_ACK)
            await core.open(talks[number % len(talks)])
            await asyncio.sleep(random.uniform(0.14, 0.2))
            most = max(most, len((core.watch.states and core.engine.diagnostics()["channels"]) or ()))  # type: ignore[arg-type]
        proxy.lag = 0.0
        await core.open(talks[0])
        await settled(made, core, talks[0])
        after = (len(asyncio.all_tasks()), files())
        assert most <= 3
        assert proxy.websockets == 1
        assert after[0] - before[0] <= 5
        assert after[1] - before[1] <= 2, "kept connections may have been closed meanwhile, none may be added"
