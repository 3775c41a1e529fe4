"""What a model reads before it answers."""

from __future__ import annotations

from dataclasses import replace

from chatdesk.domain.change import RowBatch
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.profile import Profile
from chatdesk.providers.base import Turn
from chatdesk.services.context import turns_before
from tests.support.messages import ANNA, START, message
from tests.unit.services.virtual.world import World


async def stored(world: World, *rows: Message) -> str:
    """Put these messages into a conversation, each an answer to the one before unless it says otherwise."""
    conversation, _ = await world.talk()
    before: str | None = None
    kept = []
    for row in rows:
        kept.append(replace(row, conversation_id=conversation, parent_id=row.parent_id or before))
        before = row.id
    await world.store.apply(RowBatch(messages=tuple(kept)))
    return conversation


async def read(world: World, conversation: str, last: Message) -> list[Turn]:
    entry = await world.store.entry(conversation)
    assert entry is not None
    return await turns_before(world.store, entry.conversation, last.id, {})


async def test_the_model_reads_in_order_what_was_said(world: World) -> None:
    rows = [message(number) for number in range(1, 6)]
    conversation = await stored(world, *rows)
    assert await read(world, conversation, rows[4]) == [Turn(row.role, row.content) for row in rows]
    assert await read(world, conversation, rows[2]) == [Turn(row.role, row.content) for row in rows[:3]]


async def test_what_is_deleted_or_unfinished_is_not_read(world: World) -> None:
    rows = [
        message(1),
        message(2, status=MessageStatus.INTERRUPTED),
        replace(message(3), content="", deleted_at=START),
        message(4, status=MessageStatus.STREAMING),
        message(5),
    ]
    conversation = await stored(world, *rows)
    turns = await read(world, conversation, rows[4])
    assert [turn.content for turn in turns] == ["message 1", "message 2", "message 5"]


async def test_the_system_prompt_comes_first(world: World) -> None:
    conversation = await stored(world, message(1))
    entry = await world.store.entry(conversation)
    assert entry is not None
    asked = replace(entry.conversation, system_prompt="Be brief.")
    turns = await turns_before(world.store, asked, message(1).id, {})
    assert turns[0] == Turn(Role.SYSTEM, "Be brief.")
    assert len(turns) == 2


async def test_where_several_people_wrote_the_model_reads_who(world: World) -> None:
    rows = [
        message(1, "I like the sea"),
        message(2, "Then go to Lisbon", role=Role.ASSISTANT),
        message(3, "I do not", author=ANNA),
        message(5, "Neither do I", author=None),
    ]
    conversation = await stored(world, *rows)
    ben = Profile(rows[0].author_id or "", "ben", "Ben", None, 1, START)
    await world.store.apply(RowBatch(profiles=(ben,)))
    turns = await read(world, conversation, rows[3])
    assert [turn.content for turn in turns] == [
        "Ben: I like the sea",
        "Then go to Lisbon",
        "Somebody: I do not",
        "Somebody: Neither do I",
    ]
