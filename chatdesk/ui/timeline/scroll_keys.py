"""The keys that move through the messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

if TYPE_CHECKING:
    from chatdesk.ui.timeline.view import TimelineView

LINE = 48


def scrolled(view: TimelineView, event: QKeyEvent) -> bool:
    """Do what a key means for the place in the view; False when it means nothing here."""
    page = view.viewport().height() - LINE
    steps: dict[int, int] = {
        Qt.Key.Key_PageUp: -page,
        Qt.Key.Key_PageDown: page,
        Qt.Key.Key_Space: page,
        Qt.Key.Key_Up: -LINE,
        Qt.Key.Key_Down: LINE,
    }
    if event.modifiers() & Qt.KeyboardModifier.AltModifier:
        return False
    if event.key() in steps:
        view.scroll_by(steps[event.key()])
    elif event.key() == Qt.Key.Key_End:
        view.jump_to_end()
    elif event.key() == Qt.Key.Key_Home:
        view.jump_to_start()
    else:
        return False
    return True
