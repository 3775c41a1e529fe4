"""The context menu of a message."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

Action = tuple[str, bool, Callable[[], None]]


def build_menu(parent: QWidget, groups: list[list[Action]]) -> QMenu:
    """Build a menu of (label, enabled, effect); it deletes itself when it closes. Show it with ``popup``."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for number, group in enumerate(filter(None, groups)):
        if number:
            menu.addSeparator()
        for label, enabled, effect in group:
            action = menu.addAction(label)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _=False, effect=effect: effect())
    return menu
