"""The tree of a conversation, read without its texts."""

from __future__ import annotations

from chatdesk.domain.branch import Node
from chatdesk.store.connection import Database

_VERSIONED = "SELECT 1 FROM messages WHERE conversation_id = ? AND replaces IS NOT NULL LIMIT 1"
_NODES = "SELECT id, parent_id, replaces, seq, deleted_at IS NOT NULL FROM messages WHERE conversation_id = ?"


def has_versions(cache: Database, conversation_id: str) -> bool:
    """Tell whether any message of the conversation replaces another one; an index answers."""
    return cache.row(_VERSIONED, (conversation_id,)) is not None


def read_replies(cache: Database, conversation_id: str, question: str) -> frozenset[str]:
    """Return the ids of a model's replies to a message, deleted ones included."""
    found = cache.rows(
        "SELECT id FROM messages WHERE conversation_id = ? AND parent_id = ? AND role = 'assistant'",
        (conversation_id, question),
    )
    return frozenset(str(row[0]) for row in found)


def read_nodes(cache: Database, conversation_id: str) -> list[Node]:
    """Return every message of a conversation without its text, in no order."""
    return [
        Node(message_id, parent_id, replaces, (0, seq, message_id), deleted != 0)
        for message_id, parent_id, replaces, seq, deleted in cache.rows(_NODES, (conversation_id,))
    ]
