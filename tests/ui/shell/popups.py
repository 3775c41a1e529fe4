"""What stands in front of the window: its question, and its open menu."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QMenu

from chatdesk.ui.dialogs.confirm import ConfirmDialog
from chatdesk.ui.main_window import MainWindow


def dialog(window: MainWindow) -> ConfirmDialog:
    found = window.findChild(ConfirmDialog)
    assert isinstance(found, ConfirmDialog)
    return found


def menu(qapp: QApplication) -> QMenu:
    found = qapp.activePopupWidget()
    assert isinstance(found, QMenu)
    return found
