"""Gaps, repairs and the pull that needs no reason."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chatdesk.backend.base import MessagesPage
from chatdesk.domain.change import ChangeSet, RemoteChange
from chatdesk.domain.errors import Offline, Retryable
from chatdesk.domain.session import LinkState
from chatdesk.store.events import Gaps
from tests.unit.sync.desk import ANNA, BEN, Desk, Room, texts


async def _open(room: Room, conversation: str) -> Desk:
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    desk.network.requests.clear()
    return desk


async def test_events_in_order_need_no_pull(room: Room) -> None:
    conversation = room.talk("one")
    desk = await _open(room, conversation)
    for number in range(20):
        room.say(conversation, f"text {number}")
        await room.clock.advance(0.2)
    assert len(await texts(desk, conversation)) == 21
    assert desk.network.requests.total() == 0
    assert await desk.store.user_cursor() == room.server.user_revisions[ANNA]


async def test_events_repeated_and_reordered_converge_without_a_pull(room: Room) -> None:
    conversation = room.talk("one")
    desk = await _open(room, conversation)
    desk.network.faults.repeat_frame = 0.5
    for number in range(50):
        room.say(conversation, f"text {number}")
    await room.clock.advance(3)
    assert await texts(desk, conversation) == ["one", *(f"text {number}" for number in range(50))]
    assert desk.network.requests.total() == 0
    desk.network.faults.reorder_frame = 0.5
    for number in range(50, 100):
        room.say(conversation, f"text {number}")
    await room.clock.advance(5)
    assert await texts(desk, conversation) == ["one", *(f"text {number}" for number in range(100))]
    assert not desk.mirror.faults


async def test_a_dropped_message_is_pulled_and_nothing_else(room: Room) -> None:
    conversation, other = room.talk("one"), room.talk("other")
    desk = await _open(room, conversation)
    desk.engine.open_conversation(other)
    await room.clock.advance(1)
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    desk.network.requests.clear()
    message = room.server.by_conversation[conversation][0]
    desk.network.faults.drop_frame = 1.0
    room.server.checkpoint(message, "one, longer")
    desk.network.faults.drop_frame = 0.0
    room.say(conversation, "two")
    await room.clock.advance(1)
    assert await texts(desk, conversation) == ["one, longer", "two"]
    assert dict(desk.network.requests) == {f"pull_messages {conversation}": 1}


async def test_a_dropped_user_event_is_pulled_and_nothing_else(room: Room) -> None:
    conversation = room.talk("one")
    desk = await _open(room, conversation)
    desk.network.faults.drop_frame = 1.0
    room.server.push(room.profile("Lost event"))
    desk.network.faults.drop_frame = 0.0
    room.server.push(room.rename(conversation, "Seen event"))
    await room.clock.advance(1)
    person = await desk.store.profile(ANNA)
    assert person is not None
    assert person.display_name == "Lost event"
    assert dict(desk.network.requests) == {"pull_changes": 1}


async def test_many_gaps_are_one_pull(room: Room) -> None:
    conversation, elsewhere = room.talk("one"), room.talk("two")
    desk = await _open(room, conversation)
    desk.engine.open_conversation(elsewhere)
    await room.clock.advance(1)
    desk.network.requests.clear()
    for number in range(100):
        room.say(conversation, f"text {number}")
    await room.clock.advance(1)
    assert len(await texts(desk, conversation)) == 101
    assert desk.network.requests[f"pull_messages {conversation}"] <= 2
    assert desk.network.requests["pull_changes"] == 0


async def test_what_happened_between_the_pull_and_the_join_is_pulled(room: Room) -> None:
    conversation = room.talk("one")
    desk = await _open(room, conversation)
    desk.engine.open_conversation(None)
    await room.clock.advance(1)
    desk.engine.open_conversation(conversation)
    await room.clock.advance(0.1)
    room.server.checkpoint(room.server.by_conversation[conversation][0], "one, longer")
    await room.clock.advance(1)
    assert await texts(desk, conversation) == ["one, longer"]


async def test_a_silent_feed_is_made_good_by_the_backstop(room: Room) -> None:
    conversation = room.talk("one")
    desk = await _open(room, conversation)
    desk.network.feed.deaf = True
    room.say(conversation, "two")
    room.server.checkpoint(room.server.by_conversation[conversation][0], "one, longer")
    await room.clock.advance(31)
    assert await texts(desk, conversation) == ["one, longer", "two"]
    assert desk.mirror.link is LinkState.CONNECTED


async def test_blocked_web_sockets_still_bring_what_is_new(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.desk()
    desk.network.sockets_blocked = True
    await desk.engine.start()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(31)
    room.say(conversation, "two")
    await desk.engine.submit(room.send(conversation, "three"))
    await room.clock.advance(31)
    assert await texts(desk, conversation) == ["one", "two", "three"]
    assert desk.mirror.link in (LinkState.OFFLINE, LinkState.CONNECTING)
    assert desk.mirror.states[-1].reason == "No connection to the server."


async def test_a_pull_that_fails_is_said_repeated_and_ends_well(room: Room) -> None:
    room.talk("one")
    desk = await room.desk()
    desk.network.next_failures = [Retryable("The server is busy.", code="503") for _ in range(4)]
    await desk.engine.start()
    await room.clock.advance(0.2)
    assert desk.mirror.states[-1].link is LinkState.CATCHING_UP
    assert desk.mirror.states[-1].reason == "The server is busy."
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, within=40)
    assert len(await desk.store.entries()) == 1
    assert len(desk.network.feeds) == 1, "a busy server is no reason to drop a living feed"


async def test_one_conversation_that_cannot_be_pulled_holds_up_no_other(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    talks = [room.talk("one") for _ in range(4)]
    desk = await room.started()
    for conversation in talks:
        desk.engine.open_conversation(conversation)
        await room.clock.advance(1)
    desk.engine.open_conversation(None)
    await room.clock.advance(1)
    pull = desk.client.remote.pull_messages

    async def fail_for_one(conversation_id: str, after: int, limit: int = 200) -> MessagesPage:
        if conversation_id == talks[0]:
            raise Retryable("The server has a problem with this one.")
        return await pull(conversation_id, after, limit)

    monkeypatch.setattr(desk.client.remote, "pull_messages", fail_for_one)
    for conversation in talks:
        room.say(conversation, "two")
    await room.clock.advance(30)
    for conversation in talks[1:]:
        assert await texts(desk, conversation) == ["one", "two"]
    assert desk.mirror.link is LinkState.CATCHING_UP
    monkeypatch.undo()


async def test_refresh_waits_for_the_pull_and_raises_what_it_raised(room: Room) -> None:
    conversation = room.talk("one")
    desk = await _open(room, conversation)
    desk.network.feed.deaf = True
    room.say(conversation, "two")
    await room.clock.finish(desk.engine.refresh_messages())
    assert await texts(desk, conversation) == ["one", "two"]
    room.server.push(room.profile("Refreshed"))
    await room.clock.finish(desk.engine.refresh_profile())
    person = await desk.store.profile(ANNA)
    assert person is not None
    assert person.display_name == "Refreshed"
    desk.network.down = True
    with pytest.raises(Offline):
        await room.clock.finish(desk.engine.refresh_conversations())


async def test_a_conversation_taken_away_and_given_back(room: Room) -> None:
    conversation = room.talk("one", user=ANNA)
    ben = await room.started(BEN)
    room.server.add_member(conversation, BEN)
    ben.engine.open_conversation(conversation)
    await room.clock.advance(1)
    assert await texts(ben, conversation) == ["one"]
    room.server.remove_member(conversation, BEN)
    await room.clock.advance(1)
    assert await ben.store.entry(conversation) is None
    assert await texts(ben, conversation) == []
    room.say(conversation, "two", user=ANNA)
    await room.clock.advance(1)
    room.server.add_member(conversation, BEN)
    await room.clock.advance(1)
    ben.engine.open_conversation(None)
    await room.clock.advance(1)
    ben.engine.open_conversation(conversation)
    await room.clock.advance(1)
    assert await texts(ben, conversation) == ["one", "two"]


@pytest.mark.errors_expected
async def test_a_store_that_fails_once_is_no_end(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = room.talk("one")
    desk = await _open(room, conversation)
    take = desk.store.apply_events
    failures: list[Sequence[RemoteChange]] = []

    async def fail_once(events: Sequence[RemoteChange]) -> tuple[ChangeSet, Gaps]:
        if not failures:
            failures.append(events)
            raise RuntimeError("a fault of the store")
        return await take(events)

    monkeypatch.setattr(desk.store, "apply_events", fail_once)
    room.say(conversation, "two")
    await room.clock.advance(1)
    assert await texts(desk, conversation) == ["one", "two"], "pulled in its place"
    await room.clock.advance(5)
    room.say(conversation, "three")
    await room.clock.advance(1)
    assert await texts(desk, conversation) == ["one", "two", "three"]
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
