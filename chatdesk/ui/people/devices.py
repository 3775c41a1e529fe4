"""The user's devices, as rows of a card."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from chatdesk.domain.presence import Attention
from chatdesk.language.door import _
from chatdesk.services.presence import Device
from chatdesk.ui.people.faces import paint_dot
from chatdesk.ui.settings.page import plain_label
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import moment_label


def device_words(device: Device) -> str:
    """Say how a device stands."""
    if device.here:
        return _("This device")
    if device.attention is Attention.ONLINE:
        return _("Online")
    if device.attention is Attention.IDLE:
        return _("Idle")
    seen = moment_label(device.seen_at, datetime.now(UTC).astimezone().date())
    return _("Offline, last seen {when}").format(when=seen)


class DeviceRow(QWidget):
    """One device: a dot, its name and how it stands."""

    def __init__(self, theme: Theme, device: Device) -> None:
        super().__init__()
        self.name, self.state = QLabel(device.name), plain_label("muted")
        self.name.setTextFormat(self.state.textFormat())
        self.name.setWordWrap(True)
        self.state.setText(device_words(device))
        self.setAccessibleName(f"{device.name}: {self.state.text()}")
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.name)
        words.addWidget(self.state)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(12)
        row.addWidget(_Dot(theme, device.attention))
        row.addLayout(words, 1)


class _Dot(QWidget):
    def __init__(self, theme: Theme, attention: Attention | None) -> None:
        super().__init__()
        self._theme = theme
        self._attention = attention
        self.setFixedSize(QSize(16, 16))
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_dot(painter, self._theme, QPointF(8, 8), self._attention)
