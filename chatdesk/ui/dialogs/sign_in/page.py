"""What all pages of a sign-in have: a title, fields, one sentence of trouble, one button and other ways."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFont
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatdesk.language.door import _
from chatdesk.ui.theme.fonts import sized

PASSWORD_LEAST = 6


def email_fault(text: str) -> str:
    """Say what is wrong with an e-mail address; empty when nothing is."""
    name, at, domain = text.partition("@")
    return "" if name and at and domain and " " not in text else _("Enter your e-mail address.")


def new_password_fault(text: str) -> str:
    """Say what is wrong with a password that is to be new."""
    if len(text) >= PASSWORD_LEAST:
        return ""
    return _("A new password needs at least {count} characters.").format(count=PASSWORD_LEAST)


def fit(dialog: QDialog) -> None:
    """Make a dialog of a fixed width as high as what it shows now."""
    layout = dialog.layout()
    if layout is not None:
        layout.invalidate()
        layout.activate()
        height = layout.totalHeightForWidth(dialog.width()) if layout.hasHeightForWidth() else 0
        dialog.resize(dialog.width(), max(height, layout.totalMinimumSize().height()))


class FormPage(QWidget):
    """One page. ``submitted()`` when the button was pressed and nothing is wrong with the fields.

    What was typed stays, whatever happens; ``cancelled()`` asks to leave the dialog.
    """

    submitted = Signal()
    cancelled = Signal()

    def __init__(self, title: str, explained: str, action: str, waiting: str) -> None:
        super().__init__()
        self._action, self._waiting = action, waiting
        self._checks: list[tuple[QLineEdit, Callable[[str], str]]] = []
        self.labels: dict[QLineEdit, QLabel] = {}
        self._fixed: set[QLineEdit] = set()
        self._others: list[QPushButton] = []
        self._busy = False
        self.title, self.explained, self.error = QLabel(title), QLabel(explained), QLabel()
        sized(self.title, 1.2, QFont.Weight.DemiBold)
        for label, look in ((self.explained, "muted"), (self.error, "error")):
            label.setProperty("look", look)
        for label in (self.title, self.explained, self.error):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.explained.setVisible(bool(explained))
        self.error.hide()
        self.button = QPushButton(action)
        self.button.setProperty("look", "primary")
        self.button.setVisible(bool(action))
        self.button.clicked.connect(self.submit)
        self.cancel_button = QPushButton(_("Cancel"))
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.cancelled)
        self.body, self.ways = QVBoxLayout(), QVBoxLayout()
        self.body.setSpacing(5)
        self.ways.setSpacing(2)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.explained)
        column.addSpacing(4)
        column.addLayout(self.body)
        column.addWidget(self.error)
        column.addLayout(self.ways)
        column.addSpacing(8)
        column.addStretch(1)
        column.addLayout(buttons)

    def field(self, name: str, check: Callable[[str], str], *, secret: bool = False) -> QLineEdit:
        """Add a field; ``check`` says what is wrong with its text."""
        edit = QLineEdit()
        edit.setAccessibleName(name)
        edit.setMaxLength(4_000)
        if secret:
            edit.setEchoMode(QLineEdit.EchoMode.Password)
        edit.textEdited.connect(lambda _text: self._mark(edit, False))
        label = self.labels[edit] = QLabel(name)
        label.setProperty("look", "muted")
        label.setBuddy(edit)
        self.body.addWidget(label)
        self.body.addWidget(edit)
        self.body.addSpacing(4)
        self._checks.append((edit, check))
        return edit

    def fix(self, edit: QLineEdit) -> None:
        """Keep the text of a field as it is: it is known and not to be changed."""
        self._fixed.add(edit)
        edit.setReadOnly(True)

    def way(self, text: str, go: Callable[[], object], look: str = "link") -> QPushButton:
        """Add another way, below the fields."""
        button = QPushButton(text)
        button.setProperty("look", look)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: go())
        if look == "link":
            self.ways.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        else:
            self.ways.addSpacing(5)
            self.ways.addWidget(button)
        self._others.append(button)
        return button

    def submit(self) -> None:
        """Check the fields, and tell if nothing is wrong with them."""
        if self._busy:
            return
        self.show_error("")
        for edit, check in self._checks:
            fault = check(edit.text().strip()) if edit.isEnabled() and not edit.isHidden() else ""
            self._mark(edit, bool(fault))
            if fault:
                self.show_error(fault)
                edit.setFocus()
                return
        self.submitted.emit()

    def show_error(self, sentence: str) -> None:
        """Show one sentence below the fields, or with an empty one nothing."""
        self.error.setText(sentence)
        self.error.setVisible(bool(sentence))
        if sentence:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.error, sentence))

    def set_busy(self, busy: bool) -> None:
        """Lock fields and ways while the back end is asked; cancelling is always possible."""
        self._busy = busy
        for edit, _check in self._checks:
            edit.setReadOnly(busy or edit in self._fixed)
        for button in self._others:
            button.setEnabled(not busy)
        self.button.setEnabled(not busy)
        self.button.setText(self._waiting if busy else self._action)

    @property
    def is_busy(self) -> bool:
        """Whether the back end is being asked."""
        return self._busy

    def enter(self) -> None:
        """The page is shown: the first field that is empty gets the focus."""
        self.button.setDefault(True)
        fields = [edit for edit, _check in self._checks if not edit.isHidden()]
        empty = next(
            (edit for edit in fields if not edit.text() and edit not in self._fixed),
            fields[0] if fields else None,
        )
        (empty or self.button).setFocus()

    def _mark(self, edit: QLineEdit, wrong: bool) -> None:
        edit.setProperty("wrong", "true" if wrong else "false")
        edit.style().polish(edit)
