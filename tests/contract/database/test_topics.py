"""Who may listen and speak on which channel, asked as Realtime asks: a row read and a row written."""

from __future__ import annotations

import asyncpg
import pytest

from tests.support.postgres import Database, Person, new_id


async def may_receive(person: Person, topic: str, extension: str = "broadcast") -> bool:
    """Insert a probe as the server does, read it back as the person, take it away."""
    admin = await person.database.admin()
    probe = new_id()
    await admin.execute(
        "insert into realtime.messages (id, topic, extension) values ($1, $2, $3)", probe, topic, extension
    )
    try:
        async with person.session() as connection:
            await connection.execute("select set_config('realtime.topic', $1, true)", topic)
            seen = await connection.fetchval("select count(*) from realtime.messages where id = $1", probe)
            return bool(seen == 1)
    finally:
        await admin.execute("delete from realtime.messages where id = $1", probe)


async def may_send(person: Person, topic: str, extension: str = "broadcast") -> bool:
    connection = await person.database.as_role("authenticator")
    try:
        async with person.session(connection):
            await connection.execute("select set_config('realtime.topic', $1, true)", topic)
            await connection.execute(
                "insert into realtime.messages (topic, extension) values ($1, $2)", topic, extension
            )
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def rights(person: Person, topic: str) -> str:
    """Four letters: receive broadcasts, receive presence, send broadcasts, send presence; - for no."""
    answers = (
        ("r", await may_receive(person, topic)),
        ("p", await may_receive(person, topic, "presence")),
        ("R", await may_send(person, topic)),
        ("P", await may_send(person, topic, "presence")),
    )
    return "".join(letter if allowed else "-" for letter, allowed in answers)


async def test_a_persons_own_topic(any_database: Database) -> None:
    ann, bob = await any_database.sign_up(), await any_database.sign_up()
    assert await rights(ann, f"user:{ann.id}") == "rp-P"
    assert await rights(bob, f"user:{ann.id}") == "----"


async def test_a_conversations_topics_by_role(any_database: Database) -> None:
    owner, editor, viewer, stranger = [await any_database.sign_up() for _ in range(4)]
    conversation = await owner.new_conversation()
    await owner.add(conversation, editor, "editor")
    await owner.add(conversation, viewer, "viewer")
    rows, live = f"conversation:{conversation}:1", f"conversation:{conversation}:1:live"
    for person, on_rows, on_live in (
        (owner, "r---", "rpRP"),
        (editor, "r---", "rpRP"),
        (viewer, "r---", "rp-P"),
        (stranger, "----", "----"),
    ):
        assert (await rights(person, rows), await rights(person, live)) == (on_rows, on_live)


async def test_a_stale_epoch_is_refused_to_everybody(any_database: Database) -> None:
    owner, editor = await any_database.sign_up(), await any_database.sign_up()
    conversation = await owner.new_conversation()
    await owner.add(conversation, editor)
    await owner.call_private("remove_member", p_conversation_id=conversation, p_user_id=editor.id)
    for suffix in ("", ":live"):
        assert await rights(owner, f"conversation:{conversation}:1{suffix}") == "----"
        assert await rights(editor, f"conversation:{conversation}:1{suffix}") == "----"
        assert await rights(editor, f"conversation:{conversation}:2{suffix}") == "----"
        assert await rights(owner, f"conversation:{conversation}:3{suffix}") == "----"
    assert await rights(owner, f"conversation:{conversation}:2") == "r---"
    assert await rights(owner, f"conversation:{conversation}:2:live") == "rpRP"


async def test_a_deleted_conversation_is_silent(any_database: Database) -> None:
    owner = await any_database.sign_up()
    conversation = await owner.new_conversation()
    await owner.call("delete_conversation", p_id=conversation)
    assert await rights(owner, f"conversation:{conversation}:1") == "----"
    assert await rights(owner, f"conversation:{conversation}:1:live") == "----"


async def test_odd_topics_are_refused_without_an_error(any_database: Database) -> None:
    ann = await any_database.sign_up()
    conversation = await ann.new_conversation()
    for topic in (
        "user:",
        "user:not-a-uuid",
        f"user:{ann.id}:live",
        f"user:{ann.id.upper()}",
        "conversation:",
        "conversation:not-a-uuid:1",
        f"conversation:{conversation}",
        f"conversation:{conversation}:",
        f"conversation:{conversation}:0",
        f"conversation:{conversation}:01",
        f"conversation:{conversation}:-1",
        f"conversation:{conversation}:{'9' * 30}",
        f"conversation:{conversation}:1:dead",
        f"conversation:{conversation}:1:live:live",
        f" conversation:{conversation}:1",
        f"conversation:{conversation}:1\n",
        "%",
        "'; drop table profiles; --",
        "x" * 5000,
    ):
        assert await rights(ann, topic) == "----", topic
    assert not await may_receive(ann, f"user:{ann.id}", "postgres_changes")


@pytest.mark.parametrize("who", ["editor", "stranger"])
async def test_a_topic_that_is_not_set_shows_nothing(any_database: Database, who: str) -> None:
    owner, other = await any_database.sign_up(), await any_database.sign_up()
    conversation = await owner.new_conversation()
    if who == "editor":
        await owner.add(conversation, other)
    await owner.send(conversation)
    async with other.session() as connection:
        assert await connection.fetchval("select count(*) from realtime.messages") == 0
