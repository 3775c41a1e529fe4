"""G23: when a server comes back, its clients do not come back all at once, and every one of them does.

Accepted are 50 joins a second from 200 clients, after an outage of any length. Those who find the server back
return to it over five seconds, which is the mean; chance may put 70 into the busiest second.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chatdesk.backend.base import ChannelListener, ChannelState, Feed, FrameListener
from chatdesk.domain.errors import Offline
from chatdesk.sync.link import Link
from chatdesk.sync.link_table import LinkEvent
from chatdesk.sync.needs import Done
from tests.faults.core import digest
from tests.faults.extent import extent, limit, report
from tests.faults.herd import Herd, herd
from tests.faults.oracle import Oracle
from tests.faults.rig import until
from tests.support.postgres import Database, clusters, database
from tests.support.virtual_clock import VirtualClock

__all__ = ["clusters", "database"]

pytestmark = pytest.mark.timeout(limit(120, 900))


@dataclass(frozen=True)
class Return:
    """One restart. ``busiest`` is what may come in any one second."""

    cores: int
    processes: int
    users: int
    outage: float
    busiest: int
    within: float = 60.0


PLAN = extent(Return(40, 2, 4, 3.0, 30), Return(200, 4, 20, 10.0, 75))
JOINS_PER_SECOND = 50
BUSIEST = 70


async def test_everybody_comes_back_and_nobody_is_refused(database: Database, tmp_path: Path) -> None:
    async with herd(database) as (server, flock):
        await flock.gather(PLAN.cores, PLAN.processes, PLAN.users)
        talks = await _talks(flock)
        oracle = Oracle(database)
        await until(lambda: _all_agree(flock, oracle), within=60, step=0.25)

        await server.stop()
        for number, (process, name, user) in enumerate(flock.members):
            if number % 5 == 0:  # some write while there is no server
                await process.ask(name, "send", conversation=talks[user.id], content=f"from {name}")
        await asyncio.sleep(PLAN.outage)
        began = time.monotonic()
        await server.start()
        took = await until(lambda: _all_agree(flock, oracle), within=PLAN.within, step=0.25)
        reports = await flock.ask("report")
        assert Counter(state["link"] for state in reports) == {"connected": PLAN.cores}
        assert [state["faults"] for state in reports if state["faults"]] == []
        assert await oracle.faults() == []
        peak = server.peak(began)
        assert server.refused == 0
        joins = [at for at in server.joins if at >= began]
        assert len(joins) >= PLAN.cores
        assert len(joins) / (max(joins) - began) <= JOINS_PER_SECOND
        assert peak <= PLAN.busiest, f"{peak} joins in one second"
    report(
        "G23",
        clients=PLAN.cores,
        outage=PLAN.outage,
        converged=round(took, 1),
        joins_per_second=round(len(joins) / (max(joins) - began), 1),
        busiest_second=peak,
        refused=0,
    )


async def _talks(flock: Herd) -> dict[str, str]:
    """Make a conversation for each user; one of each user's instances has it open."""
    talks: dict[str, str] = {}
    for process, name, user in flock.members:
        if user.id not in talks:
            talks[user.id] = (await process.ask(name, "create", title=f"Talk of {user.email}"))["entity"]
            await process.ask(name, "open", conversation=talks[user.id])
    return talks


async def _all_agree(flock: Herd, oracle: Oracle) -> bool:
    """Whether every instance is connected, has sent everything and shows what the server holds."""
    reports = await flock.ask("report")
    if any(state["link"] != "connected" or state["pending"] or state["failed"] for state in reports):
        return False
    dumps = await flock.ask("dump")
    lists = {user.id: await oracle.conversations(user.id) for user in flock.users}
    messages = {user.id: await oracle.dump(user.id) for user in flock.users}
    for (_, _, user), dump in zip(flock.members, dumps, strict=True):
        if dump["conversations"] != lists[user.id]:
            return False
        shown = [row for row in messages[user.id] if row[0] not in dump["unpulled"]]
        if digest([], dump["messages"]) != digest([], shown):
            return False
    return True


# The links alone, in virtual time: the same for any outage --------------------------------------------------


class Doorway:
    """The server as links meet it: open or shut, and everybody who joined."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.open = True
        self.joins: list[float] = []
        self.tries: list[float] = []
        self._inside: list[ChannelListener] = []

    def shut(self) -> None:
        """The server goes away with everybody in it."""
        self.open = False
        inside, self._inside = self._inside, []
        for tell in inside:
            tell("user:u", ChannelState.LOST, "The connection ended.")

    def __call__(self, on_frame: FrameListener, on_channel: ChannelListener) -> Feed:
        return Way(self, on_channel)

    async def reachable(self) -> bool:
        return self.open

    def enter(self, tell: ChannelListener) -> None:
        self.tries.append(self.clock.monotonic())
        if not self.open:
            raise Offline("No connection to the server.")
        self.joins.append(self.clock.monotonic())
        self._inside.append(tell)
        tell("user:u", ChannelState.JOINED, None)

    def most_in_a_second(self, since: float) -> int:
        times = sorted(at for at in self.joins if at >= since)
        return max((sum(at <= other < at + 1 for other in times) for at in times), default=0)


class Way:
    """A ``Feed`` through the doorway."""

    def __init__(self, doorway: Doorway, on_channel: ChannelListener) -> None:
        self._doorway = doorway
        self._on_channel = on_channel

    async def join(self, topic: str) -> None:
        self._doorway.enter(self._on_channel)

    async def open(self, token: str) -> None:
        return

    async def leave(self, topic: str) -> None:
        return

    async def renew(self, token: str) -> None:
        return

    async def send(self, topic: str, change: Any) -> None:
        return

    async def track(self, topic: str, sign: Any) -> None:
        return

    async def beat(self) -> None:
        return

    async def close(self) -> None:
        return


class Owner:
    """A ``LinkOwner`` whose catch-up is done at once, and a ``TokenSource``."""

    def link_changed(self) -> None:
        return

    def feed_ready(self, feed: Feed) -> None:
        return

    def feed_dropped(self) -> None:
        return

    def token_renewed(self) -> None:
        return

    def catch_up(self, done: Done | None, at_once: bool) -> None:
        if done is not None:
            done(None)

    async def access_token(self) -> str:
        return "token"


@pytest.mark.parametrize("outage", [10.0, 30.0, 300.0])
async def test_two_hundred_links_come_back_one_after_another(outage: float) -> None:
    clock = VirtualClock()
    doorway = Doorway(clock)
    links = [
        Link(
            user_id="u",
            feed_factory=doorway,
            tokens=Owner(),
            clock=clock,
            random=Random(number),
            owner=Owner(),
            on_frame=lambda frame: None,
            on_channel=lambda topic, state, reason: None,
        )
        for number in range(200)
    ]
    for link in links:
        link.post(LinkEvent.STARTED)
    await clock.advance(5)
    assert len(doorway.joins) == 200
    doorway.shut()
    await clock.advance(outage)
    assert len(doorway.tries) - 200 < 200 * (6 + outage / 3.5), "a server in trouble is left in peace"
    doorway.open = True
    back = clock.monotonic()
    await clock.advance(60)
    assert len(doorway.joins) == 400, "every one of them came back"
    peak = doorway.most_in_a_second(back)
    rate = 200 / (doorway.joins[-1] - back)
    assert rate <= JOINS_PER_SECOND
    assert peak <= BUSIEST, f"{peak} of 200 came within one second"
    for link in links:
        await clock.finish(link.close())
    report("G23", links=200, outage=outage, joins_per_second=round(rate, 1), busiest_second=peak)
