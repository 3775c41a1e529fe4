"""Deleting an account: what goes, what stays, who is told; and what a project says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from chatdesk.app.schema_script import schema_script
from chatdesk.backend.check import SCHEMA_VERSION
from chatdesk.domain.text import plain_name
from tests.contract.database.test_messages import refused, snapshot
from tests.support.postgres import Database, Person, new_id

FILE = "insert into storage.objects (bucket_id, name, owner_id) values ($1, $2, $3)"


@dataclass(frozen=True)
class Scene:
    """Ann owns a chat with Bo who writes in it and Cy who reads, has one alone, and wrote in one of Bo's."""

    database: Database
    ann: Person
    bo: Person
    cy: Person
    alone: str
    shared: str
    visited: str

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await (await self.database.admin()).fetch(query, *values)]

    async def delete(self) -> dict[str, Any]:
        answer: dict[str, Any] = await self.ann.call("delete_account", p_user_id=self.ann.id)
        return answer


@pytest.fixture
async def scene(any_database: Database) -> Scene:
    ann, bo, cy = [await any_database.sign_up(display_name=name) for name in ("Ann", "Bo", "Cy")]
    alone, shared = await ann.new_conversation("Alone"), await ann.new_conversation("Shared")
    visited = await bo.new_conversation("Bo's")
    await ann.add(shared, bo)
    await ann.add(shared, cy, "viewer")
    await bo.add(visited, ann)
    await ann.send(alone, "only mine")
    for person, text in ((ann, "one"), (bo, "two"), (ann, "three")):
        await person.send(shared, text)
    await ann.send(visited, "a visit")
    settings = {"kind": "custom", "name": "Mine", "base_url": "http://localhost/v1", "models": ["m"]}
    await ann.call("save_provider", p_id=new_id(), p_settings=settings)
    return Scene(any_database, ann, bo, cy, alone, shared, visited)


async def test_what_is_alone_goes_and_what_is_shared_stays_without_a_name(scene: Scene) -> None:
    before = {m["content"]: m for m in await scene.rows("select * from public.messages")}
    assert await scene.delete() == {"deleted": True}
    users = await scene.rows("select id from auth.users order by id")
    assert {str(row["id"]) for row in users} == {scene.bo.id, scene.cy.id}
    assert await scene.rows("select from public.conversations where id = $1", scene.alone) == []
    after = {m["content"]: m for m in await scene.rows("select * from public.messages")}
    assert set(after) == {"one", "two", "three", "a visit"}
    authors = {content: row["author_id"] and str(row["author_id"]) for content, row in after.items()}
    assert authors == {"one": None, "two": scene.bo.id, "three": None, "a visit": None}
    assert all(after[text]["revision"] > before[text]["revision"] for text in ("one", "three", "a visit"))
    assert after["two"]["revision"] == before["two"]["revision"]
    for table in ("profiles", "provider_settings", "user_changes", "conversation_members"):
        column = "id" if table == "profiles" else "user_id"
        found = await scene.rows(f"select from public.{table} where {column} = $1", scene.ann.id)
        assert found == [], table


async def test_the_writer_becomes_the_owner_and_the_others_learn_of_it_by_pulling(scene: Scene) -> None:
    start = (await scene.bo.call("pull_changes", p_after=0))["cursor"]
    known = (await scene.bo.call("pull_messages", p_conversation_id=scene.shared, p_after=0))["cursor"]
    epoch = (await scene.rows("select epoch from public.conversations where id = $1", scene.shared))[0]
    await scene.database.forget_frames()
    await scene.delete()
    changes = (await scene.bo.call("pull_changes", p_after=start))["changes"]
    told = {(change["kind"], change["entity_id"]): change for change in changes}
    owned = told["conversation", scene.shared]["record"]
    assert owned["owner_id"] == scene.bo.id
    assert owned["epoch"] == epoch["epoch"] + 1, "the old channels still have the deleted one in them"
    assert told["membership", scene.shared]["record"]["role"] == "owner"
    assert told["profile", scene.ann.id]["removed"]
    assert told["conversation", scene.visited]["record"]["owner_id"] == scene.bo.id
    page = await scene.bo.call("pull_messages", p_conversation_id=scene.shared, p_after=known)
    assert [(m["content"], m["author_id"]) for m in page["messages"]] == [("one", None), ("three", None)]
    assert page["cursor"] == owned["revision"]
    frames = await scene.database.frames()
    assert not [frame for frame in frames if frame["event"] == "message"], "one gap instead of a flood"
    (own,) = [frame for frame in frames if frame["topic"] == f"user:{scene.ann.id}"]
    assert own["payload"]["record"] is None, "her other devices have to ask, and are told no"
    assert not own["payload"]["removed"]


async def test_a_reader_inherits_when_nobody_writes(any_database: Database) -> None:
    ann, cy = await any_database.sign_up(), await any_database.sign_up()
    shared = await ann.new_conversation()
    await ann.add(shared, cy, "viewer")
    await ann.call("delete_account", p_user_id=ann.id)
    await cy.send(shared, "mine now")


async def test_files_go_first_and_those_of_others_history_stay(scene: Scene) -> None:
    message, draft = new_id(), new_id()
    shown = f"{scene.shared}/{message}/0.png"
    file = {"name": "a.png", "path": shown, "media_type": "image/png", "size": 1}
    await scene.ann.send(scene.shared, "Look", p_id=message, p_attachments=[file])
    mine = {
        ("attachments", f"{scene.alone}/{draft}/0.png"),
        ("attachments", f"{scene.shared}/{draft}/0.png"),  # never sent
        ("avatars", f"{scene.ann.id}/me.png"),
    }
    admin = await scene.database.admin()
    for bucket, name in (*mine, ("attachments", shown)):
        await admin.execute(FILE, bucket, name, scene.ann.id)
    await admin.execute(FILE, "avatars", f"{scene.bo.id}/bo.png", scene.bo.id)
    found = (await scene.ann.call("account_files"))["files"]
    assert {(each["bucket"], each["name"]) for each in found} == mine
    await refused(scene.ann, "55000", "delete_account", p_user_id=scene.ann.id)
    for bucket, name in mine:
        async with scene.ann.session() as session:
            status = await session.execute(
                "delete from storage.objects where bucket_id = $1 and name = $2", bucket, name
            )
            assert status == "DELETE 1", "what is to be removed can be removed by its owner"
    await scene.delete()
    left = await scene.rows("select bucket_id, name from storage.objects order by name")
    assert {row["name"] for row in left} == {shown, f"{scene.bo.id}/bo.png"}
    kept = await scene.rows("select attachments from public.messages where id = $1", message)
    assert json.loads(kept[0]["attachments"])[0]["path"] == shown


async def test_files_of_chats_that_are_deleted_or_left_can_be_removed(scene: Scene) -> None:
    names = [f"{scene.alone}/{new_id()}/0.png", f"{scene.visited}/{new_id()}/0.png"]
    for name in names:
        await (await scene.database.admin()).execute(FILE, "attachments", name, scene.ann.id)
    await scene.ann.call("delete_conversation", p_id=scene.alone)
    await scene.bo.call_private("remove_member", p_conversation_id=scene.visited, p_user_id=scene.ann.id)
    async with scene.ann.session() as session:
        for name in names:
            assert await session.execute("delete from storage.objects where name = $1", name) == "DELETE 1"


async def test_only_oneself_and_only_who_is_meant(scene: Scene) -> None:
    await refused(scene.bo, "22023", "delete_account", p_user_id=scene.ann.id)
    await refused(scene.ann, "22023", "delete_account", p_user_id=None)
    before = await snapshot(scene.database)
    for call in ("account_files()", "delete_account(gen_random_uuid())", "echo(gen_random_uuid())"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with scene.ann.session(role="anon") as session:
                await session.fetchval(f"select public.{call}")
    assert await snapshot(scene.database) == before


async def test_a_token_that_outlives_its_account_opens_nothing(scene: Scene) -> None:
    await scene.delete()
    calls: dict[str, dict[str, object]] = {
        "delete_account": {"p_user_id": scene.ann.id},
        "account_files": {},
        "pull_changes": {"p_after": 0},
        "ensure_profile": {},
        "echo": {"p_word": new_id()},
    }
    for name, arguments in calls.items():
        await refused(scene.ann, "PT401", name, **arguments)


async def test_an_import_brings_files_and_other_peoples_words(any_database: Database) -> None:
    ann = await any_database.sign_up()
    conversation, mine, theirs = new_id(), new_id(), new_id()
    file = {"name": "a.png", "path": f"{conversation}/{mine}/0.png", "media_type": "image/png", "size": 1}
    row = {"parent_id": None, "role": "user", "content": "Hi", "status": "complete"}
    messages = [row | {"id": mine, "attachments": [file]}, row | {"id": theirs, "foreign": True}]
    given = {"id": conversation, "title": "T", "messages": messages}
    for _ in range(2):
        await ann.call("import_conversations", p_conversations=json.dumps([given]))
    rows = (await ann.call("pull_messages", p_conversation_id=conversation, p_after=0))["messages"]
    assert [row["author_id"] for row in rows] == [ann.id, None]
    assert [[each["path"] for each in row["attachments"]] for row in rows] == [[file["path"]], []]
    file["path"] = f"{conversation}/{theirs}/0.png"
    given = {"id": new_id(), "title": "T", "messages": [row | {"id": new_id(), "attachments": [file]}]}
    await refused(ann, "22023", "import_conversations", p_conversations=json.dumps([given]))


async def imported(person: Person, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that a new conversation with these messages has."""
    given = {"id": new_id(), "title": "T", "messages": list(messages)}
    await person.call("import_conversations", p_conversations=json.dumps([given]))
    page = await person.call("pull_messages", p_conversation_id=given["id"], p_after=0)
    rows: list[dict[str, Any]] = page["messages"]
    return rows


def words(**fields: Any) -> dict[str, Any]:
    row = {"id": new_id(), "parent_id": None, "role": "user", "content": "Hi", "status": "complete"}
    return row | {"foreign": True} | fields


async def test_a_name_that_is_brought_along_is_nobody(any_database: Database) -> None:
    ann, ben = await any_database.sign_up(), await any_database.sign_up()
    await ben.call("update_profile", p_updates=json.dumps({"display_name": "Ben"}))
    forged = words(author_name="Ben", author_id=ben.id)
    rows = await imported(ann, forged, words(), words(author_name=None), words(foreign=False))
    assert [(row["author_id"], row["author_name"]) for row in rows] == [
        (None, "Ben"),
        (None, None),
        (None, None),
        (ann.id, None),
    ]
    for wrong in (
        words(author_name="Ben", foreign=False),
        words(author_name="Ben", foreign="true"),
        words(author_name="Ben", role="assistant"),
        *(
            words(author_name=name)
            for name in ("", " ", "Ben ", "x" * 81, "a\nb", "a\tb", "\u202enoB", "B\u200b")
        ),
    ):
        await refused(
            ann,
            "22023",
            "import_conversations",
            p_conversations=json.dumps([{"id": new_id(), "title": "T", "messages": [wrong]}]),
        )
    admin = await any_database.admin()
    with pytest.raises(asyncpg.CheckViolationError):
        await admin.execute("update public.messages set author_id = $1 where id = $2", ben.id, forged["id"])


async def test_whatever_is_left_of_a_name_here_is_taken_there(any_database: Database) -> None:
    ann = await any_database.sign_up()
    letters = [chr(number) for number in (*range(1, 0x2400), *range(0xFE00, 0x10000))]
    names = [plain_name("".join(letters[start : start + 70])) for start in range(0, len(letters), 70)]
    given = [name for name in names if name]
    rows = await imported(ann, *(words(author_name=name) for name in given))
    assert [row["author_name"] for row in rows] == given


async def test_a_project_says_what_it_has_before_anybody_signs_in(any_database: Database) -> None:
    ann = await any_database.sign_up()

    async def state() -> dict[str, Any]:
        async with ann.session(role="anon") as session:
            answer: dict[str, Any] = json.loads(await session.fetchval("select public.schema_state()"))
            return answer

    whole = await state()
    assert whole["version"] == SCHEMA_VERSION
    assert whole["buckets"] == ["attachments", "avatars"]
    assert "realtime.messages: ChatDesk: receive" in whole["policies"]
    admin = await any_database.admin()
    await admin.execute('drop policy "ChatDesk: receive" on realtime.messages')
    await admin.execute("delete from storage.buckets where id = 'avatars'")
    less = await state()
    assert set(whole["policies"]) - set(less["policies"]) == {"realtime.messages: ChatDesk: receive"}
    assert less["buckets"] == ["attachments"]


async def test_a_word_comes_back_on_the_own_channel(any_database: Database) -> None:
    ann, word = await any_database.sign_up(), new_id()
    await any_database.forget_frames()
    await ann.call("echo", p_word=word)
    assert await any_database.frames() == [
        {"topic": f"user:{ann.id}", "event": "echo", "payload": {"word": word}}
    ]


async def test_the_script_brings_back_what_somebody_removed(any_database: Database) -> None:
    admin = await any_database.admin()
    ann = await any_database.sign_up()
    whole = await ann.call("schema_state")
    rules = (
        "select polname, polroles, polcmd, pg_get_expr(polqual, polrelid) as qual,"
        " pg_get_expr(polwithcheck, polrelid) as with_check from pg_policy order by polrelid, polname"
    )
    before = [dict(row) for row in await admin.fetch(rules)]
    policies = [policy.partition(": ") for policy in whole["policies"]]
    for table, _colon, name in policies:
        await admin.execute(f'drop policy "{name}" on {table}')
    await admin.execute("delete from storage.buckets")
    assert (await ann.call("schema_state"))["policies"] == []
    editor = await any_database.as_role("postgres")
    for _ in range(2):
        await editor.execute(schema_script())
        assert await ann.call("schema_state") == whole
    assert [dict(row) for row in await admin.fetch(rules)] == before
