"""Importing: added once, never overwritten, in the caller's name, told by one frame."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from tests.contract.database.test_messages import snapshot
from tests.support.postgres import Database, Person, new_id

OLD = "2021-03-04T05:06:07.000008+00:00"
OLDER = "2021-03-04T05:06:06+00:00"


def message(content: str | None = "Hello", **fields: Any) -> dict[str, Any]:
    return {
        "id": new_id(),
        "parent_id": None,
        "replaces": None,
        "role": "user",
        "content": content,
        "model": None,
        "usage": None,
        "status": "complete",
        "error": None,
        "created_at": OLD,
        "updated_at": OLD,
    } | fields


def conversation(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "id": new_id(),
        "title": "Brought along",
        "created_at": OLDER,
        "updated_at": OLD,
        "messages": list(messages),
    } | fields


async def bring(person: Person, *conversations: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await person.call(
        "import_conversations", p_conversations=json.dumps(list(conversations))
    )
    return answer


async def refused(person: Person, code: str, *conversations: Any) -> None:
    before = await snapshot(person.database)
    with pytest.raises(asyncpg.PostgresError) as failure:
        await bring(person, *conversations)
    assert failure.value.sqlstate == code
    assert await snapshot(person.database) == before


async def test_times_order_versions_and_marks_are_kept(any_database: Database) -> None:
    person = await any_database.sign_up()
    asked = message("Wy?")
    answer = message(
        "Because.",
        parent_id=asked["id"],
        role="assistant",
        model="m",
        usage={"total": 3},
        status="error",
        error="It broke.",
        created_at=OLDER,
    )
    edited = message("Why?", replaces=asked["id"])
    given = conversation(asked, answer, edited, pinned=True, temperature=0.5, system_prompt="Be brief.")
    brought = await bring(person, given)
    (fate,) = brought["conversations"]
    assert fate["state"] == "made"
    row = fate["conversation"]
    assert (row["owner_id"], row["created_at"], row["updated_at"]) == (person.id, OLDER, OLD)
    assert (row["temperature"], row["system_prompt"]) == (0.5, "Be brief.")
    assert (fate["membership"]["pinned"], fate["membership"]["archived"]) == (True, False)
    assert fate["membership"]["last_read_seq"] == row["last_seq"] == 3
    pulled = await person.call("pull_messages", p_conversation_id=given["id"], p_after=0)
    assert pulled["messages"] == brought["messages"]
    assert pulled["cursor"] == row["revision"]
    keys = (
        "id",
        "parent_id",
        "replaces",
        "role",
        "content",
        "model",
        "usage",
        "status",
        "error",
        "created_at",
    )
    for found, wanted in zip(pulled["messages"], (asked, answer, edited), strict=True):
        assert {key: found[key] for key in keys} == {key: wanted[key] for key in keys}
        assert found["author_id"] == person.id
    assert [found["seq"] for found in pulled["messages"]] == [1, 2, 3]


async def test_a_repeated_import_changes_nothing(any_database: Database) -> None:
    person = await any_database.sign_up()
    given = conversation(message())
    await bring(person, given)
    await person.call("update_conversation", p_id=given["id"], p_updates={"title": "Mine now"})
    await person.call("delete_message", p_id=given["messages"][0]["id"])
    before = await snapshot(any_database)
    again = await bring(person, given)
    assert [fate["state"] for fate in again["conversations"]] == ["same"]
    assert again["messages"] == []
    assert await snapshot(any_database) == before


async def test_a_conversation_comes_in_several_calls(any_database: Database) -> None:
    person = await any_database.sign_up()
    first = message("1")
    given = conversation(first)
    await bring(person, given)
    more = given | {"messages": [first, message("2", parent_id=first["id"]), message("3")]}
    (fate,) = (await bring(person, more))["conversations"]
    assert (fate["state"], fate["conversation"]["last_seq"]) == ("grown", 3)
    assert fate["membership"]["last_read_seq"] == 3
    pulled = await person.call("pull_messages", p_conversation_id=given["id"], p_after=0)
    assert [row["content"] for row in pulled["messages"]] == ["1", "2", "3"]
    assert pulled["cursor"] == fate["conversation"]["revision"]


async def test_one_frame_leaves_a_gap_and_the_pull_brings_everything(any_database: Database) -> None:
    person, stranger = await any_database.sign_up(), await any_database.sign_up()
    start = (await person.call("pull_changes", p_after=0))["cursor"]
    await any_database.forget_frames()
    given = [conversation(message(), message()) for _ in range(5)]
    await bring(person, *given)
    (frame,) = await any_database.frames()
    assert frame["topic"] == f"user:{person.id}"
    assert frame["payload"]["user_revision"] == start + 10
    pulled = await person.call("pull_changes", p_after=start)
    assert pulled["cursor"] == start + 10
    changed = {(change["kind"], change["entity_id"]) for change in pulled["changes"]}
    assert changed == {(kind, each["id"]) for kind in ("conversation", "membership") for each in given}
    assert (await stranger.call("pull_changes", p_after=1))["changes"] == []
    # Afterwards messages are told one by one again.
    await any_database.forget_frames()
    await person.send(given[0]["id"], "News")
    assert f"conversation:{given[0]['id']}:1" in {frame["topic"] for frame in await any_database.frames()}


async def test_members_of_a_conversation_that_grows_are_told(any_database: Database) -> None:
    person, friend = await any_database.sign_up(), await any_database.sign_up()
    given = conversation(message())
    await bring(person, given)
    await person.add(given["id"], friend)
    await any_database.forget_frames()
    await bring(person, given | {"messages": [message("More")]})
    frames = await any_database.frames()
    assert {(frame["topic"], frame["event"]) for frame in frames} == {
        (f"user:{person.id}", "hint"),
        (f"user:{friend.id}", "hint"),
        (f"user:{person.id}", "entity"),
    }


async def test_what_was_deleted_stays_deleted_and_what_is_anothers_stays_theirs(
    any_database: Database,
) -> None:
    person, stranger = await any_database.sign_up(), await any_database.sign_up()
    given = conversation(message())
    await bring(person, given)
    before = await snapshot(any_database)
    taken = await bring(stranger, given)
    assert taken == {"conversations": [{"id": given["id"], "state": "taken"}], "messages": []}
    assert await snapshot(any_database) == before
    await person.add(given["id"], stranger)
    assert (await bring(stranger, given))["conversations"][0]["state"] == "taken"
    await person.call("delete_conversation", p_id=given["id"])
    assert (await bring(person, given))["conversations"] == [{"id": given["id"], "state": "gone"}]
    theirs = message()
    await bring(stranger, conversation(theirs))
    await refused(person, "23505", conversation(theirs))


async def test_times_out_of_this_world_are_put_right(any_database: Database) -> None:
    person = await any_database.sign_up()
    given = conversation(
        message(created_at="infinity", updated_at=None),
        message(created_at="-infinity", updated_at="-infinity"),
        message(created_at=None, updated_at=None),
        created_at="9999-01-01",
        updated_at=None,
    )
    brought = await bring(person, given)
    now = (await person.call("ensure_profile"))["profile"]["updated_at"]
    times = [row["created_at"] for row in brought["messages"]]
    assert times[1].startswith("1970-01-01")
    assert all(time[:4] >= now[:4] for time in (times[0], times[2]))
    assert brought["conversations"][0]["conversation"]["updated_at"][:4] < "9999"


@pytest.mark.parametrize(
    "bad",
    [
        {"title": None},
        {"id": None},
        {"title": "x" * 301},
        {"temperature": 3},
        {"messages": None},
        {"messages": [message(role="tool")]},
        {"messages": [message(role=None)]},
        {"messages": [message(status="streaming")]},
        {"messages": [message(content=None)]},
        {"messages": [message(id=None)]},
        {"messages": [message(error="x" * 2001)]},
        {"messages": [message(usage={"x": "y" * 10_000})]},
        {"messages": [message(parent_id=new_id())]},
        {"messages": [message(replaces=new_id())]},
        {"messages": [message() for _ in range(501)]},
    ],
)
async def test_bad_rows_are_refused_as_a_whole(database: Database, bad: dict[str, Any]) -> None:
    person = await database.sign_up()
    await refused(person, "22023", conversation(message()), conversation() | bad)


async def test_bad_trees_are_refused(any_database: Database) -> None:
    person = await any_database.sign_up()
    first = message()
    later = message(parent_id=first["id"])
    version = message(replaces=first["id"])
    await refused(person, "22023", conversation(later, first))
    await refused(person, "22023", conversation(first, version, message(replaces=version["id"])))
    await refused(person, "22023", conversation(first, later, message(replaces=later["id"])))
    await refused(person, "23505", conversation(first, first))
    own = message()
    await refused(person, "22023", conversation(own | {"parent_id": own["id"]}))
    for text in ("{}", "3", "null", "[3]", json.dumps([conversation()] * 201)):
        with pytest.raises(asyncpg.PostgresError) as failure:
            await person.call("import_conversations", p_conversations=text)
        assert failure.value.sqlstate == "22023"


async def test_nobody_else_may_call_it_or_its_parts(any_database: Database) -> None:
    person = await any_database.sign_up()
    for role in ("anon", "service_role"):
        async with person.session(role=role) as session:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.execute("select public.import_conversations('[]')")
    for part in (
        "import_messages(null::public.conversations, '[]')",
        "check_import(null, '[]')",
        "import_rows('[]')",
        "import_time(null, null)",
        "note(null, null, null, null)",
    ):
        async with person.session() as session:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.execute(f"select private.{part}")


async def test_two_imports_of_one_file_at_once_make_one(any_database: Database) -> None:
    person = await any_database.sign_up()
    given = [conversation(message()) for _ in range(20)]
    one, two = [await any_database.connect("authenticator") for _ in range(2)]
    answers = await asyncio.gather(
        person.call("import_conversations", connection=one, p_conversations=json.dumps(given)),
        person.call("import_conversations", connection=two, p_conversations=json.dumps(given[::-1])),
    )
    states = [fate["state"] for answer in answers for fate in answer["conversations"]]
    assert (states.count("made"), states.count("same")) == (20, 20)
    pulled = await person.call("pull_changes", p_after=0)
    assert len([change for change in pulled["changes"] if change["kind"] == "conversation"]) == 20


def picture(place: str, of: str, **fields: Any) -> dict[str, Any]:
    """What a message says of a file."""
    return {
        "name": "cat.png",
        "path": f"{place}/{of}/0.png",
        "media_type": "image/png",
        "size": 12,
        "width": 3,
        "height": 4,
    } | fields


async def test_a_message_brings_the_names_of_its_files(any_database: Database) -> None:
    person = await any_database.sign_up()
    look, plain = message("Look."), message("Plain.")
    made = conversation(look, plain)
    look["attachments"] = [picture(made["id"], look["id"])]
    # The client makes the place for the files first.
    assert (await bring(person, made | {"messages": []}))["conversations"][0]["state"] == "made"
    assert (await bring(person, made))["conversations"][0]["state"] == "grown"
    assert (await bring(person, made))["conversations"][0]["state"] == "same"
    page = await person.call("page_messages", p_conversation_id=made["id"])
    found = {row["content"]: row["attachments"] for row in page["messages"]}
    assert found == {"Look.": look["attachments"], "Plain.": []}


@pytest.mark.parametrize(
    "wrong", [{"path": "elsewhere"}, {"size": 99_000_000}, {"media_type": "text/html"}, {"name": ""}]
)
async def test_a_file_that_no_message_can_have_is_refused(database: Database, wrong: dict[str, Any]) -> None:
    person = await database.sign_up()
    look = message("Look.")
    made = conversation(look)
    look["attachments"] = [picture(made["id"], look["id"], **wrong)]
    await refused(person, "22023", made)


async def test_a_file_of_another_message_is_not_named(database: Database) -> None:
    person = await database.sign_up()
    look = message("Look.")
    made = conversation(look)
    look["attachments"] = [picture(made["id"], new_id())]
    await refused(person, "22023", made)
