"""Choosing the part of a picture that becomes the avatar."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from chatdesk.language.door import _
from chatdesk.ui.dialogs.picture import part_of
from chatdesk.ui.picture_label import PictureLabel
from chatdesk.ui.theme.theme import Theme

SHOWN = 240
"""Side of the square on screen, in device-independent pixels; the circle in it is what others see."""

MOST = 400
"""The greatest magnification in percent; 100 shows as much of the picture as a square can hold."""

_STEP, _LEAP = 0.02, 0.10
_NOTCH = 10


class CropView(QWidget):
    """Shows the picture behind a round mask; dragging, the arrow keys, the wheel, plus and minus move it.

    ``changed()``: another part is chosen.
    """

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._image = QImage()
        self._middle = QPointF()
        self._zoom = 100
        self._grip: QPointF | None = None
        self.setFixedSize(SHOWN, SHOWN)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName(_("Part of the picture"))
        self.setAccessibleDescription(
            _("Arrow keys move the picture, plus and minus make it larger or smaller.")
        )

    @property
    def zoom(self) -> int:
        """The magnification in percent."""
        return self._zoom

    def set_image(self, image: QImage) -> None:
        """Start with the middle of another picture, as much of it as fits."""
        self._image, self._zoom = image, 100
        self._middle = QPointF(image.width() / 2, image.height() / 2)
        self._settle()

    def set_zoom(self, percent: int) -> None:
        """Magnify around the middle of what is shown."""
        percent = max(100, min(MOST, percent))
        if percent != self._zoom:
            self._zoom = percent
            self._settle()

    def part(self) -> QRectF:
        """Return the square of the picture that is shown, in its pixels."""
        side = min(self._image.width(), self._image.height()) * 100 / self._zoom
        return QRectF(self._middle.x() - side / 2, self._middle.y() - side / 2, side, side)

    def result(self) -> QImage:
        """Return the chosen square as the picture to be stored."""
        return part_of(self._image, self.part())

    def move_by(self, x: float, y: float) -> None:
        """Move what is shown by parts of its side; it never leaves the picture."""
        side = self.part().width()
        self._middle += QPointF(x * side, y * side)
        self._settle()

    def _settle(self) -> None:
        if self._image.isNull():
            return
        half = self.part().width() / 2
        self._middle = QPointF(
            max(half, min(self._image.width() - half, self._middle.x())),
            max(half, min(self._image.height() - half, self._middle.y())),
        )
        self.update()
        self.changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _LEAP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _STEP
        moves = {
            Qt.Key.Key_Left: (-step, 0.0),
            Qt.Key.Key_Right: (step, 0.0),
            Qt.Key.Key_Up: (0.0, -step),
            Qt.Key.Key_Down: (0.0, step),
        }
        key = Qt.Key(event.key())
        if key in moves:
            self.move_by(*moves[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.set_zoom(self._zoom + _NOTCH)
        elif key == Qt.Key.Key_Minus:
            self.set_zoom(self._zoom - _NOTCH)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.set_zoom(self._zoom + round(event.angleDelta().y() * _NOTCH / 120))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            moved = self._grip - event.position()
            self._grip = event.position()
            self.move_by(moved.x() / SHOWN, moved.y() / SHOWN)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        square = QRectF(self.rect())
        painter.fillRect(square, QColor(tokens.hover))
        if not self._image.isNull():
            painter.drawImage(square, self._image, self.part())
        circle = square.adjusted(4, 4, -4, -4)
        mask = QPainterPath()
        mask.addRect(square)
        mask.addEllipse(circle)
        shade = QColor(tokens.window)
        shade.setAlphaF(0.72)
        painter.fillPath(mask, shade)
        painter.setPen(QPen(QColor(tokens.focus if self.hasFocus() else tokens.border), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle)


class CropPanel(QWidget):
    """The view and a slider for its magnification; ``changed()`` as the view's."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = CropView(theme)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(100, MOST)
        self.slider.setSingleStep(5)
        self.slider.setPageStep(50)
        self.slider.setAccessibleName(_("Magnification"))
        small = PictureLabel(theme, "image", QSize(14, 14))
        large = PictureLabel(theme, "image", QSize(22, 22))
        scale = QHBoxLayout()
        scale.setSpacing(8)
        scale.addWidget(small)
        scale.addWidget(self.slider, 1)
        scale.addWidget(large)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.view, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(scale)
        self.slider.valueChanged.connect(self.view.set_zoom)
        self.view.changed.connect(self._follow)

    def set_image(self, image: QImage) -> None:
        """Choose from another picture."""
        self.view.set_image(image)
        self.view.setFocus()

    def _follow(self) -> None:
        self.slider.setValue(self.view.zoom)
        self.changed.emit()
