"""The table of messages as the server numbered them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chatdesk.domain.message import Message
from chatdesk.store.connection import Database
from chatdesk.store.rows import MESSAGE_COLUMNS, SqlRow, decode_message, decoding, encode_message
from chatdesk.store.word_index import Indexed, forget_messages, index_words

_NAMES = MESSAGE_COLUMNS.split(", ")
_CONTENT = _NAMES.index("content")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AT_ONCE = 500
"""Ids in one query; an older SQLite takes 999."""

_INSTEAD = f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _NAMES[2:])}"
_BEFORE = (
    "SELECT messages.id, conversation_id, revision, content, documents.id FROM messages"
    " LEFT JOIN documents ON message_id = messages.id WHERE messages.id"
)
_ONE = f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE id = ?"
_PAGE = (
    f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE conversation_id = ? AND (seq, id) < (?, ?)"
    " ORDER BY seq DESC, id DESC LIMIT ?"
)
_AFTER = f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?"
_NEWEST = (
    f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE conversation_id = ? ORDER BY seq DESC, id DESC LIMIT ?"
)


def read_message(cache: Database, message_id: str) -> Message | None:
    row = cache.row(_ONE, (message_id,))
    with decoding():
        return None if row is None else decode_message(row)


def read_messages(cache: Database, message_ids: Sequence[str]) -> dict[str, Message]:
    """Return those of these messages that are stored, by id."""
    found = _rows_of(cache, f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE id", message_ids)
    with decoding():
        return {message.id: message for message in map(decode_message, found)}


def read_after(cache: Database, conversation_id: str, after: int, limit: int) -> list[Message]:
    """Return the first ``limit`` messages numbered above ``after``, oldest first."""
    found = cache.rows(_AFTER, (conversation_id, after, limit))
    with decoding():
        return [decode_message(row) for row in found]


def read_page(
    cache: Database, conversation_id: str, before: tuple[int, str] | None, limit: int
) -> list[Message]:
    """Return the newest ``limit`` messages before (seq, id), newest first."""
    if before is None:
        found = cache.rows(_NEWEST, (conversation_id, limit))
    else:
        found = cache.rows(_PAGE, (conversation_id, *before, limit))
    with decoding():
        return [decode_message(row) for row in found]


class _Stored(NamedTuple):
    """What is asked of a row before a newer one takes its place; ``number``: of its words in the index."""

    conversation_id: str
    revision: int
    content: str
    number: int | None


def stored_ids(cache: Database, message_ids: Sequence[str]) -> set[str]:
    """Return those of these messages that are stored."""
    return {str(row[0]) for row in _rows_of(cache, "SELECT id FROM messages WHERE id", message_ids)}


def merge_messages(cache: Database, rows: Iterable[Message]) -> dict[str, Message]:
    """Store the rows that are newer than the stored ones, and their words, by as few statements as can be.

    Returns by id what was stored, as it will be read.
    """
    newest: dict[str, Message] = {}
    for row in rows:
        known = newest.setdefault(row.id, row)
        if row.revision > known.revision:
            newest[row.id] = row
    found = _rows_of(cache, _BEFORE, list(newest))
    before = {str(each[0]): _Stored(*each[1:]) for each in found}
    values: dict[str, SqlRow] = {}
    words = []
    for row in newest.values():
        old = before.get(row.id)
        # The ids are global, but a row that changes its conversation would be a forgery.
        if old is not None and (row.revision <= old.revision or row.conversation_id != old.conversation_id):
            continue
        encoded = values[row.id] = encode_message(row)
        alive, second = row.deleted_at is None, _second(row.created_at)
        was = (None, None) if old is None else (old.content, old.number)
        words.append(Indexed(row.id, row.conversation_id, encoded[_CONTENT], alive, second, *was))
    cache.insert(f"messages ({MESSAGE_COLUMNS})", list(values.values()), _INSTEAD)
    index_words(cache, words)
    with decoding():
        return {message_id: decode_message(encoded) for message_id, encoded in values.items()}


def _rows_of(cache: Database, select: str, message_ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Run ``<select> IN (ids)``, some hundred ids at a time."""
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(message_ids), _AT_ONCE):
        page = message_ids[start : start + _AT_ONCE]
        found += cache.rows(f"{select} IN ({', '.join('?' * len(page))})", page)
    return found


def _second(moment: datetime) -> int:
    """Return the second in which a moment is, as SQLite's ``strftime('%s')`` rounds it: by milliseconds."""
    known = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return ((known - _EPOCH) // _MICROSECOND + 500) // 1_000_000


def file_paths(cache: Database, conversation_id: str) -> list[str]:
    """Return the paths of all files that the messages here name."""
    found = cache.rows(
        "SELECT attachments FROM messages WHERE conversation_id = ? AND attachments IS NOT NULL",
        (conversation_id,),
    )
    with decoding():
        return [str(record["path"]) for row in found for record in json.loads(row[0])]


def oldest_seq(cache: Database, conversation_id: str) -> int | None:
    """Return the smallest number stored of a conversation."""
    row = cache.row("SELECT min(seq) FROM messages WHERE conversation_id = ?", (conversation_id,))
    return None if row is None or row[0] is None else int(row[0])


def remove_messages(cache: Database, conversation_id: str, below: int | None = None) -> None:
    """Forget the messages of a conversation, or those numbered below ``below``."""
    forget_messages(cache, conversation_id, below)
    if below is None:
        cache.execute("DELETE FROM messages WHERE conversation_id = ?", (conversation_id,))
    else:
        cache.execute("DELETE FROM messages WHERE conversation_id = ? AND seq < ?", (conversation_id, below))
