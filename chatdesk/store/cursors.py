"""How far this cache has caught up, and what was taken away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from chatdesk.store.connection import Database


@dataclass(frozen=True, slots=True)
class ConversationCursor:
    """Every change up to ``revision`` is here, for messages numbered ``floor_seq`` and above."""

    revision: int
    floor_seq: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A page to fetch: the newest one where ``before_seq`` is None, else the one before that number."""

    conversation_id: str
    before_seq: int | None


def read_user_cursor(cache: Database) -> int:
    row = cache.row("SELECT user_revision FROM progress")
    return int(row[0]) if row else 0


def move_user_cursor(cache: Database, revision: int) -> None:
    """Move forward; never back."""
    cache.execute(
        "INSERT INTO progress VALUES (1, ?) ON CONFLICT (only) DO UPDATE"
        " SET user_revision = max(user_revision, excluded.user_revision)",
        (revision,),
    )


def read_cursor(cache: Database, conversation_id: str) -> ConversationCursor | None:
    row = cache.row("SELECT revision, floor_seq FROM cursors WHERE conversation_id = ?", (conversation_id,))
    return None if row is None else ConversationCursor(int(row[0]), int(row[1]))


def read_behind(cache: Database) -> dict[str, int]:
    """Return the cached conversations that have changed past their cursor, and the revision to reach."""
    found = cache.rows(
        "SELECT id, max(conversations.revision, tail_revision) FROM conversations"
        " JOIN cursors ON conversation_id = id"
        " WHERE max(conversations.revision, tail_revision) > cursors.revision ORDER BY updated_at DESC"
    )
    return {str(row[0]): int(row[1]) for row in found}


def read_missing(cache: Database, besides: Collection[str]) -> Missing | None:
    """Return the next page that is on the server and not here, of a listed conversation not ``besides``."""
    found = cache.rows(
        "SELECT conversations.id, floor_seq, (SELECT min(seq) FROM messages"
        " WHERE messages.conversation_id = conversations.id)"
        " FROM conversations JOIN memberships ON memberships.conversation_id = conversations.id"
        " LEFT JOIN cursors ON cursors.conversation_id = conversations.id"
        " WHERE deleted_at IS NULL AND last_seq > 0 AND coalesce(floor_seq, 1) > 0"
        " ORDER BY floor_seq IS NOT NULL, updated_at DESC, conversations.id LIMIT ?",
        (len(besides) + 1,),
    )
    for conversation_id, floor_seq, oldest in found:
        if conversation_id not in besides:
            return Missing(str(conversation_id), None if floor_seq is None else oldest)
    return None


def read_unfetched(cache: Database) -> dict[str, int]:
    """Return the listed conversations with messages that are not here, and how many they are."""
    found = cache.rows(
        "SELECT conversations.id, coalesce(floor_seq, 1), last_seq - (SELECT count(*) FROM messages"
        " WHERE messages.conversation_id = conversations.id)"
        " FROM conversations JOIN memberships ON memberships.conversation_id = conversations.id"
        " LEFT JOIN cursors ON cursors.conversation_id = conversations.id"
        " WHERE deleted_at IS NULL AND last_seq > 0 ORDER BY updated_at DESC, conversations.id"
    )
    # Every number of a conversation has a row, deleted or not: one that is behind lacks some at the end.
    return {str(row[0]): max(0, int(row[2])) for row in found if row[1] > 0 or row[2] > 0}


def write_cursor(cache: Database, conversation_id: str, cursor: ConversationCursor) -> None:
    cache.execute(
        "INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT (conversation_id) DO UPDATE"
        " SET revision = max(revision, excluded.revision), floor_seq = min(floor_seq, excluded.floor_seq)",
        (conversation_id, cursor.revision, cursor.floor_seq),
    )


def remove_cursor(cache: Database, conversation_id: str) -> None:
    cache.execute("DELETE FROM cursors WHERE conversation_id = ?", (conversation_id,))


def read_removal(cache: Database, conversation_id: str) -> int | None:
    """Return the user revision at which the conversation was taken away, if it is away."""
    row = cache.row("SELECT user_revision FROM removals WHERE conversation_id = ?", (conversation_id,))
    return None if row is None else int(row[0])


def write_removal(cache: Database, conversation_id: str, user_revision: int) -> None:
    cache.execute(
        "INSERT INTO removals VALUES (?, ?) ON CONFLICT (conversation_id) DO UPDATE"
        " SET user_revision = max(user_revision, excluded.user_revision)",
        (conversation_id, user_revision),
    )


def remove_removal(cache: Database, conversation_id: str) -> None:
    cache.execute("DELETE FROM removals WHERE conversation_id = ?", (conversation_id,))
