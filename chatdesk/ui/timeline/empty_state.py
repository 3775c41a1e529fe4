"""What stands where no message is."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from chatdesk.language.door import N_, _
from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.theme.fonts import scaled
from chatdesk.ui.timeline.avatars import Avatars
from chatdesk.ui.timeline.look import Look

NO_CONVERSATION = (N_("Welcome to ChatDesk"), N_("Choose a conversation on the left, or start a new one."))
NO_MESSAGES = (
    N_("What is on your mind?"),
    N_("Write the first message below. Every window you have open will show it."),
)


def paint_ground(viewport: QWidget, event: QPaintEvent, model: MessageListModel | None, look: Look) -> None:
    """Paint what lies under the rows, and the empty state where ``model`` has none."""
    painter = QPainter(viewport)
    painter.fillRect(event.rect(), QColor(look.tokens.window))
    if model is None or not model.rowCount():
        opened = model is not None and model.conversation_id
        _paint_words(painter, viewport.rect(), NO_MESSAGES if opened else NO_CONVERSATION, look)


def _paint_words(painter: QPainter, area: QRect, words: tuple[str, str], look: Look) -> None:
    """Paint the mark, a title and a hint in the middle of ``area``."""
    title, hint = (_(each) for each in words)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = 52.0
    middle = area.center()
    top = middle.y() - 70
    Avatars.paint_model(painter, QRectF(middle.x() - side / 2, top, side, side), look.tokens)
    painter.setFont(scaled(look.font, 1.45, QFont.Weight.DemiBold))
    painter.setPen(QColor(look.tokens.text))
    line = QRect(area.left() + 20, int(top + side + 18), area.width() - 40, 32)
    painter.drawText(line, int(Qt.AlignmentFlag.AlignCenter), title)
    painter.setFont(look.font)
    painter.setPen(QColor(look.tokens.text_muted))
    flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
    painter.drawText(line.translated(0, 40).adjusted(0, 0, 0, 60), flags, hint)
