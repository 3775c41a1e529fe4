"""Sending, sending again, deleting."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.support.postgres import Database, Person, new_id


async def snapshot(database: Database) -> list[Any]:
    """Everything that a change could have touched."""
    admin = await database.admin()
    state: list[Any] = []
    for table in (
        "public.profiles",
        "public.conversations",
        "public.conversation_members",
        "public.messages",
        "public.generations",
        "public.provider_settings",
        "public.user_changes",
        "private.user_counters",
        "realtime.messages",
    ):
        state.append(
            [tuple(row) for row in await admin.fetch(f"select * from {table} as t order by t::text")]
        )
    return state


def message_to(conversation: str) -> dict[str, Any]:
    """The arguments of a new message."""
    return {
        "p_id": new_id(),
        "p_conversation_id": conversation,
        "p_parent_id": None,
        "p_role": "user",
        "p_content": "x",
    }


async def refused(person: Person, code: str, function: str, **arguments: Any) -> str:
    """The words of a refusal with that SQLSTATE, which changed nothing."""
    before = await snapshot(person.database)
    with pytest.raises(asyncpg.PostgresError) as caught:
        await person.call(function, **arguments)
    assert caught.value.sqlstate == code
    assert await snapshot(person.database) == before
    return str(caught.value)


async def test_a_message_takes_its_numbers(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    first = await person.send(conversation, "One")
    second = await person.send(
        conversation, "", p_parent_id=first["message"]["id"], p_role="assistant", p_model="m"
    )
    assert (first["message"]["seq"], first["message"]["revision"]) == (1, 2)
    assert (second["message"]["seq"], second["message"]["revision"]) == (2, 3)
    assert second["message"]["parent_id"] == first["message"]["id"]
    assert second["message"]["author_id"] == person.id
    assert (second["message"]["status"], second["message"]["model"]) == ("complete", "m")
    assert second["conversation"]["last_seq"] == 2
    assert second["conversation"]["updated_at"] == second["message"]["created_at"]
    assert second["membership"]["last_read_seq"] == 2


async def test_a_repeated_send_has_one_effect(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    message = {"p_id": new_id(), "content": "Once"}
    first = await person.send(conversation, **message)
    before = await snapshot(any_database)
    for _ in range(3):
        assert await person.send(conversation, **message) == first
    assert await snapshot(any_database) == before


async def test_ten_repeats_at_once_have_one_effect(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    await any_database.forget_frames()
    connections = [await any_database.connect("authenticator") for _ in range(10)]
    arguments = {
        "p_id": new_id(),
        "p_conversation_id": conversation,
        "p_parent_id": None,
        "p_role": "user",
        "p_content": "Once",
    }
    answers = await asyncio.gather(
        *(person.call("send_message", connection=one, **arguments) for one in connections)
    )
    assert all(answer == answers[0] for answer in answers)
    assert len(await any_database.frames()) == 3
    assert answers[0]["conversation"]["revision"] == 2


async def test_a_repeat_after_the_deletion_is_answered_with_the_tombstone(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    message = {"p_id": new_id(), "content": "Once"}
    await person.send(conversation, **message)
    gone = await person.call("delete_message", p_id=message["p_id"])
    before = await snapshot(any_database)
    assert (await person.send(conversation, **message))["message"] == gone["message"]
    assert await person.call("delete_message", p_id=message["p_id"]) == gone
    assert await snapshot(any_database) == before


async def test_an_id_that_is_taken_is_refused_and_nothing_changes(any_database: Database) -> None:
    ann, bob, stranger = [await any_database.sign_up() for _ in range(3)]
    conversation, other, far = (
        await ann.new_conversation(),
        await ann.new_conversation(),
        await stranger.new_conversation(),
    )
    await ann.add(conversation, bob)
    taken = (await ann.send(conversation, "Mine"))["message"]["id"]
    base = message_to(conversation) | {"p_id": taken, "p_content": "Mine"}
    await refused(bob, "23505", "send_message", **base)
    await refused(ann, "23505", "send_message", **base | {"p_content": "Other"})
    await refused(ann, "23505", "send_message", **base | {"p_role": "system"})
    await refused(ann, "23505", "send_message", **base | {"p_conversation_id": other})
    words = await refused(stranger, "23505", "send_message", **base | {"p_conversation_id": far})
    assert "Mine" not in words
    await refused(stranger, "23505", "create_conversation", p_id=conversation, p_title="Mine now")
    await refused(bob, "23505", "create_conversation", p_id=conversation, p_title="Mine now")


async def test_who_may_not_write_changes_nothing(any_database: Database) -> None:
    owner, viewer, stranger = [await any_database.sign_up() for _ in range(3)]
    conversation = await owner.new_conversation()
    await owner.add(conversation, viewer, "viewer")
    asked = (await owner.send(conversation))["message"]["id"]
    claim = {
        "p_id": new_id(),
        "p_message_id": new_id(),
        "p_reply_to": asked,
        "p_attempt": 0,
        "p_holder": new_id(),
        "p_model": "m",
    }
    answer = await owner.call("claim_generation", **claim)
    run = {"p_id": claim["p_id"], "p_fence": answer["generation"]["fence"]}
    send = message_to(conversation)
    for person in (viewer, stranger):
        for role in ("user", "assistant", "system"):
            await refused(person, "42501", "send_message", **send | {"p_role": role})
        await refused(person, "42501", "delete_message", p_id=asked)
        await refused(person, "42501", "update_conversation", p_id=conversation, p_updates={"title": "x"})
        await refused(person, "42501", "delete_conversation", p_id=conversation)
        await refused(person, "42501", "claim_generation", **claim | {"p_id": new_id(), "p_attempt": 1})
        await refused(person, "42501", "renew_generation", **run)
        await refused(person, "42501", "renew_generation", **run, p_content="forged")
        await refused(person, "42501", "finish_generation", **run, p_status="complete", p_content="forged")
        await refused(person, "42501", "stop_generation", p_message_id=claim["p_message_id"])
        await refused(person, "42501", "reap_generations", p_conversation_id=conversation)
    seen = await refused(stranger, "42501", "pull_messages", p_conversation_id=conversation, p_after=0)
    unknown = await refused(stranger, "42501", "pull_messages", p_conversation_id=new_id(), p_after=0)
    assert seen == unknown
    await refused(stranger, "42501", "page_messages", p_conversation_id=conversation)
    await refused(
        stranger, "42501", "update_membership", p_conversation_id=conversation, p_updates={"pinned": True}
    )
    await refused(stranger, "42501", "delete_message", p_id=new_id())
    assert (await viewer.call("pull_messages", p_conversation_id=conversation, p_after=0))["messages"]
    editor = await any_database.sign_up()
    await owner.add(conversation, editor)
    await refused(editor, "42501", "delete_message", p_id=asked)
    await refused(editor, "42501", "delete_conversation", p_id=conversation)
    await refused(editor, "42501", "renew_generation", **run)


async def test_bad_values_are_refused_as_such(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation, other = await person.new_conversation(), await person.new_conversation()
    elsewhere = (await person.send(other))["message"]["id"]
    send = message_to(conversation)
    for bad in (
        {"p_id": None},
        {"p_content": None},
        {"p_role": None},
        {"p_role": "tool"},
        {"p_parent_id": elsewhere},
        {"p_parent_id": new_id()},
        {"p_content": "x" * 2_000_001},
        {"p_model": "m" * 201},
    ):
        await refused(person, "22023", "send_message", **send | bad)
    assert (await person.send(conversation, "ä" * 2_000_000))["message"]["seq"] == 1


async def test_a_tombstone_has_no_text_anywhere(any_database: Database) -> None:
    owner, editor = await any_database.sign_up(), await any_database.sign_up()
    conversation = await owner.new_conversation("a canary title")
    await owner.add(conversation, editor)
    await owner.call("update_conversation", p_id=conversation, p_updates={"system_prompt": "a canary prompt"})
    first = (await editor.send(conversation, "a canary"))["message"]["id"]
    second = (await editor.send(conversation, "a canary", p_parent_id=first))["message"]["id"]
    gone = (await owner.call("delete_message", p_id=first))["message"]
    assert (gone["content"], gone["usage"], gone["error"], gone["seq"]) == ("", None, None, 1)
    await owner.call("delete_conversation", p_id=conversation)
    await any_database.forget_frames()
    assert "canary" not in str(await snapshot(any_database))
    for person in (owner, editor):
        [change] = [
            c
            for c in (await person.call("pull_changes", p_after=0))["changes"]
            if c["kind"] == "conversation"
        ]
        assert change["removed"] is False
        assert change["record"]["deleted_at"] is not None
        send = message_to(conversation) | {"p_id": second, "p_parent_id": first}
        await refused(person, "42501", "send_message", **send)
        await refused(person, "42501", "pull_messages", p_conversation_id=conversation, p_after=0)


async def test_odd_text_comes_back_as_it_was(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    for text in (
        "",
        " ",
        "\u202eabc",
        "e\u0301",
        "\x1b[31m",
        "'; --",
        "\\u0000",
        '{"a": 1}',
        "\r\n\n",
        "😀" * 3,
        "%s {}",
    ):
        assert (await person.send(conversation, text))["message"]["content"] == text
    with pytest.raises(asyncpg.PostgresError) as caught:
        await person.send(conversation, "a\0b")
    assert caught.value.sqlstate == "22021"
