"""What a page of messages costs, counted in statements, and that its rows are kept as one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from chatdesk.domain.attachment import Attachment
from chatdesk.domain.change import RowBatch
from chatdesk.domain.message import Message
from chatdesk.store.connection import Database
from chatdesk.store.store import Store
from tests.unit.store.rows import at, delete_message, frame, listed, message, verbs

PAGE = 200


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Take down every statement that the store's files are asked."""
    asked: list[str] = []
    read, write = Database.rows, Database.execute

    def rows(database: Database, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return read(database, sql, args)

    def execute(database: Database, sql: str, args: Sequence[Any] = ()) -> int:
        asked.append(sql)
        return write(database, sql, args)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "rows", rows)
        patch.setattr(Database, "execute", execute)
        yield asked


async def begun(store: Store) -> None:
    """A conversation that was pulled when nothing was in it."""
    await store.apply(listed("a"), conversation_cursors={"a": 0}, complete_from={"a": True})
    await store.conversation_cursor("a")


def page(first: int = 1, count: int = PAGE, **fields: Any) -> tuple[Message, ...]:
    return tuple(message("a", number, **fields) for number in range(first, first + count))


async def test_a_page_is_stored_by_some_statements_not_by_some_for_each_row(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(store)
    with counted(monkeypatch) as new:
        await store.apply(RowBatch(messages=page()), conversation_cursors={"a": PAGE})
    assert len(new) <= 30, new
    with counted(monkeypatch) as known:
        assert not await store.apply(RowBatch(messages=page()), conversation_cursors={"a": PAGE})
    assert len(known) <= 12, known
    changed = tuple(
        replace(row, content=f"changed {row.seq}", revision=row.revision + PAGE) for row in page()
    )
    with counted(monkeypatch) as newer:
        await store.apply(RowBatch(messages=changed), conversation_cursors={"a": 2 * PAGE})
    assert len(newer) <= 30, newer
    assert len(await store.find("changed", "a")) == PAGE
    assert await store.find("text", "a") == ()


async def test_a_second_with_many_messages_is_no_long_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(store)
    for first in range(1, 10 * PAGE, PAGE):
        rows = page(first, created_at=at(0))
        with counted(monkeypatch) as asked:
            await store.apply(RowBatch(messages=rows), conversation_cursors={"a": first + PAGE - 1})
        assert len(asked) <= 40, asked
    with counted(monkeypatch) as one:
        await store.apply_events([frame(message("a", 10 * PAGE + 1, 10 * PAGE + 1, created_at=at(0)))])
    assert len(one) <= 30, one
    assert len(await store.find("text", "a")) == 10 * PAGE + 1
    hits = await store.search("text", 50)
    assert len({hit.message.id for hit in hits}) == 50


async def test_messages_of_neighbouring_seconds_that_meet_keep_numbers_of_their_own(store: Store) -> None:
    await begun(store)
    rows = [message("a", n, created_at=at(n // 7 + (n % 3))) for n in range(1, 101)]
    await store.apply(RowBatch(messages=tuple(rows[50:])), conversation_cursors={"a": 100})
    await store.apply(RowBatch(messages=tuple(rows[:50])), conversation_cursors={"a": 101})
    assert set(await store.find("text", "a")) == {row.id for row in rows}
    gone = [replace(row, content="", revision=row.revision + 500, deleted_at=at(9)) for row in rows[::2]]
    await store.apply(RowBatch(messages=tuple(gone)), conversation_cursors={"a": 600})
    assert set(await store.find("text", "a")) == {row.id for row in rows[1::2]}


async def test_the_newest_of_two_rows_of_one_message_is_kept_whatever_their_order(store: Store) -> None:
    await begun(store)
    old, new = message("a", 1, 1), message("a", 1, 2, content="newer")
    other = message("a", 2, 4, content="newest"), message("a", 2, 3)
    changes = await store.apply(RowBatch(messages=(old, new, *other)), conversation_cursors={"a": 4})
    assert verbs(changes) == {"a-m1": ("added", frozenset()), "a-m2": ("added", frozenset())}
    assert [row.content for row in await store.messages("a")] == ["newer", "newest"]
    assert await store.find("text", "a") == ()
    assert len(await store.find("newe", "a")) == 2


async def test_a_row_of_another_conversation_under_a_known_id_is_left_out_alone(store: Store) -> None:
    await begun(store)
    await store.apply(listed("b"), conversation_cursors={"b": 0}, complete_from={"b": True})
    await store.apply(RowBatch(messages=page(1, 3)), conversation_cursors={"a": 3})
    forged = message("b", 1, 9, id="a-m2", content="forged")
    await store.apply(RowBatch(messages=(forged, message("b", 2, 2))), conversation_cursors={"b": 2})
    assert [row.content for row in await store.messages("a")] == ["text 1", "text 2", "text 3"]
    assert [row.id for row in await store.messages("b")] == ["b-m2"]
    assert await store.find("forged", "b") == ()


async def test_what_is_told_of_a_new_row_is_what_will_be_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that was just written is not read again to tell of it: it must be as if it had been."""
    await begun(store)
    east, file = timezone(timedelta(hours=5)), Attachment("a.txt", "a/a-m4/0.txt", "text/plain", 3)
    rows = (
        message("a", 1, created_at=datetime(2026, 5, 1), content="half \ud83d of a character"),
        message("a", 2, updated_at=datetime(2026, 5, 1, 3, tzinfo=east), usage={"b": [1, None, {"c": 0.5}]}),
        message("a", 3, deleted_at=at(7), content="", author_name="Ben"),
        message("a", 4, attachments=(file,), error="no \udc00", replaces="a-m1", model="m"),
    )
    await store.enqueue(delete_message("a", "a-m2"))
    with counted(monkeypatch) as asked:
        changes = await store.apply(RowBatch(messages=rows), conversation_cursors={"a": 4})
    assert sum(" FROM messages WHERE id IN" in each for each in asked) == 1, "once, to see what was there"
    told = [change.message for change in changes.messages]
    assert told == list(await store.messages("a"))
    assert [row.deleted_at is None for row in told] == [True, False, False, True]
