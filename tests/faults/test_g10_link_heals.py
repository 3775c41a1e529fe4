"""G10: the link heals from every fault of the libraries (L1 to L9): the next event arrives, soon."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from chatdesk.domain.session import LinkState
from tests.faults.accept_log import fingerprint
from tests.faults.core import Core
from tests.faults.proxy import FaultProxy
from tests.faults.rig import Rig, User, rig, until
from tests.support.postgres import Database, clusters, database

__all__ = ["clusters", "database"]

HEALED = 10.0
HEALED_HALF_OPEN = 30.0
TRUTHFUL = 2.0


@dataclass
class Patient:
    """A connected core with a conversation open, and somebody who writes from elsewhere."""

    made: Rig
    user: User
    core: Core
    proxy: FaultProxy
    talk: str
    other: str
    pace: float
    events: int = 0
    rejoining: int = 0
    """How many joins there were when the last one of them was lost."""

    @property
    def topic(self) -> str:
        return f"conversation:{self.talk}:1"

    async def next_event(self) -> float:
        """Write from elsewhere; return how long it took until it was shown."""
        self.events += 1
        text = f"event {self.events} of {self.core.name}"
        began = time.monotonic()
        await self.made.say(self.user, self.talk, text)
        mark = fingerprint(text)
        await until(lambda: mark in self.core.watch.seen, within=40, step=0.01)
        return (self.core.watch.seen[mark] - began) * self.pace

    async def joined(self, topics: int = 3) -> None:
        """Wait until all channels of the open conversation stand."""

        def stands() -> bool:
            channels = self.core.engine.diagnostics()["channels"]
            assert isinstance(channels, dict)
            return list(channels.values()).count("joined") == topics

        await until(stands, within=40)

    def sign_of_loss(self, since: float) -> float | None:
        """Return how long after ``since`` the badge stopped saying "connected"."""
        told = [at for at, s in self.core.watch.states if at >= since and s.link is not LinkState.CONNECTED]
        return (told[0] - since) * self.pace if told else None


Ill = Callable[[Patient], Awaitable[float | None]]
"""Brings the fault about; returns how long the badge lied, if that can be told."""


async def patient(made: Rig, name: str = "patient", pace: float = 1.0) -> Patient:
    """Make a healthy one."""
    user = await made.user(name)
    talk, other = await made.talk(user, "A"), await made.talk(user, "B")
    core = await made.core(name, user, times=pace)

    async def listed() -> bool:
        return len(await core.store.entries()) == 2

    await until(listed)
    found = Patient(made, user, core, made.proxies[name], talk, other, pace)
    await core.open(talk)
    await found.joined()
    return found


def closed_with(code: int) -> Ill:
    """L1: the server closes the websocket."""

    async def ill(found: Patient) -> float | None:
        since = time.monotonic()
        assert found.proxy.close_websockets(code) == 1
        await until(lambda: found.sign_of_loss(since) is not None)
        return found.sign_of_loss(since)

    return ill


def outage(seconds: float) -> Ill:
    """L2: nothing answers for a while."""

    async def ill(found: Patient) -> float | None:
        since = time.monotonic()
        await found.proxy.cut()
        await asyncio.sleep(seconds)
        lied = found.sign_of_loss(since)
        assert lied is not None, "an outage was not told"
        await found.proxy.start()
        return lied

    return ill


async def cut_after_a_new_token(found: Patient) -> float | None:
    """L3: the token was renewed, then the connection is cut: the join must show the new one."""
    keeper = found.core.keeper
    assert keeper is not None
    old = await keeper.access_token()
    keeper.distrust(old)
    await found.core.wake()
    await until(lambda: keeper.session is not None and keeper.session.access_token != old)
    await asyncio.sleep(0.1 / found.pace)
    found.rejoining = len(found.proxy.joins)
    found.proxy.close_websockets(1006)
    return None


async def ended_channel(found: Patient) -> float | None:
    """L4: the server ends the channels because the token expired."""
    for join in found.proxy.joins[-3:]:
        found.proxy.say(
            join.topic,
            "system",
            {
                "extension": "system",
                "status": "error",
                "message": "Token has expired 1 seconds ago",
                "channel": join.topic,
            },
        )
        found.proxy.say(join.topic, "phx_close", {}, join.ref)
    return None


async def failing_listener(found: Patient) -> float | None:
    """L5: whoever is told of a change fails; and a frame that nobody can read."""
    found.core.watch.raising = 1
    await found.made.say(found.user, found.talk, f"unlucky {found.events}")
    await until(lambda: found.core.watch.raising == 0)
    record = {"conversation_id": found.talk, "message_id": 7, "revision": "many", "record": []}
    for payload in ({}, {"event": "message", "payload": record}, {"event": 3, "payload": "x"}):
        found.proxy.say(found.topic, "broadcast", {"type": "broadcast", **payload})
    return None


async def flipped_back(found: Patient) -> float | None:
    """L6: leave A, open B, open A again while the server's word is still on its way."""
    found.proxy.lag = 0.05
    for talk in (found.other, found.talk) * 3:
        await found.core.open(talk)
        await asyncio.sleep(0.2)
    await found.joined()
    found.proxy.lag = 0.0
    await found.joined()
    return None


async def refused_join(found: Patient) -> float | None:
    """L7: the server refuses each of the three joins once."""
    refused: set[str] = set()

    def refuse(text: str) -> str | None:
        said = json.loads(text)
        if said["event"] == "phx_reply" and said["topic"] != "phoenix" and said["topic"] not in refused:
            refused.add(said["topic"])
            said["payload"] = {"status": "error", "response": {"reason": "Unauthorized: not just now"}}
        return json.dumps(said)

    found.proxy.edit = refuse
    found.proxy.close_websockets(1006)
    # The first of them is the user's own, without which there is no link; after that the way is free.
    await until(lambda: refused)
    return None


async def half_open(found: Patient) -> float | None:
    """L8: the connection is dead and nobody says so."""
    assert found.proxy.freeze_websockets() == 1
    return None


async def switched(found: Patient) -> float | None:
    """L9: five switches of the conversation need no second websocket."""
    before = found.proxy.websockets
    for talk in (found.other, found.talk, found.other, found.talk, found.other, found.talk):
        await found.core.open(talk)
        await asyncio.sleep(0.25)
    await found.joined()
    assert found.proxy.websockets == before
    return None


ILLS: dict[str, Ill] = {
    "L1 closed with 1000": closed_with(1000),
    "L1 closed with 1001": closed_with(1001),
    "L1 reset (1006)": closed_with(1006),
    "L1 closed with 1011": closed_with(1011),
    "L1 closed with 1012": closed_with(1012),
    "L2 unreachable 5 s": outage(5.0),
    "L2 unreachable 25 s": outage(25.0),
    "L3 cut after a new token": cut_after_a_new_token,
    "L4 channels ended": ended_channel,
    "L5 failing listener": failing_listener,
    "L6 flipped back": flipped_back,
    "L7 join refused": refused_join,
    "L9 switched": switched,
}
QUICK = ("L1", "L3", "L4", "L5", "L6", "L7", "L9")


async def healing(found: Patient, name: str) -> tuple[float, float | None]:
    """Make it ill and wait for the next event; return seconds until that, and until the badge was honest."""
    lied = await ILLS[name](found)
    took = await found.next_event()
    await until(lambda: found.core.watch.state.link is LinkState.CONNECTED, within=40)
    # A refused channel is asked for again after the next pull, which nobody should have to wait for here.
    await found.core.engine.refresh_conversations()
    await found.joined()
    assert found.proxy.most_websockets == 1
    if name.startswith("L3"):
        assert found.core.keeper is not None
        assert found.core.keeper.session is not None
        shown = {join.token for join in found.proxy.joins[found.rejoining :]}
        assert shown == {found.core.keeper.session.access_token}
    found.proxy.edit = None
    return took, lied


async def half_open_healing(found: Patient) -> tuple[float, float | None]:
    """A half-open link: the event, and when the badge stopped saying that all is well."""
    since = time.monotonic()
    await half_open(found)
    took = await found.next_event()
    # The pull every 30 s may bring the event first; the badge must be honest all the same.
    await until(lambda: found.sign_of_loss(since) is not None, within=40)
    lied = found.sign_of_loss(since)
    await until(lambda: found.core.watch.state.link is LinkState.CONNECTED, within=60)
    await found.joined()
    return took, lied


@pytest.mark.errors_expected
async def test_the_next_event_arrives_after_every_fault(database: Database) -> None:
    async with rig(database) as made:
        found = await patient(made)
        for name in (name for name in ILLS if name.startswith(QUICK)):
            took, lied = await healing(found, name)
            assert took <= HEALED, name
            assert lied is None or lied <= TRUTHFUL, name
        assert found.core.watch.faults == []
        assert found.core.engine.diagnostics()["watchdog"] == 0


async def test_an_outage_heals(database: Database) -> None:
    async with rig(database) as made:
        # Time runs four times as fast for the client: this is an outage of 25 seconds.
        found = await patient(made, pace=4.0)
        lied = await outage(25.0 / found.pace)(found)
        assert await found.next_event() <= HEALED
        assert lied is not None
        assert lied <= TRUTHFUL * found.pace


async def test_a_half_open_link_is_found_out(database: Database) -> None:
    async with rig(database) as made:
        found = await patient(made, pace=4.0)
        took, lied = await half_open_healing(found)
        assert took <= HEALED_HALF_OPEN
        assert lied is not None
        assert lied <= 20 + 2
