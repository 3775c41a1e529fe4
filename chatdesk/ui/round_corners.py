"""Round corners for windows of their own, such as menus and popovers."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainterPath, QRegion
from PySide6.QtWidgets import QWidget


class RoundCorners(QObject):
    """Lets what lies behind the corners of a popup show; the style sheet draws the round frame.

    On X11 without a compositor translucent corners are black, so there they are cut off by a mask as well.
    """

    def __init__(self, popup: QWidget, radius: int) -> None:
        super().__init__(popup)
        self._popup = popup
        self._radius = radius
        popup.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        popup.setWindowFlag(Qt.WindowType.NoDropShadowWindowHint)
        popup.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        if QGuiApplication.platformName() == "xcb":
            popup.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            path = QPainterPath()
            path.addRoundedRect(QRectF(self._popup.rect()), self._radius, self._radius)
            self._popup.setMask(QRegion(path.toFillPolygon().toPolygon()))
        return False
