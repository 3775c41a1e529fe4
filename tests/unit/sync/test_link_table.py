"""Every state of the link meets every event."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from chatdesk.backend.base import Feed
from chatdesk.domain.session import LinkState
from chatdesk.sync.link import Link
from chatdesk.sync.link_table import TABLE, LinkAction, LinkEvent, table_as_markdown
from chatdesk.sync.needs import Done
from tests.support.fake_backend import FakeBackend, FakeClient
from tests.support.virtual_clock import VirtualClock, drain
from tests.unit.sync.desk import ANNA

DOCS = Path(__file__).parents[3] / "docs" / "sync.md"

CELLS = [(state, event) for state in LinkState for event in LinkEvent]


class Owner:
    """An engine whose pulls end only when the test says so."""

    def __init__(self) -> None:
        self.passes: list[Done | None] = []
        self.ready: list[Feed] = []
        self.dropped = 0
        self.told: list[LinkState] = []
        self.link: Link | None = None

    def link_changed(self) -> None:
        assert self.link is not None
        self.told.append(self.link.state)

    def feed_ready(self, feed: Feed) -> None:
        self.ready.append(feed)

    def feed_dropped(self) -> None:
        self.dropped += 1

    def catch_up(self, done: Done | None, at_once: bool) -> None:
        self.passes.append(done)

    def token_renewed(self) -> None:
        pass

    def caught_up(self) -> None:
        waiting, self.passes = self.passes, []
        for done in waiting:
            if done is not None:
                done(None)


class Bench:
    """A link alone with the model server."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.client: FakeClient = FakeBackend(self.clock).client(ANNA)
        self.owner = Owner()
        self.link = Link(
            user_id=ANNA,
            feed_factory=self.client.feed_factory,
            tokens=self.client.tokens,
            clock=self.clock,
            random=Random(3),
            owner=self.owner,
            on_frame=lambda frame: None,
            on_channel=lambda topic, state, reason: None,
        )
        self.owner.link = self.link

    async def bring_to(self, state: LinkState) -> None:
        if state is LinkState.STARTING:
            return
        if state is LinkState.STOPPED:
            self.link.post(LinkEvent.STOPPED)
        elif state is LinkState.NEEDS_SIGN_IN:
            self.client.tokens.over = True
            self.link.post(LinkEvent.STARTED)
            await self.clock.advance(0.1)
        elif state is LinkState.OFFLINE:
            self.client.network.sockets_blocked = True
            self.link.post(LinkEvent.STARTED)
            await self.clock.advance(0.015)
        else:
            self.link.post(LinkEvent.STARTED)
            if state is not LinkState.CONNECTING:
                await self.clock.advance(0.1)
            if state is LinkState.CONNECTED:
                self.owner.caught_up()
        assert self.link.state is state

    async def heals(self) -> bool:
        """Mend everything and see whether the link comes up."""
        self.client.network.sockets_blocked = self.client.tokens.over = False
        for _ in range(1200):
            await self.clock.advance(0.1)
            self.owner.caught_up()
            if self.link.state is LinkState.CONNECTED:
                return True
        return False


def test_the_table_is_total() -> None:
    assert set(TABLE) == set(CELLS)


def test_the_documentation_shows_the_table() -> None:
    assert table_as_markdown() in DOCS.read_text(encoding="utf-8")


def test_no_way_out_of_the_end() -> None:
    assert {TABLE[LinkState.STOPPED, event].state for event in LinkEvent} == {LinkState.STOPPED}


@pytest.mark.parametrize(("state", "event"), CELLS, ids=[re.sub(" ", "-", f"{s}-{e}") for s, e in CELLS])
async def test_a_cell_does_what_it_says_and_the_link_heals(state: LinkState, event: LinkEvent) -> None:
    bench = Bench()
    await bench.bring_to(state)
    connection, ready, pulls = bench.link.connection, len(bench.owner.ready), len(bench.owner.passes)
    cell = TABLE[state, event]

    bench.link.post(event, "a reason")

    assert bench.link.state is cell.state
    kept = bench.link.connection is connection
    pulled = len(bench.owner.passes) > pulls
    match cell.action:
        case LinkAction.CONNECT:
            assert bench.link.connection is not None
            assert not kept
        case LinkAction.WAIT | LinkAction.HOLD | LinkAction.END:
            assert bench.link.connection is None
        case LinkAction.CATCH_UP:
            assert kept
            assert pulled
            # A word about a join that no feed stands behind is only ever said in this test.
            has_feed = connection is not None and connection.feed is not None
            assert (len(bench.owner.ready) > ready) is has_feed
        case LinkAction.CHECK | LinkAction.PROBE:
            assert kept
            assert pulled
        case LinkAction.SETTLE | LinkAction.NOTHING:
            assert kept
    if cell.state is LinkState.NEEDS_SIGN_IN:
        assert not await bench.heals()
        bench.link.post(LinkEvent.SIGNED_IN)
    if cell.state is LinkState.STARTING:
        bench.link.post(LinkEvent.STARTED)
    assert await bench.heals() is (cell.state is not LinkState.STOPPED)
    assert len(bench.client.network.open_feeds) <= 1
    assert bench.client.network.most_open_feeds <= 1
    await bench.clock.finish(bench.link.close())
    await drain()
    assert bench.link.task_count == 0
    assert not bench.client.network.open_feeds


Death = Callable[[FakeClient], None]

DEATHS: dict[str, Death] = {
    "lost": lambda client: client.network.feed.kill(),
    "silent socket": lambda client: client.network.feed.freeze(),
    "network gone": lambda client: setattr(client.network, "down", True),
    "own channel lost": lambda client: client.network.feed.word(f"user:{ANNA}", "lost"),
    "own channel refused": lambda client: client.network.feed.word(f"user:{ANNA}", "refused"),
    "an unknown word": lambda client: client.network.feed.word(f"user:{ANNA}", "surprise"),
}
ALIVE = [LinkState.CONNECTING, LinkState.CATCHING_UP, LinkState.CONNECTED]


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("state", ALIVE)
async def test_a_feed_that_dies_is_replaced(state: LinkState, death: str) -> None:
    bench = Bench()
    await bench.bring_to(state)
    if state is LinkState.CONNECTING:
        await bench.clock.advance(0.012)
    first = bench.client.network.feed
    DEATHS[death](bench.client)
    await bench.clock.advance(25)
    bench.owner.caught_up()
    bench.client.network.down = False
    assert await bench.heals()
    assert bench.client.network.feed is not first
    assert not first.is_open
    assert LinkState.OFFLINE in bench.owner.told
    await bench.clock.finish(bench.link.close())
