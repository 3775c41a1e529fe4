"""Files of a message that is not sent yet: there again after a restart, in their order."""

from __future__ import annotations

from pathlib import Path

from chatdesk.domain.attachment import NewFile
from chatdesk.store.connection import Database, connect
from chatdesk.store.store import Store
from tests.unit.store.rows import opened

PICTURE = NewFile("a cat.png", "image/png", b"\x89PNG\r\n", 12, 34)
NOTE = NewFile("note.txt", "text/plain", "Grüße\n".encode())


async def test_they_are_there_again_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.save_draft_files("c-1", (NOTE, PICTURE))
        await store.save_draft_files("c-1#2", (PICTURE,))
        await store.save_draft_files("", (NOTE,))
    async with opened(tmp_path) as store:
        assert await store.draft_files("c-1") == (NOTE, PICTURE)
        assert await store.draft_files("c-1#2") == (PICTURE,), "each window has its own"
        assert await store.draft_files("") == (NOTE,)
        await store.save_draft_files("c-1", (PICTURE,))
        await store.save_draft_files("", ())
    async with opened(tmp_path) as store:
        assert await store.draft_files("c-1") == (PICTURE,)
        assert await store.draft_files("") == ()


async def test_two_of_one_name_are_two(store: Store) -> None:
    await store.save_draft_files("c-1", (NOTE, NOTE))
    assert await store.draft_files("c-1") == (NOTE, NOTE)


async def test_a_damaged_one_is_left_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.save_draft_files("c-1", (NOTE, PICTURE))
    path = next(tmp_path.rglob("outbox.db"))
    connection = connect(path)
    database = Database(connection, path, "outbox")
    with database.transaction():
        database.execute("UPDATE files SET content = ? WHERE path LIKE '%note%'", (b"something else",))
    database.close()
    async with opened(tmp_path) as store:
        assert await store.draft_files("c-1") == (PICTURE,)


async def test_those_of_an_instance_that_is_gone_are_taken_over(tmp_path: Path) -> None:
    async with opened(tmp_path) as first, opened(tmp_path) as second:
        await second.save_draft_files("c-1", (NOTE,))
        await second.save_draft_files("c-2", (PICTURE,))
        await first.save_draft_files("c-2", (NOTE,))
    async with opened(tmp_path) as first:
        assert await first.draft_files("c-1") == (NOTE,)
        assert await first.draft_files("c-2") == (NOTE,), "what is here stays"
