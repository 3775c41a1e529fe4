"""Showing and hiding the sidebar, in motion where the system wants motion."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QObject, Qt, QVariantAnimation
from PySide6.QtWidgets import QApplication, QSplitter, QWidget

MOVING_MS = 160


def motion_wanted() -> bool:
    """Tell whether the system says that windows may move things for the look of it.

    Qt learns it from Windows and from KDE's settings; where nothing is said nothing moves.
    """
    return QApplication.isEffectEnabled(Qt.UIEffect.UI_General)


class SidebarSlide(QObject):
    """Moves the edge between ``sidebar`` and the rest of ``splitter``; what is shown is true at once."""

    def __init__(self, splitter: QSplitter, sidebar: QWidget) -> None:
        super().__init__(splitter)
        self._splitter = splitter
        self._sidebar = sidebar
        self._least = 0
        self.shown = True
        """Whether the sidebar is shown, or on its way there."""
        self._moving = QVariantAnimation(self)
        self._moving.setDuration(MOVING_MS)
        self._moving.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._moving.valueChanged.connect(self._place)
        self._moving.finished.connect(self._arrived)

    def show(self, shown: bool, width: int) -> None:
        """Show the sidebar ``width`` pixels wide, or hide it."""
        if self._moving.state() == QVariantAnimation.State.Running:
            self._moving.stop()
            self._arrived()
        moves = shown != self.shown and self._splitter.isVisible() and motion_wanted()
        self.shown = shown
        if not moves:
            self._sidebar.setVisible(shown)
            return
        self._least = self._sidebar.minimumWidth()
        self._sidebar.setMinimumWidth(0)
        self._moving.setStartValue(0 if shown else self._sidebar.width())
        self._moving.setEndValue(width if shown else 0)
        self._place(self._moving.startValue())
        self._sidebar.show()
        self._moving.start()

    def _place(self, width: int) -> None:
        if self._least:
            self._splitter.setSizes([width, max(1, self._splitter.width() - width)])

    def _arrived(self) -> None:
        self._sidebar.setVisible(self.shown)
        self._sidebar.setMinimumWidth(self._least)
        self._least = 0
