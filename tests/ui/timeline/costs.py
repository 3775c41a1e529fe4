"""Counts what the timeline does, and compares what is on screen with a whole painting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from operator import sub
from typing import Any

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPaintEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.ui.markdown.document import MarkdownDocument
from chatdesk.ui.timeline import arrangement
from chatdesk.ui.timeline.body import BodyView
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.view import TimelineView


class Costs:
    """Counts what is painted, written and laid out."""

    def __init__(self, patch: pytest.MonkeyPatch, application: QApplication) -> None:
        self.counts: Counter[str] = Counter()
        self.row_places: list[QRect] = []
        self._application = application
        paint = RowView.paintEvent

        def paint_row(row: RowView, event: QPaintEvent) -> None:
            self.row_places.append(event.rect())
            paint(row, event)

        patch.setattr(RowView, "paintEvent", paint_row)
        self._count(patch, BodyView, "paintEvent", "bodies painted")
        self._count(patch, BodyView, "setLineWrapColumnOrWidth", "widths")
        self._count(patch, MarkdownDocument, "advance", "texts written")
        self._count(patch, RowView, "_arrange", "rows arranged")
        self._count(patch, arrangement, "content_of", "rows read")

    def _count(self, patch: pytest.MonkeyPatch, owner: object, name: str, what: str) -> None:
        whole: Callable[..., Any] = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.counts[what] += 1
            return whole(*args, **kwargs)

        patch.setattr(owner, name, counted)

    def of(self, view: TimelineView, work: Callable[[], object]) -> Counter[str]:
        """Return what ``work`` and the painting after it cost."""
        self.settle(view)
        self.counts.clear()
        self.row_places.clear()
        work()
        self.settle(view)
        return self.counts

    def settle(self, view: TimelineView) -> None:
        """Show everything and paint it."""
        view.flush()
        for _ in range(3):
            self._application.processEvents()


def above_a_field(view: TimelineView, qtbot: QtBot) -> tuple[QWidget, QPlainTextEdit]:
    """Put the timeline into a window, above a field of text as in the chat pane."""
    window, field = QWidget(), QPlainTextEdit("one\ntwo\nthree\nfour\nfive\nsix")
    layout = QVBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(view, 1)
    layout.addWidget(field)
    field.setFixedHeight(60)
    qtbot.addWidget(window)
    window.resize(800, 700)
    with qtbot.waitExposed(window):
        window.show()
    return window, field


def whole(window: QWidget) -> bool:
    """Tell whether the screen shows what a whole painting of the window would."""
    shown = window.screen().grabWindow(window.winId()).toImage()
    return _alike(shown, window.grab().toImage())


def _alike(one: QImage, other: QImage) -> bool:
    """Edges that are smoothed may be rounded otherwise where only a part of them was painted."""
    first, second = (each.convertToFormat(QImage.Format.Format_RGB888) for each in (one, other))
    return first == second or max(map(abs, map(sub, first.constBits(), second.constBits()))) <= 3
