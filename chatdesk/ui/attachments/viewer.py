"""A file of a message, large, and a way to save it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatdesk.domain.attachment import Attachment
from chatdesk.language.door import N_, _
from chatdesk.ui.attachments.words import size_label, spoken
from chatdesk.ui.theme.fonts import code_font

LARGEST = QSize(4096, 4096)
"""To which a picture is decoded to be looked at."""

TEXT_MOST = 200_000
"""Characters of a text that are shown; saving takes all of it."""

_CUT = N_("Only the beginning of this file is shown. Save it to see all of it.")


class PictureArea(QWidget):
    """A picture as large as the room allows, never larger than it is."""

    def __init__(self, picture: QImage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = picture
        self.setMinimumSize(320, 240)

    def sizeHint(self) -> QSize:
        return self._picture.size().boundedTo(QSize(1100, 720)).expandedTo(QSize(420, 320))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        size = self._picture.size()
        if size.width() > self.width() or size.height() > self.height():
            size = size.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(0, 0, size.width(), size.height())
        place.moveCenter(QRectF(self.rect()).center())
        painter.drawImage(place, self._picture)


class AttachmentViewer(QDialog):
    """Shows a picture (a ``QImage``) or a text; ``save_chosen(str)`` with the place to save the file at."""

    save_chosen = Signal(str)

    def __init__(self, parent: QWidget, attachment: Attachment, shown: QImage | str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(attachment.name)
        self._name = attachment.name
        about = spoken(attachment.name, attachment.is_picture, attachment.size)
        self.setAccessibleName(about)
        self.area = self._picture(shown) if isinstance(shown, QImage) else self._text(shown)
        self.area.setAccessibleName(about)
        told = QLabel(self._told(attachment, shown))
        told.setProperty("look", "muted")
        told.setTextFormat(Qt.TextFormat.PlainText)
        self.save_button = QPushButton(_("Save as…"))
        self.save_button.clicked.connect(self.choose_place)
        close = QPushButton(_("Close"))
        close.setProperty("look", "primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addWidget(told, 1)
        buttons.addWidget(self.save_button)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 16)
        column.setSpacing(12)
        column.addWidget(self.area, 1)
        column.addLayout(buttons)

    def choose_place(self) -> None:
        """Ask where to save the file."""
        chooser = QFileDialog(self, _("Save the file"))
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.selectFile(self._name)
        chooser.fileSelected.connect(self.save_chosen)
        chooser.open()

    def _picture(self, shown: QImage) -> QWidget:
        return PictureArea(shown)

    def _text(self, shown: str) -> QWidget:
        field = QPlainTextEdit()
        field.setReadOnly(True)
        field.setFont(code_font())
        field.setProperty("look", "diagnostics")
        field.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        field.setPlainText(shown[:TEXT_MOST])
        field.setMinimumSize(640, 440)
        return field

    def _told(self, attachment: Attachment, shown: QImage | str) -> str:
        if isinstance(shown, str):
            return _(_CUT) if len(shown) > TEXT_MOST else size_label(attachment.size)
        return f"{attachment.width} × {attachment.height} · {size_label(attachment.size)}"
