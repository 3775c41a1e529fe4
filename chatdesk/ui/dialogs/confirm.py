"""One question with a clear answer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from chatdesk.language.door import _
from chatdesk.ui.theme.fonts import in_text


class ConfirmDialog(QDialog):
    """Asks ``question``, explains in ``detail``; the button ``yes`` accepts, Cancel and Escape reject."""

    def __init__(
        self, parent: QWidget, question: str, detail: str, yes: str, *, dangerous: bool = False
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("ChatDesk")
        self.setAccessibleName(question)
        self.setAccessibleDescription(detail)
        title = QLabel(question)
        title.setProperty("look", "title")
        explained = QLabel(detail)
        explained.setProperty("look", "muted")
        for label in (title, explained):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.cancel_button = QPushButton(_("Cancel"))
        self.cancel_button.clicked.connect(self.reject)
        self.yes_button = QPushButton(yes)
        self.yes_button.setProperty("look", "danger" if dangerous else "primary")
        self.yes_button.clicked.connect(self.accept)
        # The safe answer has the focus where the other one destroys something.
        (self.cancel_button if dangerous else self.yes_button).setDefault(True)
        (self.cancel_button if dangerous else self.yes_button).setFocus()
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.yes_button)
        self.explained = explained
        self.body = QVBoxLayout()
        """Where a question with a choice puts it."""
        self.body.setSpacing(8)
        self.buttons = buttons
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(8)
        column.addWidget(title)
        column.addWidget(explained)
        column.addLayout(self.body)
        column.addSpacing(10)
        column.addLayout(buttons)
        self.setFixedWidth(in_text(400))


def confirm(
    parent: QWidget,
    question: str,
    detail: str,
    yes: str,
    accepted: Callable[[], None],
    *,
    dangerous: bool = False,
) -> ConfirmDialog:
    """Open the question over ``parent`` and call ``accepted`` when the answer is yes; returns at once."""
    dialog = ConfirmDialog(parent, question, detail, yes, dangerous=dangerous)
    dialog.accepted.connect(accepted)
    dialog.open()
    return dialog
