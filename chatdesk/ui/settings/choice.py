"""A box to choose one of several values from."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.theme.theme import Theme

_PAD = 12
_ARROW = 16
_LEAST = 150


class Choice(QComboBox):
    """Behaves like a QComboBox and paints itself from the tokens; ``picked(value)`` only when a user chose.

    The wheel scrolls the page and changes nothing.
    """

    picked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.activated.connect(lambda row: self.picked.emit(self.itemData(row)))

    def offer(self, texts: Mapping[object, str], value: object) -> None:
        """Offer these values under their texts, ``value`` chosen."""
        self.clear()
        for each, text in texts.items():
            self.addItem(text, each)
        self.setCurrentIndex(list(texts).index(value))

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        widest = max(
            (metrics.horizontalAdvance(self.itemText(row)) for row in range(self.count())), default=0
        )
        width = max(widest + 2 * _PAD + _ARROW + 10, self._theme.px(_LEAST))
        return QSize(width, metrics.height() + 16)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.hasFocus()
        width = 2.0 if focused else 1.0
        box = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.setPen(QPen(QColor(tokens.focus if focused else tokens.border_strong), width))
        painter.setBrush(QColor(tokens.hover if self.underMouse() else tokens.surface))
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(QColor(tokens.text if self.isEnabled() else tokens.text_muted))
        room = self.rect().adjusted(_PAD, 0, -_PAD - _ARROW - 4, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.currentText())
        middle = self.height() / 2
        arrow = QRectF(self.width() - _PAD - _ARROW + 2, middle - _ARROW / 2, _ARROW, _ARROW)
        paint_icon(painter, "chevron-down", tokens.text_muted, arrow)
