"""What is shown where no conversation is open yet."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from chatdesk.language.door import N_
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.words import say

INVITATION = N_("What would you like to talk about?")
PROMISE = N_("Write below to start a chat. It appears in every window of yours at once.")


class EmptyState(QWidget):
    """The mark, an invitation and a promise."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        logo = QLabel()
        logo.setPixmap(icon("chatdesk", "").pixmap(QSize(56, 56)))
        title = QLabel()
        sized(title, 1.55, QFont.Weight.DemiBold)
        say(title.setText, INVITATION)
        line = QLabel()
        say(line.setText, PROMISE)
        line.setProperty("look", "muted")
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(3)
        for label in (logo, title, line):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(label is not logo)
            column.addWidget(label)
        column.addStretch(4)
