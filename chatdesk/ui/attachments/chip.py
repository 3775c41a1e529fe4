"""One file that is going to be sent: what it is, and a button that takes it away."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from chatdesk.domain.attachment import NewFile
from chatdesk.language.door import _
from chatdesk.ui.attachments.pictures import decoded
from chatdesk.ui.attachments.words import size_label, spoken
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme

THUMBNAIL = 36
_BOUND = QSize(4 * THUMBNAIL, 4 * THUMBNAIL)
_NAME_MOST = 170
_QUICK_PIXELS = 8_000_000
"""Up to this size any picture is decoded in a moment; larger ones only where the format can do it small."""


class Chip(QFrame):
    """Shows ``file``; ``removed()`` when its button was pressed."""

    removed = Signal()

    def __init__(self, theme: Theme, file: NewFile, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.file = file
        self.setProperty("look", "chip")
        self._face = QLabel()
        self._face.setFixedSize(THUMBNAIL, THUMBNAIL)
        self._face.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._thumbnail = decoded(file.content, _BOUND) if _is_quick(file) else None
        name = QLabel()
        name.setTextFormat(Qt.TextFormat.PlainText)
        metrics = QFontMetrics(name.font())
        name.setText(metrics.elidedText(file.name, Qt.TextElideMode.ElideMiddle, _NAME_MOST))
        name.setToolTip(file.name)
        size = QLabel(size_label(len(file.content)))
        size.setProperty("look", "muted")
        sized(size, 0.85)
        self.remove = QToolButton()
        self.remove.setProperty("look", "glyph")
        self.remove.setFixedSize(24, 24)
        self.remove.setIconSize(QSize(14, 14))
        self.remove.clicked.connect(lambda: self.removed.emit())
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(name)
        words.addWidget(size)
        row = QHBoxLayout(self)
        row.setContentsMargins(5, 5, 5, 5)
        row.setSpacing(8)
        row.addWidget(self._face)
        row.addLayout(words)
        row.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        self.set_look()

    def set_look(self) -> None:
        """Take the colours and the language in use."""
        tokens = self._theme.tokens
        self.setAccessibleName(spoken(self.file.name, self.file.is_picture, len(self.file.content)))
        remove = _("Remove {name}").format(name=self.file.name)
        self.remove.setAccessibleName(remove)
        self.remove.setToolTip(remove)
        self.remove.setIcon(icon("close", tokens.text_muted))
        if self._thumbnail is not None:
            self._face.setPixmap(_rounded(self._thumbnail))
        else:
            name = "image" if self.file.is_picture else "file"
            self._face.setPixmap(icon(name, tokens.text_muted).pixmap(22, 22))


def _rounded(picture: QImage) -> QPixmap:
    """Return the middle square of a picture, with the corners of a chip, for a screen at 200 %."""
    side, mode = 2 * THUMBNAIL, Qt.TransformationMode.SmoothTransformation
    cover = picture.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding, mode)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    outline = QPainterPath()
    outline.addRoundedRect(0, 0, side, side, 12, 12)
    painter.setClipPath(outline)
    painter.drawImage((side - cover.width()) // 2, (side - cover.height()) // 2, cover)
    painter.end()
    pixmap.setDevicePixelRatio(2)
    return pixmap


def _is_quick(file: NewFile) -> bool:
    pixels = (file.width or 0) * (file.height or 0)
    return file.is_picture and (pixels <= _QUICK_PIXELS or file.media_type == "image/jpeg")
