"""Switches that travel, and read marks: who is told, who may ask, who is in the answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.database.test_messages import refused
from tests.support.postgres import Database, Person

SWITCHES = ("shows_presence", "shows_typing", "shows_reading")


async def switch(person: Person, **switches: bool) -> dict[str, Any]:
    answer = await person.call("update_profile", p_updates=switches)
    profile: dict[str, Any] = answer["profile"]
    return profile


async def marks(person: Person, conversation: str) -> tuple[int, dict[str, int]]:
    """How many members there are, and whose mark this person is shown."""
    answer = await person.call("member_marks", p_conversation_id=conversation)
    assert answer["conversation_id"] == conversation
    return answer["members"], {mark["user_id"]: mark["last_read_seq"] for mark in answer["marks"]}


async def read(person: Person, conversation: str, seq: int) -> None:
    await person.call("update_membership", p_conversation_id=conversation, p_updates={"last_read_seq": seq})


async def told(database: Database) -> list[str]:
    """The topics on which somebody was told that marks moved; forgets all frames."""
    frames = await database.frames()
    await database.forget_frames()
    for frame in frames:
        if frame["event"] == "marks":
            assert set(frame["payload"]) <= {"conversation_id", "id"}, "a mark is asked for, not sent"
    return [frame["topic"] for frame in frames if frame["event"] == "marks"]


async def three(database: Database) -> tuple[Person, Person, Person, str]:
    """An owner and an editor who share a conversation of three messages, and a stranger."""
    owner, editor, stranger = [await database.sign_up() for _ in range(3)]
    conversation = await owner.new_conversation()
    await owner.add(conversation, editor)
    for _ in range(3):
        await owner.send(conversation)
    await database.forget_frames()
    return owner, editor, stranger, conversation


async def test_the_switches_are_on_and_travel_with_the_profile(any_database: Database) -> None:
    owner, editor, _, _ = await three(any_database)
    first = (await owner.call("ensure_profile"))["profile"]
    assert [first[each] for each in SWITCHES] == [True, True, True]
    changed = await switch(owner, shows_typing=False)
    assert [changed[each] for each in SWITCHES] == [True, False, True]
    assert changed["revision"] == first["revision"] + 1
    frames = await any_database.frames()
    assert {frame["topic"] for frame in frames} == {f"user:{owner.id}", f"user:{editor.id}"}
    assert all(frame["payload"]["record"] == changed for frame in frames)
    assert await switch(owner, shows_typing=False) == changed, "unchanged values take no number"


@pytest.mark.parametrize("value", ["no", 0, None, []])
async def test_a_switch_is_true_or_false(any_database: Database, value: object) -> None:
    person = await any_database.sign_up()
    await refused(person, "22023", "update_profile", p_updates={"shows_reading": value})


async def test_members_see_how_far_the_others_have_read(any_database: Database) -> None:
    owner, editor, stranger, conversation = await three(any_database)
    assert await marks(owner, conversation) == (2, {editor.id: 0})
    assert await marks(editor, conversation) == (2, {owner.id: 3})
    await read(editor, conversation, 2)
    assert await marks(owner, conversation) == (2, {editor.id: 2})
    await refused(stranger, "42501", "member_marks", p_conversation_id=conversation)
    await owner.call_private("remove_member", p_conversation_id=conversation, p_user_id=editor.id)
    await refused(editor, "42501", "member_marks", p_conversation_id=conversation)
    assert await marks(owner, conversation) == (1, {})
    await owner.call("delete_conversation", p_id=conversation)
    await refused(owner, "42501", "member_marks", p_conversation_id=conversation)


async def test_a_mark_is_neither_shown_nor_seen_by_whoever_is_off(any_database: Database) -> None:
    owner, editor, _, conversation = await three(any_database)
    third = await any_database.sign_up()
    await owner.add(conversation, third)
    await switch(editor, shows_reading=False)
    assert await marks(owner, conversation) == (3, {third.id: 3})
    assert await marks(editor, conversation) == (3, {})
    assert set((await marks(third, conversation))[1]) == {owner.id}
    await told(any_database)
    await read(editor, conversation, 3)
    assert await told(any_database) == [], "nobody learns even that something was read"
    await switch(editor, shows_reading=True)
    assert (await marks(owner, conversation))[1] == {third.id: 3, editor.id: 3}


async def test_a_moved_mark_is_told_once_on_the_conversations_own_topic(any_database: Database) -> None:
    owner, editor, _, conversation = await three(any_database)
    await read(editor, conversation, 2)
    assert await told(any_database) == [f"conversation:{conversation}:1"]
    await read(editor, conversation, 2)
    await read(editor, conversation, 1)
    await editor.call("update_membership", p_conversation_id=conversation, p_updates={"pinned": True})
    assert await told(any_database) == [], "only a mark that moved is news"
    await editor.send(conversation)
    assert await told(any_database) == [], "whoever writes has read: the message tells it"
    alone = await owner.new_conversation()
    await owner.send(alone)
    second = await owner.send(alone)
    await owner.call(
        "update_membership", p_conversation_id=alone, p_updates={"last_read_seq": second["message"]["seq"]}
    )
    assert await told(any_database) == [], "nobody else is there to be told"


async def test_members_who_come_or_go_are_told(any_database: Database) -> None:
    owner, _, _, conversation = await three(any_database)
    third = await any_database.sign_up()
    await any_database.forget_frames()
    await owner.add(conversation, third)
    assert await told(any_database) == [f"conversation:{conversation}:1"]
    await owner.call_private("remove_member", p_conversation_id=conversation, p_user_id=third.id)
    assert await told(any_database) == [f"conversation:{conversation}:1"]
