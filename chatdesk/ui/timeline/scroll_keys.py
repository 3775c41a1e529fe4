"""The keys and the bar that move through the messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QScrollBar

if TYPE_CHECKING:
    from chatdesk.ui.timeline.view import TimelineView

LINE = 48


def sync_bar(bar: QScrollBar, room: int, value: int, highest: int) -> None:
    """Have the bar of a view of ``room`` pixels show a place, and the greatest possible one."""
    bar.setRange(0, highest)
    bar.setPageStep(room)
    bar.setSingleStep(LINE)
    bar.setValue(value)
    bar.setEnabled(highest > 0)


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
