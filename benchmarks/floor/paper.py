"""A hand-painted list of messages: the least that Qt asks for a row on screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QStaticText
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

WIDTH = 620
MARGIN = 12


class Paper(QAbstractScrollArea):
    """Texts in bubbles below each other, pinned to the end; scrolls by moving what is painted.

    ``painted`` is called at the end of each paint event.
    """

    def __init__(self, painted: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painted = painted
        self._texts: list[QStaticText] = []
        self._tops: list[float] = [0.0]
        self._offset = 0

    def add(self, text: str) -> None:
        """Put a text at the end and go there."""
        laid = QStaticText(text)
        laid.setTextWidth(WIDTH - 2 * MARGIN)
        laid.prepare(font=self.font())
        self._texts.append(laid)
        self._tops.append(self._tops[-1] + laid.size().height() + 3 * MARGIN)
        self.scroll_to(int(self._tops[-1]) - self.viewport().height())

    def scroll_to(self, offset: int) -> None:
        """Show what begins ``offset`` pixels below the first text."""
        offset = max(0, min(offset, int(self._tops[-1]) - self.viewport().height()))
        moved, self._offset = self._offset - offset, offset
        if moved:
            self.viewport().scroll(0, moved)
        else:
            self.viewport().update()

    @property
    def offset(self) -> int:
        return self._offset

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(event.rect(), QColor("#ffffff"))
            upper = event.rect().top() + self._offset
            lower = event.rect().bottom() + self._offset
            for number in range(len(self._texts) - 1, -1, -1):
                top, bottom = self._tops[number], self._tops[number + 1]
                if top > lower:
                    continue
                if bottom < upper:
                    break
                y = top - self._offset
                painter.setBrush(QColor("#eef1f6"))
                painter.setPen(QColor("#eef1f6"))
                painter.drawRoundedRect(QRectF(MARGIN, y, WIDTH, bottom - top - MARGIN), 10, 10)
                painter.setPen(QColor("#1b1f27"))
                painter.drawStaticText(2 * MARGIN, int(y) + MARGIN, self._texts[number])
        self._painted()
