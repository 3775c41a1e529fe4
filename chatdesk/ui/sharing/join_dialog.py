"""The dialog for joining a conversation by a link or code."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatdesk.language.door import _
from chatdesk.ui.theme.fonts import in_text


class JoinDialog(QDialog):
    """Takes what was pasted; ``join_requested(text)``.

    It closes when the user is in; a failure leaves the text.
    """

    join_requested = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Join a chat"))
        self.setAccessibleName(_("Join a chat"))
        head = QLabel(_("Join a chat"))
        head.setProperty("look", "title")
        hint = QLabel(_("Paste the link or code that its owner gave you."))
        hint.setProperty("look", "muted")
        hint.setWordWrap(True)
        self.field = QLineEdit()
        self.field.setPlaceholderText("chatdesk://join/…")
        self.field.setAccessibleName(_("Link or code"))
        self.field.setAccessibleDescription(hint.text())
        self.said = QLabel()
        self.said.setProperty("look", "error")
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.hide()
        self.cancel_button, self.button = QPushButton(_("Cancel")), QPushButton(_("Join"))
        self.cancel_button.setAutoDefault(False)
        self.button.setProperty("look", "primary")
        self.button.setDefault(True)
        self.button.setEnabled(False)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(10)
        for part in (head, hint, self.field, self.said):
            column.addWidget(part)
        column.addSpacing(4)
        column.addLayout(buttons)
        self.setFixedWidth(in_text(460))
        self.field.textChanged.connect(self._edited)
        self.button.clicked.connect(self._ask)
        self.cancel_button.clicked.connect(self.reject)
        self.field.setFocus()

    def show_failure(self, words: str) -> None:
        """Say why it did not work; the text stays."""
        self.said.setText(words)
        self.said.show()
        self._ready()
        self.field.setFocus()
        self.adjustSize()

    def _edited(self) -> None:
        self.said.hide()
        self._ready()

    def _ready(self) -> None:
        self.button.setEnabled(bool(self.field.text().strip()))

    def _ask(self) -> None:
        self.button.setEnabled(False)
        self.join_requested.emit(self.field.text())
