"""What a screen reader is told."""

from __future__ import annotations

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from chatdesk.domain.message import MessageStatus
from chatdesk.language.door import _

# Nobody listens to more than this at once; the message itself can be read in full.
_LONGEST = 2_000


def reply_words(status: MessageStatus, text: str) -> str:
    """Return the announcement of a reply that stopped streaming."""
    opening = {
        MessageStatus.COMPLETE: _("Reply ready."),
        MessageStatus.INTERRUPTED: _("The reply was interrupted."),
        MessageStatus.ERROR: _("The reply failed."),
    }.get(status, "")
    return f"{opening} {text[:_LONGEST]}".strip()


def announce(widget: QWidget, words: str) -> None:
    """Have a screen reader say ``words`` without moving the focus."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, words))
