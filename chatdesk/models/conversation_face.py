"""What the list paints of a conversation."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from PySide6.QtCore import Qt

from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import DeliveryState

_FLAG = Qt.ItemFlag
ROW_FLAGS = _FLAG.ItemIsEnabled | _FLAG.ItemIsSelectable | _FLAG.ItemIsEditable | _FLAG.ItemNeverHasChildren


class RowFace(NamedTuple):
    """All that is painted of a row. One question instead of eight: each crosses from C++ and back thrice."""

    title: str
    active: bool
    unread: int
    replying: bool
    delivery: DeliveryState
    shared: bool


def face_of(
    entry: ConversationEntry, untitled: str, active: str, replying: Collection[str], shared: Collection[str]
) -> RowFace:
    """Make a face of an entry and what the list knows beside it; ``untitled``: what has no title."""
    own, title = entry.id, entry.conversation.title or untitled
    return RowFace(title, own == active, entry.unread_count, own in replying, entry.delivery, own in shared)
