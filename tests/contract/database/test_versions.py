"""Versions: what replaces what, and who may not."""

from __future__ import annotations

from typing import Any

from tests.contract.database.test_generations import claim_of, lease
from tests.contract.database.test_messages import message_to, refused, snapshot
from tests.support.postgres import Database, Person, new_id


async def talk(person: Person) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A conversation with a question and a message that answers it."""
    conversation = await person.new_conversation()
    asked = (await person.send(conversation, "Wy?"))["message"]
    answer = (await person.send(conversation, "Because.", p_parent_id=asked["id"]))["message"]
    return conversation, asked, answer


async def test_an_edit_is_a_message_beside_the_one_it_replaces(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation, asked, _ = await talk(person)
    await any_database.forget_frames()
    edited = (await person.send(conversation, "Why?", p_replaces=asked["id"]))["message"]
    assert (edited["replaces"], edited["parent_id"], edited["seq"]) == (asked["id"], None, 3)
    rows = (await person.call("pull_messages", p_conversation_id=conversation, p_after=0))["messages"]
    assert [(row["content"], row["replaces"]) for row in rows] == [
        ("Wy?", None),
        ("Because.", None),
        ("Why?", asked["id"]),
    ]
    page = await person.call("page_messages", p_conversation_id=conversation)
    assert page["messages"] == rows
    assert asked["id"] in str(await any_database.frames())


async def test_a_version_of_a_version_is_one_of_the_first(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation, asked, answer = await talk(person)
    second = (await person.send(conversation, "2", p_replaces=asked["id"]))["message"]
    third = (await person.send(conversation, "3", p_replaces=second["id"]))["message"]
    assert third["replaces"] == asked["id"]
    await person.call("delete_message", p_id=asked["id"])
    fourth = (await person.send(conversation, "4", p_replaces=asked["id"]))["message"]
    assert fourth["replaces"] == asked["id"]
    below = await person.send(conversation, "Because!", p_parent_id=asked["id"], p_replaces=answer["id"])
    assert below["message"]["replaces"] == answer["id"]


async def test_a_repeated_edit_has_one_effect(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation, asked, _ = await talk(person)
    second = (await person.send(conversation, "2", p_replaces=asked["id"]))["message"]
    edit = {"p_id": new_id(), "content": "3", "p_replaces": second["id"]}
    first = await person.send(conversation, **edit)
    before = await snapshot(any_database)
    assert await person.send(conversation, **edit) == first
    assert await snapshot(any_database) == before
    send = message_to(conversation) | {"p_id": edit["p_id"], "p_content": "3"}
    await refused(person, "23505", "send_message", **send)


async def test_a_version_stands_where_the_other_one_stands(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation, asked, answer = await talk(person)
    _, elsewhere, _ = await talk(person)
    send = message_to(conversation)
    for bad in (
        {"p_replaces": new_id()},
        {"p_replaces": elsewhere["id"]},
        {"p_replaces": answer["id"]},
        {"p_replaces": asked["id"], "p_parent_id": answer["id"]},
        {"p_replaces": asked["id"], "p_role": "system"},
    ):
        await refused(person, "22023", "send_message", **send | bad)
    own = send | {"p_replaces": send["p_id"]}
    await refused(person, "22023", "send_message", **own)


async def test_each_further_run_for_a_question_is_a_version_of_the_first(any_database: Database) -> None:
    person = await any_database.sign_up()
    _, asked, _ = await talk(person)
    first = await person.call("claim_generation", **claim_of(asked["id"], 1))
    assert first["message"]["replaces"] is None
    second = await person.call("claim_generation", **claim_of(asked["id"], 2))
    third = await person.call("claim_generation", **claim_of(asked["id"], 3))
    for claimed in (second, third):
        assert claimed["message"]["replaces"] == first["message"]["id"]
    ended = await person.call("finish_generation", **lease(third), p_status="complete", p_content="So.")
    assert ended["message"]["replaces"] == first["message"]["id"]


async def test_a_call_without_the_new_argument_still_sends(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    sent = await person.call("send_message", **message_to(conversation))
    assert sent["message"]["replaces"] is None
