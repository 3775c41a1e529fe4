"""What a model reads before it answers."""

from __future__ import annotations

from dataclasses import replace

from chatdesk.domain.change import RowBatch
from chatdesk.domain.errors import Offline
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.profile import Profile
from chatdesk.providers.base import Turn
from chatdesk.services.context import Reading, reading_for
from tests.support.messages import ANNA, START, message, message_id
from tests.unit.services.virtual.world import World

WIDE = 1_000_000


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
    return (await reading_for(world.store, entry.conversation, last.id, {}, WIDE)).turns


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
    turns = (await reading_for(world.store, asked, message(1).id, {}, WIDE)).turns
    assert turns[0] == Turn(Role.SYSTEM, "Be brief.")
    assert len(turns) == 2


async def test_where_several_people_wrote_the_model_reads_who(world: World) -> None:
    rows = [
        message(1, "I like the sea"),
        message(2, "Then go to Lisbon", role=Role.ASSISTANT),
        message(3, "I do not", author=ANNA),
        message(5, "Neither do I", author=None),
        replace(message(7, "I do", author=None), author_name="Ben"),
    ]
    conversation = await stored(world, *rows)
    ben = Profile(rows[0].author_id or "", "ben", "Ben", None, 1, START)
    await world.store.apply(RowBatch(profiles=(ben,)))
    turns = await read(world, conversation, rows[4])
    assert [turn.content for turn in turns] == [
        "Ben: I like the sea",
        "Then go to Lisbon",
        "Somebody: I do not",
        "Somebody: Neither do I",
        "Ben (copied): I do",
    ]


async def test_what_does_not_fit_is_left_out_and_named(world: World) -> None:
    rows = [replace(message(number), content=f"{number} " + "word " * 600) for number in range(1, 7)]
    conversation = await stored(world, *rows)
    entry = await world.store.entry(conversation)
    assert entry is not None
    given = await reading_for(world.store, entry.conversation, rows[-1].id, {}, 4_000)
    assert 0 < given.left_out < 5
    assert given.begins_at == rows[given.left_out].id
    assert [turn.content for turn in given.turns] == [row.content for row in rows[given.left_out :]]
    whole = await reading_for(world.store, entry.conversation, rows[-1].id, {}, WIDE)
    assert (whole.left_out, whole.begins_at, len(whole.turns)) == (0, "", 6)
    more = (Turn(Role.ASSISTANT, "half"), Turn(Role.USER, "go on"))
    assert (await reading_for(world.store, entry.conversation, rows[-1].id, {}, WIDE, more=more)).turns[
        -2:
    ] == [*more]


async def test_pages_that_are_not_here_are_fetched_first_and_counted_where_that_fails(world: World) -> None:
    rows = [message(number) for number in range(1, 5)]
    known = await world.store.entry((await world.talk())[0])
    assert known is not None
    conversation = message_id(77)
    newest = tuple(replace(row, conversation_id=conversation) for row in rows[2:])
    await world.store.apply(
        RowBatch(
            conversations=(replace(known.conversation, id=conversation, last_seq=4, revision=9),),
            memberships=(replace(known.membership, conversation_id=conversation),),
            messages=newest,
        ),
        complete_from={conversation: False},
    )
    entry = await world.store.entry(conversation)
    assert entry is not None
    asked: list[str] = []

    async def read(failing: bool) -> Reading:
        async def load_older(which: str) -> bool:
            asked.append(which)
            if failing:
                raise Offline("gone")
            older = tuple(replace(row, conversation_id=conversation) for row in rows[:2])
            await world.store.apply(RowBatch(messages=older), complete_from={conversation: True})
            return True

        assert entry is not None
        return await reading_for(
            world.store, entry.conversation, rows[-1].id, {}, WIDE, load_older=load_older
        )

    without = await read(failing=True)
    assert (without.left_out, without.begins_at, len(without.turns)) == (2, rows[2].id, 2)
    whole = await read(failing=False)
    assert (whole.left_out, len(whole.turns)) == (0, 4)
    assert asked == [conversation] * 2
