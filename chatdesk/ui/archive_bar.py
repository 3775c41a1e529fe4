"""The line above the composer of an archived chat."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from chatdesk.ui.picture_label import PictureLabel
from chatdesk.ui.theme.metrics import COLUMN, MARGIN
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import say


class ArchiveBar(QWidget):
    """Says that the chat is archived and what brings it back; ``unarchive_requested()``."""

    unarchive_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = QLabel()
        words.setWordWrap(True)
        say(words.setText, "This chat is archived. It goes back to the list when you write in it.")
        self.button = QPushButton()
        self.button.setProperty("look", "link")
        say(self.button.setText, "Take out of the archive")
        self.button.clicked.connect(self.unarchive_requested)
        card = QFrame()
        card.setProperty("look", "notice")
        card.setMaximumWidth(COLUMN)
        row = QHBoxLayout(card)
        row.setContentsMargins(14, 6, 14, 6)
        row.setSpacing(12)
        row.addWidget(PictureLabel(theme, "archive", QSize(20, 20)))
        row.addWidget(words, 1)
        row.addWidget(self.button)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(MARGIN, 0, MARGIN, 4)
        outer.addStretch(1)
        outer.addWidget(card, 1000)
        outer.addStretch(1)
        self.hide()
