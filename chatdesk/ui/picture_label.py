"""A picture of resources/icons in the colour of the theme, at any size."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.theme.theme import Theme


class PictureLabel(QWidget):
    """Paints one picture at a fixed size; ``colour`` names a token. Decoration: no name, no focus."""

    def __init__(self, theme: Theme, name: str, size: QSize, colour: str = "accent") -> None:
        super().__init__()
        self._theme = theme
        self._name = name
        self._colour = colour
        self.setFixedSize(size)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_icon(painter, self._name, str(getattr(self._theme.tokens, self._colour)), QRectF(self.rect()))
