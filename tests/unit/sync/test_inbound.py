"""Order and bunches of what the feed tells."""

from __future__ import annotations

import pytest

from chatdesk.domain.change import ChangeSet, EntityChanged, EntityKind, MessageChanged, RemoteChange
from chatdesk.domain.ephemeral import Delta, StopRequested
from chatdesk.sync.inbound import in_order
from tests.unit.sync.desk import ANNA, Room, texts


def _conversation(revision: int, user_revision: int) -> EntityChanged:
    return EntityChanged(EntityKind.CONVERSATION, "c", revision, user_revision)


def _message(revision: int) -> MessageChanged:
    return MessageChanged("c", f"m{revision}", revision)


def test_messages_stand_before_the_entity_that_counts_them() -> None:
    ordered: list[RemoteChange] = [
        _message(1),
        _conversation(1, 11),
        _conversation(2, 12),
        _message(3),
        _conversation(3, 13),
        _message(4),
    ]
    for mixed in (ordered[::-1], ordered[::2] + ordered[1::2], ordered[3:] + ordered[:3]):
        assert in_order(mixed) == ordered


async def test_a_bunch_is_one_transaction(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    before = len(desk.mirror.changes)
    room.say(conversation, *(f"text {number}" for number in range(200)))
    await room.clock.advance(0.5)
    assert len(desk.mirror.changes) - before <= 2
    assert len(await texts(desk, conversation)) == 201


async def test_the_first_frame_after_a_silence_is_not_delayed(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    room.say(conversation, "two")
    await room.clock.advance(desk.network.latency + 0.001)
    assert await texts(desk, conversation) == ["one", "two"]


async def test_deltas_and_stops_reach_the_other_window(room: Room) -> None:
    conversation = room.talk("one")
    writer, reader = await room.started(), await room.started()
    for desk in (writer, reader):
        desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    stored = len(reader.mirror.changes)
    words = [Delta(conversation, "m", 0, "Good "), Delta(conversation, "m", 5, "day")]
    for word in words:
        writer.engine.send_ephemeral(word)
    await room.clock.advance(1)
    said = "".join(change.text for change in reader.mirror.ephemerals if isinstance(change, Delta))
    assert said == "Good day"
    reader.engine.send_ephemeral(StopRequested(conversation, "m"))
    await room.clock.advance(1)
    assert writer.mirror.ephemerals == [StopRequested(conversation, "m")]
    assert len(reader.mirror.changes) == stored, "none of it is stored"


async def test_deltas_that_wait_are_joined(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    for offset in range(1000):
        desk.engine.send_ephemeral(Delta(conversation, "m", offset, "x"))
    await room.clock.advance(1)
    sent = [change for _, change in desk.network.feed.sent if isinstance(change, Delta)]
    assert "".join(change.text for change in sent) == "x" * 1000
    assert len(sent) <= 3


async def test_nothing_is_sent_to_a_conversation_nobody_here_looks_at(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    desk.engine.send_ephemeral(Delta(conversation, "m", 0, "x"))
    await room.clock.advance(1)
    assert desk.network.feed.sent == []


@pytest.mark.errors_expected
async def test_a_listener_that_raises_stops_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await room.desk()
    heard = desk.mirror.changes_applied
    calls = 0

    def fail_first(changes: ChangeSet) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ValueError("a fault in the window")
        heard(changes)

    monkeypatch.setattr(desk.mirror, "changes_applied", fail_first)
    await desk.engine.start()
    await room.clock.advance(1)
    room.talk("one", user=ANNA)
    await room.clock.advance(1)
    assert len(desk.mirror.entries) == 1
