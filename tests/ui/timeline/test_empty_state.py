"""The empty state goes from the screen with the first message, and comes back after the last."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from tests.support.messages import added, message, removed
from tests.ui.timeline.conftest import Open


class Paintings(QObject):
    """Notes what of a widget is painted."""

    def __init__(self, widget: QObject) -> None:
        super().__init__(widget)
        self.areas: list[QRect] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.areas.append(event.region().boundingRect())
        return False


def test_the_whole_view_is_painted_when_the_first_row_comes_and_the_last_one_goes(
    qapp: QApplication, open_timeline: Open
) -> None:
    view, model = open_timeline(())
    qapp.processEvents()
    seen = Paintings(view.viewport())
    for change in (added(message(1)), removed(message(1))):
        seen.areas.clear()
        model.apply(change)
        view.flush()
        qapp.processEvents()
        assert any(area.contains(view.viewport().rect()) for area in seen.areas)
