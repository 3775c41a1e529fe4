"""Whoever becomes the owner of a chat is told so: once on a computer, also if they were away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chatdesk.app.told_once import ToldOnce
from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.services.succession import Inherited, Succession
from tests.support.virtual_clock import drain
from tests.unit.services.virtual.world import ANNA, World
from tests.unit.sync.desk import BEN

TALK = "30000000-0000-4000-8000-000000000003"


class Ear:
    """What a process hears of it."""

    def __init__(self, world: World, folder: Path) -> None:
        self.heard: list[Inherited] = []
        self._once = ToldOnce(folder)
        self._news = asyncio.Event()
        self.succession = Succession(world.realtime.shared)
        self.succession.attach(self._once)
        self.succession.inherited.connect(self._hear)

    def _hear(self, what: Inherited) -> None:
        self.heard.append(what)
        self._news.set()

    async def hears(self) -> Inherited:
        """The next word; the disk's answer comes from a thread."""
        await asyncio.wait_for(self._news.wait(), 30)
        self._news.clear()
        return self.heard[-1]


@pytest.fixture
async def shared(world: World) -> World:
    """Ben's chat, which Anna is in."""
    server = world.server
    server.sign_up(BEN)
    made = {"p_id": TALK, "p_title": "Trip"}
    now, kind = world.clock.now(), MutationKind.CREATE_CONVERSATION
    server.push(Mutation("made", kind, TALK, TALK, BEN, made, now))
    server.add_member(TALK, ANNA)
    await world.clock.advance(3)
    assert await world.store.entry(TALK) is not None
    return world


async def settled(world: World) -> None:
    """Let time pass, and every thread end that was begun meanwhile."""
    await world.clock.advance(3)
    for _ in range(3):
        await asyncio.to_thread(lambda: None)
        await drain()


async def test_a_new_owner_is_told_once_on_a_computer(shared: World, tmp_path: Path) -> None:
    one, other = Ear(shared, tmp_path / "told"), Ear(shared, tmp_path / "told")
    shared.server.set_role(TALK, ANNA, MemberRole.VIEWER)
    await settled(shared)
    assert one.heard == other.heard == []
    shared.server.set_role(TALK, ANNA, MemberRole.OWNER)
    await settled(shared)
    assert one.heard + other.heard == [Inherited(TALK, "Trip")]
    shared.server.set_role(TALK, BEN, MemberRole.OWNER)
    await settled(shared)
    shared.server.set_role(TALK, ANNA, MemberRole.OWNER)
    await settled(shared)
    assert one.heard + other.heard == [Inherited(TALK, "Trip")] * 2, "again is another time"


async def test_whoever_was_away_is_told_at_the_next_start(shared: World, tmp_path: Path) -> None:
    await shared.end()
    shared.server.set_role(TALK, ANNA, MemberRole.OWNER)
    ear = Ear(shared, tmp_path / "told")
    await shared.begin()
    await shared.clock.advance(3)
    assert await ear.hears() == Inherited(TALK, "Trip")
    await shared.end()
    await shared.begin()
    await settled(shared)
    assert len(ear.heard) == 1


async def test_a_chat_of_ones_own_is_no_news(shared: World, tmp_path: Path) -> None:
    ear = Ear(shared, tmp_path / "told")
    await shared.talk("mine")
    await settled(shared)
    assert ear.heard == []


def test_a_disk_that_refuses_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "told").write_text("in the way")
    once = ToldOnce(tmp_path)
    assert once.first(TALK)
    once.forget(TALK)
