"""Sharing from the service's side: lost answers, second clicks, and words for a conversation that is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from chatdesk.domain.change import RowBatch
from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.errors import ChatDeskError, Offline, Refused
from chatdesk.domain.sharing import Invitation, SharingKind, token_hash
from chatdesk.services.kept import Kept, KeptTexts
from chatdesk.services.sharing import TRIES, Failure, SharingService
from tests.unit.services.virtual.world import ANNA, World

BEN = "20000000-0000-4000-8000-000000000002"


class Calls:
    """Answers as it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[SharingKind, Mapping[str, Any]]] = []
        self.answers: list[RowBatch | ChatDeskError] = []

    async def share(self, kind: SharingKind, args: Mapping[str, Any]) -> RowBatch:
        self.asked.append((kind, args))
        answer = self.answers.pop(0) if self.answers else RowBatch()
        if isinstance(answer, ChatDeskError):
            raise answer
        return answer


class Room:
    """A service on an open account, and what it told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls = Calls()
        self.service = SharingService(world.realtime.shared, world.clock)
        self.kept = KeptTexts(world.realtime.shared)
        self.failures: list[Failure] = []
        self.done: list[tuple[SharingKind, str]] = []
        self.links: list[str] = []
        self.joined: list[str] = []
        self.found: list[Kept] = []
        self.service.failed.connect(self.failures.append)
        self.service.done.connect(lambda kind, about: self.done.append((kind, about)))
        self.service.link_made.connect(lambda _about, link: self.links.append(link))
        self.service.joined.connect(self.joined.append)
        self.wanted: list[Kept] = []
        self.kept.found.connect(self.found.append)
        self.kept.wanted.connect(self.wanted.append)


@pytest.fixture
async def room(world: World) -> AsyncIterator[Room]:
    made = Room(world)
    await made.service.attach(made.calls, world.store)
    yield made
    await world.clock.finish(made.service.detach())


async def test_a_lost_answer_is_asked_for_again_and_a_second_click_is_not(room: Room) -> None:
    lost = Offline("The server cannot be reached.", "ChatDesk tries again by itself.")
    room.calls.answers = [lost] * (TRIES - 1)
    room.service.accept("i")
    room.service.accept("i")
    await room.world.clock.until(lambda: bool(room.done))
    assert [kind for kind, _ in room.calls.asked] == [SharingKind.ACCEPT] * TRIES
    assert len({str(args) for _, args in room.calls.asked}) == 1, "the same call, word for word"
    assert room.failures == []
    room.calls.answers = [lost] * TRIES
    room.service.accept("i")
    await room.world.clock.until(lambda: bool(room.failures))
    assert "connected" in room.failures[0].error.next_step
    room.service.accept("i")
    await room.world.clock.until(lambda: len(room.done) == 2)


async def test_a_refusal_is_told_once_with_what_helps(room: Room) -> None:
    room.calls.answers = [
        Refused("This invitation has expired.", "Ask its owner, or discard the change.", "55000")
    ]
    room.service.join("a" * 43)
    await room.world.clock.until(lambda: bool(room.failures))
    assert len(room.calls.asked) == 1
    assert str(room.failures[0].error) == "This invitation has expired. Ask for a new link."
    room.service.join("https://example.org")
    assert len(room.calls.asked) == 1, "what is no link is not sent anywhere"
    assert "not a link" in room.failures[1].error.message


async def test_only_the_hash_of_a_link_leaves_this_device(room: Room) -> None:
    room.service.make_link("c", MemberRole.VIEWER, 24, None)
    await room.world.clock.until(lambda: bool(room.links))
    token = room.links[0].rpartition("/")[2]
    [(_, args)] = room.calls.asked
    assert args["p_token_hash"] == token_hash(token)
    assert token not in str(args)


async def test_invitations_run_out_by_themselves(room: Room) -> None:
    now = room.world.clock.now()
    ends = now.replace(year=now.year + 1)
    row = Invitation("i", "c", "Title", MemberRole.EDITOR, None, 1, now, ends)
    for each in (row, Invitation("old", "c", "Title", MemberRole.EDITOR, None, 1, now, now)):
        room.world.realtime.shared.take_changes(await room.world.store.apply(RowBatch(invitations=(each,))))
    assert [each.id for each in room.service.invitations] == ["i"]


async def test_unsent_words_for_a_conversation_that_is_gone_are_told_and_kept(room: Room) -> None:
    world = room.world
    server = world.server
    server.sign_up(BEN)
    conversation, _ = await world.talk("hello")
    world.network.down = True
    world.realtime.send_message(conversation, "user", "first of mine")
    world.realtime.send_message(conversation, "user", "second of mine")
    world.realtime.mark_read(1)
    await world.clock.advance(3)
    server.remove_member(conversation, ANNA)
    world.network.down = False
    await world.clock.until(lambda: bool(room.found), within=120)
    assert room.found[0].texts == ("first of mine", "second of mine")
    assert room.found[0].title == "Talk"
    assert len(room.found) == 1
    room.kept.show(conversation)
    await world.clock.until(lambda: bool(room.wanted))
    assert room.wanted[0].texts == room.found[0].texts
    room.kept.discard(conversation)
    await world.clock.advance(1)
    assert await world.store.outbox() == ()
