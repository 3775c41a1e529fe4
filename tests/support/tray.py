"""A desktop with a tray: no test machine has one."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QSystemTrayIcon


class Icon(QSystemTrayIcon):
    """An icon that says where it is shown what it was told; no test machine has a tray."""

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self.told: list[tuple[str, str]] = []
        self.there = False

    def show(self) -> None:
        self.there = True

    def hide(self) -> None:
        self.there = False

    def isVisible(self) -> bool:
        return self.there

    @staticmethod
    def supportsMessages() -> bool:
        return True

    def showMessage(self, title: str, msg: str, *_more: object) -> None:
        self.told.append((title, msg))


class Desktop:
    """A desktop with a tray, or without."""

    def __init__(self) -> None:
        self.has_tray = True
        self.icons: list[Icon] = []

    def make(self, parent: QObject) -> Icon:
        self.icons.append(Icon(parent))
        return self.icons[-1]

    def available(self) -> bool:
        return self.has_tray
