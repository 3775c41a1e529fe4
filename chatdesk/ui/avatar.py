"""A person's picture in a circle, or their initials."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from chatdesk.language.door import _
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell


def initials(label: str) -> str:
    """Return one or two capital letters for a name; a question mark where it has no letter or digit."""
    words = [word for word in label.replace("_", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


def paint_avatar(painter: QPainter, rect: QRectF, image: QImage | None, label: str, theme: Theme) -> None:
    """Paint the picture, its middle square, or the initials of ``label`` into the circle within ``rect``."""
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    circle = QPainterPath()
    circle.addEllipse(rect)
    if image is not None and not image.isNull():
        painter.setClipPath(circle)
        side = min(image.width(), image.height())
        middle = QRectF((image.width() - side) / 2, (image.height() - side) / 2, side, side)
        painter.drawImage(rect, image, middle)
    else:
        painter.fillPath(circle, QColor(theme.tokens.accent_soft))
        font = QFont(painter.font())
        font.setPixelSize(max(8, round(rect.height() * 0.4)))
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(theme.tokens.accent))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, initials(label))
    painter.restore()


class Avatar(QWidget):
    """A round picture of ``side`` device-independent pixels."""

    def __init__(self, theme: Theme, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._side = side
        self._label = ""
        self._image: QImage | None = None
        self.setFixedSize(side, side)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        retell(self._speak)

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def show_person(self, label: str, image: QImage | None) -> None:
        """Show the picture of the person called ``label``, or without one the initials."""
        self._label, self._image = label, image
        self._speak()
        self.update()

    def _speak(self) -> None:
        name = _("Picture of {name}").format(name=self._label)
        self.setAccessibleName(name if self._label else _("Picture"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_avatar(painter, QRectF(self.rect()), self._image, self._label, self._theme)
