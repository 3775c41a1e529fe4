"""A check box whose mark has enough contrast in both themes; the style's own frame is too pale."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.theme.theme import Theme

_SIDE = 18
_GAP = 9
_EDGE = 4


class CheckBox(QCheckBox):
    """Behaves like a QCheckBox and paints itself from the tokens."""

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._theme = theme

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = 2 * _EDGE + _SIDE + _GAP + metrics.horizontalAdvance(self.text())
        return QSize(width, max(_SIDE, metrics.height()) + 2 * _EDGE)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, _pos: object) -> bool:
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(_EDGE, (self.height() - _SIDE) / 2, _SIDE, _SIDE).adjusted(1, 1, -1, -1)
        edge = tokens.accent if self.isChecked() else tokens.border_strong
        painter.setPen(QPen(QColor(edge), 1.3))
        painter.setBrush(QColor(tokens.accent if self.isChecked() else tokens.surface))
        painter.drawRoundedRect(box, 4, 4)
        if self.isChecked():
            paint_icon(painter, "check", tokens.on_accent, box.adjusted(1, 1, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.focus), 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(-3, -3, 3, 3), 6, 6)
        painter.setPen(QColor(tokens.text if self.isEnabled() else tokens.text_muted))
        room = self.rect().adjusted(_EDGE + _SIDE + _GAP, 0, 0, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
