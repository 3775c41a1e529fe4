"""The table of messages as the server numbered them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chatdesk.domain.message import Message
from chatdesk.store.connection import Database
from chatdesk.store.rows import MESSAGE_COLUMNS, decode_message, decoding, encode_message
from chatdesk.store.word_index import Indexed, forget_messages, index_words

_NAMES = MESSAGE_COLUMNS.split(", ")
_CONTENT = _NAMES.index("content")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AT_ONCE = 500
"""Ids in one query; an older SQLite takes 999."""

# The ids are global, but a row that changes its conversation would be a forgery.
_MERGE = (
    f"INSERT INTO messages ({MESSAGE_COLUMNS}) VALUES ({', '.join('?' * len(_NAMES))})"
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _NAMES[2:])}"
    " WHERE excluded.revision > messages.revision"
    " AND excluded.conversation_id = messages.conversation_id"
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
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(message_ids), _AT_ONCE):
        page = message_ids[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(page))
        found += cache.rows(f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE id IN ({marks})", page)
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


def merge_message(cache: Database, row: Message) -> None:
    """Store the row if it is newer than the stored one."""
    stored = cache.row("SELECT content, deleted_at IS NULL FROM messages WHERE id = ?", (row.id,))
    values = encode_message(row)
    if cache.execute(_MERGE, values):
        index_words(
            cache,
            row.id,
            Indexed(row.conversation_id, values[_CONTENT], row.deleted_at is None, _second(row.created_at)),
            None if stored is None else (str(stored[0]), bool(stored[1])),
        )


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
