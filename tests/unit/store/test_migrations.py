"""Files of an older version, and steps that are cut off."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chatdesk.domain.change import RowBatch
from chatdesk.domain.clock import SystemClock
from chatdesk.store.connection import connect, create_database, open_database
from chatdesk.store.failures import DamagedFile
from chatdesk.store.migrations import migrate
from chatdesk.store.schema import CACHE, OUTBOX, Layout
from chatdesk.store.store import Store
from tests.unit.store.rows import listed, message

NAMES = 7
"""The version of the cache whose messages have no names of others."""

NEXT_STEP = (
    "CREATE TABLE extras (id TEXT)",
    "INSERT INTO extras VALUES ('x')",
    "CREATE TABLE more (id TEXT)",
)


def _newer(layout: Layout, *steps: tuple[str, ...]) -> Layout:
    return replace(layout, steps=(*layout.steps, *steps))


@pytest.mark.parametrize("layout", [CACHE, OUTBOX], ids=lambda layout: layout.role)
def test_an_older_file_is_brought_to_the_present_version_with_its_rows(
    tmp_path: Path, layout: Layout
) -> None:
    path = tmp_path / "file.db"
    create_database(path, layout)
    table = "settings" if layout is CACHE else "drafts"
    with closing(connect(path)) as connection:
        connection.execute(f"INSERT INTO {table} VALUES ('a', '\"b\"')")
    database = open_database(path, _newer(layout, NEXT_STEP))
    assert database.rows("SELECT * FROM extras") == [("x",)]
    assert database.rows(f"SELECT * FROM {table}") == [("a", '"b"')]
    database.close()
    # What the newer one left is not opened by the older one.
    with pytest.raises(DamagedFile):
        open_database(path, layout)


@pytest.mark.parametrize("cut_at", range(len(NEXT_STEP)))
def test_a_step_is_done_whole_or_not_at_all(tmp_path: Path, cut_at: int) -> None:
    path = tmp_path / "file.db"
    create_database(path, OUTBOX)
    broken = (*NEXT_STEP[:cut_at], "SELECT no_such_function()", *NEXT_STEP[cut_at:])
    with closing(connect(path)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, _newer(OUTBOX, broken))
        assert connection.execute("PRAGMA user_version").fetchone() == (OUTBOX.version,)
        assert connection.execute("SELECT name FROM sqlite_schema WHERE name = 'extras'").fetchall() == []
    database = open_database(path, _newer(OUTBOX, NEXT_STEP))
    assert database.rows("SELECT count(*) FROM extras") == [(1,)]
    database.close()


async def test_names_that_an_older_version_passed_over_are_fetched(tmp_path: Path) -> None:
    rows = (message("a", 1), message("a", 2, author_id=None), message("b", 1))
    store = await Store.open(tmp_path, "account", SystemClock())
    await store.apply(listed("a", "b", revision=2))
    await store.apply(RowBatch(messages=rows), conversation_cursors={"a": 2, "b": 2})
    await store.close()
    (path,) = tmp_path.rglob("cache.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("ALTER TABLE messages DROP COLUMN author_name")
        file.execute(f"PRAGMA user_version = {NAMES}")
    store = await Store.open(tmp_path, "account", SystemClock())
    try:
        assert store.recovered == ()
        assert set(await store.behind()) == {"a"}
        named = replace(rows[1], author_name="Ben")
        await store.apply(RowBatch(messages=(rows[0], named)), conversation_cursors={"a": 2})
        assert [row.author_name for row in await store.messages("a")] == ["", "Ben"]
        assert not await store.behind()
    finally:
        await store.close()
