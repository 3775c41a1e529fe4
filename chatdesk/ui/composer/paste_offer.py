"""The offer to attach a long text that was pasted; nothing happens to it unasked."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from chatdesk.ui.composer.long_lines import mended
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.words import say

LONG = 8_000
"""Characters from which a pasted text is offered as a file."""


class PasteOffer(QWidget):
    """One line with two answers. ``accepted(str)`` brings the text as it stands in the field now; it stays
    there until ``take``. The text that was pasted is followed while other text is typed around it."""

    accepted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pasted: QTextCursor | None = None
        question = QLabel()
        question.setProperty("look", "muted")
        sized(question, 0.92)
        say(question.setText, "This is a long text.")
        self.attach = QPushButton()
        self.attach.setProperty("look", "link")
        say(self.attach.setText, "Attach it as a file")
        self.keep = QPushButton()
        self.keep.setProperty("look", "link")
        say(self.keep.setText, "Keep it here")
        for button in (self.attach, self.keep):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.attach.clicked.connect(self._accept)
        self.keep.clicked.connect(self.withdraw)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addWidget(question)
        row.addWidget(self.attach)
        row.addWidget(self.keep)
        row.addStretch(1)
        self.hide()

    def offer(self, pasted: QTextCursor) -> None:
        """Offer the text that ``pasted`` selects."""
        self._pasted = pasted
        self.show()

    def withdraw(self) -> None:
        """Take the offer back; the text stays where it is."""
        self._pasted = None
        self.hide()

    def take(self) -> None:
        """Take the text out of the field: it is attached now. Undo brings it back."""
        if self._pasted is not None:
            self._pasted.removeSelectedText()
        self.withdraw()

    def _accept(self) -> None:
        text = "" if self._pasted is None else mended(self._pasted.selectedText())
        if text:
            self.accepted.emit(text)
        else:
            self.withdraw()
