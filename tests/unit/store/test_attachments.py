"""Files of messages: beside the entry until the server has it, through kills, moves and damage."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chatdesk.domain.attachment import NewFile, as_record, attach, described
from chatdesk.domain.change import RowBatch
from chatdesk.domain.mutation import Mutation
from chatdesk.store.connection import create_database, open_database
from chatdesk.store.outbox import Outbox
from chatdesk.store.schema import OUTBOX
from tests.unit.store.rows import delete_message, listed, message, opened, send, sent

PICTURE = NewFile("plan.png", "image/png", b"\x89PNG" + bytes(5000), 40, 30)
NOTE = NewFile("note.txt", "text/plain", "größe".encode())


def with_files(message_id: str = "a-new", *files: NewFile) -> tuple[Mutation, dict[str, bytes]]:
    """A message with files, and their bytes by path."""
    placed = attach(files or (PICTURE, NOTE), "a", message_id)
    change = send("a", message_id)
    records = [as_record(described(path, file)) for path, file in placed.items()]
    change = replace(change, args={**change.args, "p_attachments": records})
    return change, {path: file.content for path, file in placed.items()}


async def test_files_wait_with_their_message_and_go_with_it(tmp_path: Path) -> None:
    change, files = with_files()
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        changes = await store.enqueue(change, files)
        (shown,) = changes.messages
        assert [one.name for one in shown.message.attachments] == ["plan.png", "note.txt"]
    async with opened(tmp_path) as store:
        for path, content in files.items():
            assert await store.unsent_file(path) == content
        pending = (await store.messages("a"))[-1]
        assert [one.path for one in pending.attachments] == list(files)
        row = replace(sent(change, 1, 2), attachments=pending.attachments)
        await store.acknowledge(change.id, RowBatch(messages=(row,)))
        assert [await store.unsent_file(path) for path in files] == [None, None]
    async with opened(tmp_path) as store:
        assert (await store.messages("a"))[-1].attachments == pending.attachments


async def test_a_refused_message_keeps_text_and_files_until_it_is_discarded(tmp_path: Path) -> None:
    change, files = with_files()
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(change, files)
        await store.reject(change.id, "No.")
    async with opened(tmp_path) as store:
        failed = (await store.messages("a"))[-1]
        assert (failed.failure, len(failed.attachments)) == ("No.", 2)
        assert [await store.unsent_file(path) for path in files] == list(files.values())
        await store.discard(change.entity_id)
        assert [await store.unsent_file(path) for path in files] == [None, None]


async def test_files_move_with_the_changes_of_an_instance_that_is_gone(tmp_path: Path) -> None:
    change, files = with_files()
    async with opened(tmp_path) as first:
        async with opened(tmp_path) as second:
            await second.apply(listed("a"))
            await second.enqueue(change, files)
        assert await first.unsent_file(next(iter(files))) is None
    async with opened(tmp_path) as store:
        assert [entry.mutation.id for entry in await store.outbox()] == [change.id]
        assert [await store.unsent_file(path) for path in files] == list(files.values())
    orphan = sqlite3.connect(tmp_path / "account" / "slot-1" / "outbox.db")
    with closing(orphan):
        assert orphan.execute("SELECT count(*) FROM files").fetchone() == (0,)


async def test_a_file_with_a_flipped_bit_is_not_sent(tmp_path: Path) -> None:
    change, files = with_files()
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(change, files)
    path = next(iter(files))
    with closing(sqlite3.connect(tmp_path / "account" / "slot-0" / "outbox.db")) as outbox, outbox:
        outbox.execute("UPDATE files SET content = zeroblob(10) WHERE path = ?", (path,))
    async with opened(tmp_path) as store:
        assert [await store.unsent_file(each) for each in files] == [None, NOTE.content]


async def test_salvage_brings_the_files_along(tmp_path: Path) -> None:
    change, files = with_files()
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(change, files)
        await store.enqueue(send("a", "a-broken"))
    with closing(sqlite3.connect(tmp_path / "account" / "slot-0" / "outbox.db")) as outbox, outbox:
        outbox.execute("UPDATE entries SET body = 'x' WHERE position = 2")
    async with opened(tmp_path) as store:
        assert store.recovered
        assert [entry.mutation.id for entry in await store.outbox()] == [change.id]
        assert [await store.unsent_file(path) for path in files] == list(files.values())


async def test_a_deletion_hides_the_files_at_once(tmp_path: Path) -> None:
    change, _ = with_files()
    placed = tuple(described(path, file) for path, file in attach((PICTURE,), "a", "a-m1").items())
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        row = message("a", 1, 2, attachments=placed)
        await store.apply(RowBatch(messages=(row,)), conversation_cursors={"a": 2})
        assert (await store.messages("a"))[0].attachments == placed
        changes = await store.enqueue(delete_message("a", "a-m1"))
        assert "attachments" in changes.messages[0].fields
        assert (await store.messages("a"))[0].attachments == ()
    assert change.id


def test_an_outbox_of_the_first_version_keeps_its_entries(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    create_database(path, replace(OUTBOX, steps=OUTBOX.steps[:1]))
    old = open_database(path, replace(OUTBOX, steps=OUTBOX.steps[:1]))
    old.close()
    database = open_database(path, OUTBOX)
    outbox = Outbox(database)
    assert outbox.load() == 0
    change, files = with_files()
    outbox.write(add=[change], files={change.id: files}, durable=True)
    assert outbox.files.of(change.id) == files
    database.close()


@pytest.mark.parametrize("bad", ['"x"', "7", '[{"name": 1}]', "[null]"])
async def test_a_strange_list_in_the_cache_means_no_files(tmp_path: Path, bad: str) -> None:
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.apply(RowBatch(messages=(message("a", 1, 2),)), conversation_cursors={"a": 2})
    with closing(sqlite3.connect(tmp_path / "account" / "slot-0" / "cache.db")) as cache, cache:
        cache.execute("UPDATE messages SET attachments = ?", (bad,))
    async with opened(tmp_path) as store:
        assert [row.attachments for row in await store.messages("a")] == [()]
