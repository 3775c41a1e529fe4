"""Going on with an account whose session is over: only the password is asked for."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatdesk.domain.session import Account
from chatdesk.language.door import _
from chatdesk.ui.theme.fonts import in_text


class SignInAgainDialog(QDialog):
    """Asks for the password of ``account``, and for the e-mail address only where it is not known.

    ``submitted(str, str)`` (e-mail, password) locks the dialog until ``close`` or ``show_failure``; what was
    typed stays. ``ways_requested()`` when there is no password, or it is forgotten. Nothing of the account is
    lost by cancelling: it goes on showing what is here.
    """

    submitted = Signal(str, str)
    ways_requested = Signal()

    def __init__(self, account: Account, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Sign in again"))
        self.setAccessibleName(_("Sign in again"))
        title = QLabel(_("Sign in again"))
        title.setProperty("look", "title")
        place = urlsplit(account.url).netloc or account.url or _("this computer")
        over = _("Your session on {place} is over. What you wrote is kept and sent once you are back.")
        said = QLabel(over.format(place=place))
        said.setProperty("look", "muted")
        said.setWordWrap(True)
        said.setTextFormat(Qt.TextFormat.PlainText)
        self.email = _field(_("E-mail"), account.email or "")
        self.email.setReadOnly(account.email is not None)
        self.password = _field(_("Password"), "")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.error = QLabel()
        self.error.setProperty("look", "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.cancel_button = QPushButton(_("Cancel"))
        self.cancel_button.clicked.connect(self.reject)
        self.button = QPushButton(_("Sign in"))
        self.button.setProperty("look", "primary")
        self.button.setDefault(True)
        self.button.clicked.connect(self.submit)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(8)
        column.addWidget(title)
        column.addWidget(said)
        for field in (self.email, self.password):
            label = QLabel(field.accessibleName())
            label.setProperty("look", "muted")
            label.setBuddy(field)
            column.addWidget(label)
            column.addWidget(field)
        column.addWidget(self.error)
        self.ways_button = QPushButton(_("Sign in another way…"))
        self.ways_button.setProperty("look", "link")
        self.ways_button.setAutoDefault(False)
        self.ways_button.clicked.connect(self._leave_for_ways)
        column.addWidget(self.ways_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(10)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.button)
        column.addLayout(buttons)
        self.setFixedWidth(in_text(400))
        (self.password if account.email else self.email).setFocus()

    def submit(self) -> None:
        """Ask to sign in, if there is anything to do it with."""
        if not self.email.text().strip() or not self.password.text():
            self.show_failure(
                _("Enter your password.") if self.email.text().strip() else _("Enter your e-mail address.")
            )
            return
        self.error.hide()
        self._lock(True)
        self.submitted.emit(self.email.text().strip(), self.password.text())

    def show_failure(self, sentence: str) -> None:
        """Say why it did not work; unlocks the dialog."""
        self._lock(False)
        self.error.setText(sentence)
        self.error.show()
        self.password.setFocus()

    def _leave_for_ways(self) -> None:
        self.reject()
        self.ways_requested.emit()

    def _lock(self, busy: bool) -> None:
        for widget in (self.email, self.password, self.button, self.ways_button):
            widget.setEnabled(not busy)
        self.button.setText(_("Signing in…") if busy else _("Sign in"))


def _field(name: str, text: str) -> QLineEdit:
    field = QLineEdit(text)
    field.setAccessibleName(name)
    field.setMaxLength(4_000)
    return field
