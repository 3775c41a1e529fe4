"""Files on messages: what a message may name, and who may put, read and remove the files themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from tests.contract.database.test_messages import message_to, refused, snapshot
from tests.support.postgres import Database, Person, new_id

INSERT = "insert into storage.objects (bucket_id, name, owner_id) values ('attachments', $1, $2)"


def picture(conversation: str, message: str, place: int = 0, **more: Any) -> dict[str, Any]:
    """A picture as a message names it."""
    file = {
        "name": "plan.png",
        "path": f"{conversation}/{message}/{place}.png",
        "media_type": "image/png",
        "size": 1000,
        "width": 40,
        "height": 30,
    }
    return file | more


@asynccontextmanager
async def acting_as(person: Person | None, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A transaction in the name of a person, or of nobody; rolled back at its end."""
    connection = await database.as_role("authenticator")
    transaction = connection.transaction()
    await transaction.start()
    try:
        role = "authenticated" if person else "anon"
        claims = {"role": role} | ({"sub": person.id} if person else {})
        await connection.execute(f"set local role {role}")
        await connection.execute("select set_config('request.jwt.claims', $1, true)", json.dumps(claims))
        yield connection
    finally:
        await transaction.rollback()


async def can_put(database: Database, person: Person | None, path: str, owner: str | None = None) -> bool:
    """Whether this person may store a file at ``path``, as the owner that is named."""
    async with acting_as(person, database) as connection:
        try:
            await connection.execute(INSERT, path, owner or (person.id if person else None))
        except asyncpg.InsufficientPrivilegeError:
            return False
        return True


async def can_see(database: Database, person: Person | None, path: str) -> bool:
    async with acting_as(person, database) as connection:
        question = "select exists (select from storage.objects where bucket_id = 'attachments' and name = $1)"
        return bool(await connection.fetchval(question, path))


async def changed(database: Database, person: Person | None, path: str, statement: str) -> int:
    async with acting_as(person, database) as connection:
        status = await connection.execute(f"{statement} where bucket_id = 'attachments' and name = $1", path)
        return int(status.split()[-1])


async def test_a_message_carries_its_files_everywhere(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation, message = await person.new_conversation(), new_id()
    await any_database.forget_frames()
    file = picture(conversation, message)
    text = {
        "name": "größe.txt",
        "path": f"{conversation}/{message}/1.txt",
        "media_type": "text/plain",
        "size": 5,
    }
    sent = await person.send(conversation, "", p_id=message, p_attachments=[file, text])
    kept = [file, text | {"width": None, "height": None}]
    assert sent["message"]["attachments"] == kept
    pulled = await person.call("pull_messages", p_conversation_id=conversation, p_after=0)
    assert pulled["messages"][0]["attachments"] == kept
    paged = await person.call("page_messages", p_conversation_id=conversation)
    assert paged["messages"][0]["attachments"] == kept
    assert file["path"] in str(await any_database.frames())
    before = await snapshot(any_database)
    again = await person.send(conversation, "", p_id=message, p_attachments=[file, text])
    assert again["message"] == sent["message"]
    assert await snapshot(any_database) == before
    other = message_to(conversation) | {"p_id": message, "p_content": "", "p_attachments": [file]}
    await refused(person, "23505", "send_message", **other)


async def test_without_the_argument_there_are_no_files(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    assert (await person.send(conversation, "Hi"))["message"]["attachments"] == []
    assert (await person.send(conversation, "Hi", p_attachments=None))["message"]["attachments"] == []


async def test_a_list_that_is_none_is_refused(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation, message = await person.new_conversation(), new_id()
    good = picture(conversation, message)
    send = message_to(conversation) | {"p_id": message}
    bad: list[Any] = [
        {"path": good["path"]},
        [good, good],
        [picture(conversation, message, place) for place in range(11)],
        [good | {"path": f"{conversation}/{new_id()}/0.png"}],
        [good | {"path": f"{new_id()}/{message}/0.png"}],
        [good | {"path": f"{conversation}/{message}/../x.png"}],
        [good | {"path": None}],
        [good | {"name": ""}],
        [good | {"name": "x" * 201}],
        [good | {"name": 1}],
        [good | {"media_type": "image/svg+xml"}],
        [good | {"size": -1}],
        [good | {"size": "1"}],
        [good | {"size": 1.5}],
        [good | {"size": 20 * 1024 * 1024 + 1}],
        [good | {"width": "wide"}],
        [{key: value for key, value in good.items() if key != "size"}],
        ["x"],
    ]
    for files in bad:
        await refused(person, "22023", "send_message", **send | {"p_attachments": files})


async def test_a_deleted_message_names_no_files_and_they_cannot_be_read(any_database: Database) -> None:
    owner, friend = await any_database.sign_up(), await any_database.sign_up()
    conversation, message = await owner.new_conversation(), new_id()
    await owner.add(conversation, friend)
    file = picture(conversation, message)
    await owner.send(conversation, "Look", p_id=message, p_attachments=[file])
    await (await any_database.admin()).execute(INSERT, file["path"], owner.id)
    assert await can_see(any_database, friend, file["path"])
    gone = await owner.call("delete_message", p_id=message)
    assert gone["message"]["attachments"] == []
    assert not await can_see(any_database, friend, file["path"])
    repeated = await owner.send(conversation, "Look", p_id=message, p_attachments=[file])
    assert repeated["message"]["deleted_at"] is not None
    await owner.call("delete_conversation", p_id=conversation)
    assert not await can_see(any_database, friend, file["path"])
    assert await can_see(any_database, owner, file["path"]), "or nobody could remove it"
    rows = await (await any_database.admin()).fetch("select attachments from public.messages")
    assert {row["attachments"] for row in rows} == {"[]"}


async def test_who_may_put_a_file(any_database: Database) -> None:
    people = [await any_database.sign_up() for _ in range(4)]
    owner, editor, viewer, _ = people
    conversation, message = await owner.new_conversation(), new_id()
    await owner.add(conversation, editor)
    await owner.add(conversation, viewer, "viewer")
    path = f"{conversation}/{message}/0.png"
    answers = [await can_put(any_database, person, path) for person in (*people, None)]
    assert answers == [True, True, False, False, False]
    assert not await can_put(any_database, owner, path, editor.id)
    for name in (
        f"{conversation}/{message}/0.svg",
        f"{conversation}/{message}/0.png/x.png",
        f"{conversation}/{message}/",
        f"{conversation}/0.png",
        f"{owner.id}/{message}/0.png",
        "0.png",
    ):
        assert not await can_put(any_database, owner, name), name
    # Once it is sent, the message is its author's: nobody else puts a file under it.
    await owner.send(conversation, "Look", p_id=message)
    assert await can_put(any_database, owner, path)
    assert not await can_put(any_database, editor, path)
    elsewhere = await owner.new_conversation()
    assert not await can_put(any_database, owner, f"{elsewhere}/{message}/0.png")
    await owner.call("delete_conversation", p_id=conversation)
    assert not await can_put(any_database, owner, path)


async def test_who_may_read_replace_and_remove_a_file(any_database: Database) -> None:
    people = [await any_database.sign_up() for _ in range(4)]
    owner, editor, viewer, _ = people
    conversation, message = await owner.new_conversation(), new_id()
    await owner.add(conversation, editor)
    await owner.add(conversation, viewer, "viewer")
    file = picture(conversation, message)
    path = file["path"]
    await (await any_database.admin()).execute(INSERT, path, owner.id)
    everybody = (*people, None)
    # Before it is sent it is its author's alone.
    assert [await can_see(any_database, p, path) for p in everybody] == [True, False, False, False, False]
    await owner.send(conversation, "Look", p_id=message, p_attachments=[file])
    assert [await can_see(any_database, p, path) for p in everybody] == [True, True, True, False, False]
    hidden = f"{conversation}/{message}/7.png"
    await (await any_database.admin()).execute(INSERT, hidden, owner.id)
    assert [await can_see(any_database, p, hidden) for p in everybody] == [True, False, False, False, False]
    for statement in ("update storage.objects set version = '2'", "delete from storage.objects"):
        counts = [await changed(any_database, p, path, statement) for p in everybody]
        assert counts == [1, 0, 0, 0, 0], statement
    moving = f"update storage.objects set name = '{conversation}/{new_id()}/x.svg'"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await changed(any_database, owner, path, moving)
