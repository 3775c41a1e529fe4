"""Conversations, memberships and profiles: what a change moves, and what it must not move."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from tests.contract.database.test_messages import refused, snapshot
from tests.support.postgres import Database, Person, new_id


async def test_creating_again_answers_with_what_has_become_of_it(any_database: Database) -> None:
    person = await any_database.sign_up()
    arguments = {"p_id": new_id(), "p_title": "One", "p_model": "m", "p_system_prompt": "Be short."}
    first = await person.call("create_conversation", **arguments)
    assert await person.call("create_conversation", **arguments) == first
    renamed = await person.call("update_conversation", p_id=arguments["p_id"], p_updates={"title": "Two"})
    before = await snapshot(any_database)
    assert (await person.call("create_conversation", **arguments))["conversation"] == renamed["conversation"]
    assert await snapshot(any_database) == before


async def test_an_update_that_changes_nothing_takes_no_number(any_database: Database) -> None:
    person = await any_database.sign_up(display_name="Ann")
    conversation = await person.new_conversation("One")
    await person.call("update_profile", p_updates={"username": "ann"})
    await person.send(conversation)
    before = await snapshot(any_database)
    await person.call("update_conversation", p_id=conversation, p_updates={"title": "One", "model": None})
    await person.call("update_conversation", p_id=conversation, p_updates={})
    await person.call(
        "update_membership", p_conversation_id=conversation, p_updates={"pinned": False, "last_read_seq": 1}
    )
    await person.call("update_profile", p_updates={"username": "ann", "display_name": "Ann"})
    assert await snapshot(any_database) == before


async def test_news_move_a_conversation_up_and_settings_do_not(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation("One")

    async def updated_at(updates: dict[str, Any]) -> str:
        answer = await person.call("update_conversation", p_id=conversation, p_updates=updates)
        return str(answer["conversation"]["updated_at"])

    made = await updated_at({})
    assert await updated_at({"model": "m", "system_prompt": "p", "temperature": 0.5}) == made
    assert await updated_at({"model": None, "system_prompt": None, "temperature": None}) == made
    renamed = await updated_at({"title": "Two"})
    assert renamed > made
    sent = await person.send(conversation)
    assert sent["conversation"]["updated_at"] > renamed
    assert sent["conversation"]["revision"] == 5
    gone = await person.call("delete_message", p_id=sent["message"]["id"])
    assert gone["message"]["revision"] == 6
    assert await updated_at({}) == sent["conversation"]["updated_at"]


async def test_a_deletion_is_answered_the_same_again(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation("One")
    await person.send(conversation)
    gone = await person.call("delete_conversation", p_id=conversation)
    assert (gone["conversation"]["title"], gone["conversation"]["revision"]) == ("", 3)
    before = await snapshot(any_database)
    assert await person.call("delete_conversation", p_id=conversation) == gone
    assert await snapshot(any_database) == before
    await refused(person, "42501", "update_conversation", p_id=conversation, p_updates={"title": "x"})
    await refused(
        person, "42501", "update_membership", p_conversation_id=conversation, p_updates={"pinned": True}
    )


async def test_bad_changes_of_a_conversation_are_refused(database: Database) -> None:
    person = await database.sign_up()
    conversation = await person.new_conversation()
    for updates in (
        {"title": None},
        {"title": 1},
        {"title": "x" * 301},
        {"model": "x" * 201},
        {"model": ["m"]},
        {"system_prompt": "x" * 100_001},
        {"temperature": "warm"},
        {"temperature": -0.1},
        {"temperature": 2.1},
        {"owner_id": person.id},
        {"revision": 99},
        {"epoch": 1},
        {"title": "good", "deleted_at": None},
    ):
        await refused(person, "22023", "update_conversation", p_id=conversation, p_updates=updates)


async def test_changes_must_be_an_object(database: Database) -> None:
    person = await database.sign_up()
    conversation = await person.new_conversation()
    for bad in ("[]", "1", "null", '"title"', None):
        await refused(person, "22023", "update_conversation", p_id=conversation, p_updates=bad)
        await refused(person, "22023", "update_profile", p_updates=bad)
        await refused(person, "22023", "update_membership", p_conversation_id=conversation, p_updates=bad)
    for arguments in ({"p_id": None, "p_title": "x"}, {"p_id": new_id(), "p_title": None}):
        await refused(person, "22023", "create_conversation", **arguments)


async def test_reading_goes_forward_only_and_not_past_the_end(any_database: Database) -> None:
    owner, reader = await any_database.sign_up(), await any_database.sign_up()
    conversation = await owner.new_conversation()
    await owner.add(conversation, reader, "viewer")
    for _ in range(3):
        await owner.send(conversation)

    async def read(seq: float) -> int:
        answer = await reader.call(
            "update_membership", p_conversation_id=conversation, p_updates={"last_read_seq": seq}
        )
        return int(answer["membership"]["last_read_seq"])

    assert [await read(seq) for seq in (2, 1, -5, 2.9, 3, 10**30)] == [2, 2, 2, 2, 3, 3]
    answer = await reader.call(
        "update_membership", p_conversation_id=conversation, p_updates={"pinned": True, "archived": True}
    )
    assert (answer["membership"]["pinned"], answer["membership"]["archived"]) == (True, True)
    for bad in (
        {"pinned": None},
        {"pinned": "yes"},
        {"last_read_seq": "3"},
        {"role": "owner"},
        {"user_id": owner.id},
    ):
        await refused(reader, "22023", "update_membership", p_conversation_id=conversation, p_updates=bad)


async def test_a_removed_member_who_comes_back_counts_on(any_database: Database) -> None:
    owner, guest = await any_database.sign_up(), await any_database.sign_up()
    conversation = await owner.new_conversation()
    await owner.add(conversation, guest)
    await guest.send(conversation)
    await owner.call_private("remove_member", p_conversation_id=conversation, p_user_id=guest.id)
    answer = await guest.call("pull_changes", p_after=0)
    gone = [c for c in answer["changes"] if c["entity_id"] == conversation]
    assert [(c["kind"], c["removed"], c["record"]) for c in gone] == [
        ("roster", True, None),
        ("conversation", True, None),
        ("membership", True, None),
    ]
    await refused(guest, "42501", "pull_messages", p_conversation_id=conversation, p_after=0)
    # Nobody whose profile went out of sight stays in the pull.
    [profile] = [c for c in answer["changes"] if c["entity_id"] == owner.id]
    assert (profile["removed"], profile["record"]) == (True, None)
    await owner.add(conversation, guest)
    back = [
        c
        for c in (await guest.call("pull_changes", p_after=answer["cursor"]))["changes"]
        if c["kind"] == "membership"
    ]
    assert [c["removed"] for c in back] == [False]
    assert back[0]["entity_revision"] > gone[2]["entity_revision"]
    before = await snapshot(any_database)
    stranger = await any_database.sign_up()
    for caller, target in ((guest, owner), (owner, owner), (stranger, guest)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await caller.call_private("remove_member", p_conversation_id=conversation, p_user_id=target.id)
    assert (await snapshot(any_database))[1:4] == before[1:4]
    await guest.call_private("remove_member", p_conversation_id=conversation, p_user_id=guest.id)
    await owner.call_private("remove_member", p_conversation_id=conversation, p_user_id=stranger.id)


async def test_profiles(any_database: Database) -> None:
    ann, bob = await any_database.sign_up(display_name="Ann"), await any_database.sign_up()
    answer = await ann.call(
        "update_profile", p_updates={"username": "ann_1", "avatar_path": f"{ann.id}/face.png"}
    )
    assert answer["profile"] | {"updated_at": ""} == {
        "id": ann.id,
        "username": "ann_1",
        "display_name": "Ann",
        "avatar_path": f"{ann.id}/face.png",
        "shows_presence": True,
        "shows_typing": True,
        "shows_reading": True,
        "revision": 2,
        "updated_at": "",
    }
    assert "taken" in await refused(bob, "23505", "update_profile", p_updates={"username": "ann_1"})
    cleared = await ann.call("update_profile", p_updates={"username": None, "avatar_path": None})
    assert (cleared["profile"]["username"], cleared["profile"]["avatar_path"]) == (None, None)
    await bob.call("update_profile", p_updates={"username": "ann_1"})
    for bad in (
        {"username": "ab"},
        {"username": "a" * 31},
        {"username": "Ann"},
        {"username": "a b"},
        {"username": 7},
        {"display_name": "x" * 81},
        {"avatar_path": f"{bob.id}/face.png"},
        {"avatar_path": "../face.png"},
        {"revision": 1},
    ):
        await refused(ann, "22023", "update_profile", p_updates=bad)


HOSTILE_TRAITS = (
    "null",
    "[]",
    '"text"',
    "7",
    "{}",
    '{"username": null, "display_name": null}',
    '{"username": {"a": 1}, "display_name": [1, 2]}',
    '{"username": "x"}',
    json.dumps({"username": "u" * 100_000, "display_name": "d" * 100_000}),
    json.dumps({"username": "'; drop table public.profiles; --", "name": "\x01\x1b[31m\n"}),
    json.dumps({"username": "TAKEN"}),
    json.dumps({"full_name": "\u202e" + "😀" * 200}),
)


async def test_no_metadata_stops_a_sign_up(any_database: Database) -> None:
    auth = await any_database.as_role("supabase_auth_admin")
    await any_database.sign_up(username="taken")
    for traits in HOSTILE_TRAITS:
        user_id = new_id()
        await auth.execute("insert into auth.users (id, raw_user_meta_data) values ($1, $2)", user_id, traits)
        made = await (await any_database.admin()).fetchval(
            "select count(*) from public.profiles where id = $1", user_id
        )
        assert made == 1, traits
        profile = (await Person(any_database, user_id).call("ensure_profile"))["profile"]
        assert len(profile["display_name"]) <= 80
        assert "\n" not in profile["display_name"]
        assert profile["username"] is None or profile["username"].startswith("taken_")
        assert profile["revision"] == 1


async def test_a_sign_up_survives_a_broken_profile_table(any_database: Database) -> None:
    admin = await any_database.admin()
    await admin.execute("alter table public.profiles rename to away")
    person = await any_database.sign_up()
    assert await admin.fetchval("select count(*) from auth.users where id = $1", person.id) == 1
    await admin.execute("alter table public.away rename to profiles")
    assert (await person.call("ensure_profile"))["profile"]["id"] == person.id
    assert await person.call("ensure_profile") == await person.call("ensure_profile")
    await refused(Person(any_database, new_id()), "PT401", "ensure_profile")


async def test_a_deleted_account_leaves_the_others_their_conversation(any_database: Database) -> None:
    owner, guest = await any_database.sign_up(), await any_database.sign_up()
    conversation = await owner.new_conversation()
    await owner.add(conversation, guest)
    await owner.send(conversation, "Stay")
    await any_database.forget_frames()
    auth = await any_database.as_role("supabase_auth_admin")
    await auth.execute("delete from auth.users where id = $1", owner.id)
    [message] = (await guest.call("pull_messages", p_conversation_id=conversation, p_after=0))["messages"]
    assert (message["content"], message["author_id"]) == ("Stay", None)
    frames = await any_database.frames()
    told = [frame for frame in frames if frame["topic"] == f"user:{guest.id}"]
    assert [frame["payload"]["kind"] for frame in told] == ["conversation", "roster", "membership"]
    [marks] = [frame for frame in frames if frame not in told]
    assert (marks["topic"], marks["event"]) == (f"conversation:{conversation}:1", "marks")


async def test_when_the_model_answers(any_database: Database) -> None:
    ann, bob = await any_database.sign_up(), await any_database.sign_up()
    talk = await ann.new_conversation()
    await ann.add(talk, bob)
    for wish in ("always", "mentioned", None):
        answer = await bob.call("update_conversation", p_id=talk, p_updates={"answers": wish})
        assert answer["conversation"]["answers"] == wish
        page = await ann.call("page_messages", p_conversation_id=talk)
        assert page["conversation"] == answer["conversation"]
    for bad in ("never", 7, ""):
        await refused(ann, "22023", "update_conversation", p_id=talk, p_updates={"answers": bad})
