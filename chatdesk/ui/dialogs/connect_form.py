"""The form for an account on a Supabase project."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatdesk.domain.session import BackendKind
from chatdesk.domain.sign_in import SignInPlace
from chatdesk.language.door import N_, _
from chatdesk.services.session import SignInRequest
from chatdesk.ui.check_box import CheckBox
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say

_NAMES = (N_("Project URL"), N_("Publishable key"), N_("E-mail"), N_("Password"))
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
PASSWORD_LEAST = 6


def url_fault(text: str) -> str:
    """Say in one sentence what is wrong with a project's address; empty when nothing is."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
        parts.port  # noqa: B018  # reading it checks it
    except ValueError:
        return _("This is not an address. It looks like https://your-project.supabase.co.")
    if parts.scheme not in ("http", "https") or not host or any(letter.isspace() for letter in text):
        return _("The address must begin with https://, as in https://your-project.supabase.co.")
    if parts.scheme == "http" and host not in _LOOPBACK:
        return _("Use https://: over http:// your password could be read on the way.")
    if parts.username or parts.query or parts.fragment:
        return _("Enter only the project's address, without a name, a question mark or a #.")
    return ""


def key_fault(text: str) -> str:
    """Say what is wrong with a publishable key; empty when nothing is."""
    if not text:
        return _("Enter the publishable key of the project (Settings, API keys).")
    if text.startswith("sb_secret_"):
        return _("This is a secret key. Use the publishable key: a secret key must never leave the server.")
    if any(letter.isspace() for letter in text) or not text.isascii():
        return _("The key has characters that no key has. Copy it once more.")
    return ""


class ConnectForm(QWidget):
    """Address, key, e-mail and password, checked here before anything is sent.

    ``submitted(SignInRequest)`` is emitted when nothing is wrong with the fields, ``check_requested(url,
    key)`` when somebody wants to know what the project lacks. What was entered stays, whatever happens.
    ``ways_requested(SignInPlace, str)``, with the e-mail address, for another way than a password.
    """

    submitted = Signal(object)
    check_requested = Signal(str, str)
    ways_requested = Signal(object, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.url = _field("Project URL", "https://your-project.supabase.co")
        self.api_key = _field("Publishable key", "sb_publishable_…")
        self.email = _field("E-mail", "you@example.com")
        self.password = _field("Password", "")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.create_box = CheckBox(theme, "")
        say(self.create_box.setText, "Create a new account")
        self.error = QLabel()
        self.error.setProperty("look", "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.button = QPushButton()
        self.button.setProperty("look", "tonal")
        self.button.clicked.connect(self.submit)
        self.check_button = QPushButton()
        say(self.check_button.setText, "Check")
        say(self.check_button.setToolTip, "See what the project has and what it lacks")
        self.check_button.clicked.connect(self.check)
        self.create_box.toggled.connect(self._name_button)
        retell(self._name_button)
        self._busy = False
        self._name_button()
        rows = QVBoxLayout()
        rows.setSpacing(5)
        for edit, name in zip(self._fields(), _NAMES, strict=True):
            label = QLabel()
            say(label.setText, name)
            label.setProperty("look", "muted")
            label.setBuddy(edit)
            rows.addWidget(label)
            rows.addWidget(edit)
            rows.addSpacing(4)
            edit.returnPressed.connect(self.submit)
            edit.textEdited.connect(lambda _text, edit=edit: self._mark(edit, False))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(rows)
        column.addWidget(self.create_box)
        column.addWidget(self.error)
        buttons = QHBoxLayout()
        buttons.addWidget(self.check_button)
        buttons.addWidget(self.button, 1)
        column.addLayout(buttons)
        self.ways_button = QPushButton()
        self.ways_button.setProperty("look", "link")
        say(self.ways_button.setText, "Other ways to sign in…")
        self.ways_button.clicked.connect(self._ask_for_ways)
        column.addWidget(self.ways_button, 0, Qt.AlignmentFlag.AlignHCenter)

    def check(self) -> None:
        """Ask to look at the project, if its address and its key can be right."""
        self.show_error("")
        url, key = self.url.text().strip().rstrip("/"), self.api_key.text().strip()
        for edit, fault in ((self.url, url_fault(url)), (self.api_key, key_fault(key))):
            self._mark(edit, bool(fault))
            if fault:
                self.show_error(fault)
                edit.setFocus()
                return
        self.check_requested.emit(url, key)

    def submit(self) -> None:
        """Check the fields, and ask to connect if nothing is wrong with them."""
        self.show_error("")
        request = SignInRequest(
            self.url.text().strip().rstrip("/"),
            self.api_key.text().strip(),
            self.email.text().strip(),
            self.password.text(),
            self.create_box.isChecked(),
        )
        for edit, fault in self._faults(request):
            self._mark(edit, bool(fault))
            if fault:
                self.show_error(fault)
                edit.setFocus()
                return
        self.submitted.emit(request)

    def _ask_for_ways(self) -> None:
        url, key = self.url.text().strip().rstrip("/"), self.api_key.text().strip()
        self.show_error("")
        for edit, fault in ((self.url, url_fault(url)), (self.api_key, key_fault(key))):
            self._mark(edit, bool(fault))
            if fault:
                self.show_error(fault)
                edit.setFocus()
                return
        place = SignInPlace(BackendKind.SUPABASE, url, key)
        self.ways_requested.emit(place, self.email.text().strip())

    def show_error(self, sentence: str) -> None:
        """Show one sentence below the fields, or with an empty one nothing."""
        self.error.setText(sentence)
        self.error.setVisible(bool(sentence))

    def set_busy(self, busy: bool, *, connecting: bool = True) -> None:
        """Lock the fields while a server is asked; ``connecting``: because of this form."""
        everything = (*self._fields(), self.create_box, self.button, self.ways_button, self.check_button)
        for widget in everything:
            widget.setEnabled(not busy)
        self._busy = busy and connecting
        self._name_button()

    def _fields(self) -> tuple[QLineEdit, ...]:
        return (self.url, self.api_key, self.email, self.password)

    def _faults(self, request: SignInRequest) -> list[tuple[QLineEdit, str]]:
        name, at, domain = request.email.partition("@")
        email = "" if name and at and domain and " " not in request.email else _("Enter your e-mail address.")
        password = "" if request.password else _("Enter your password.")
        if request.create and 0 < len(request.password) < PASSWORD_LEAST:
            least = _("A new password needs at least {count} characters.")
            password = least.format(count=PASSWORD_LEAST)
        return [
            (self.url, url_fault(request.url)),
            (self.api_key, key_fault(request.api_key)),
            (self.email, email),
            (self.password, password),
        ]

    def _mark(self, edit: QLineEdit, wrong: bool) -> None:
        edit.setProperty("wrong", "true" if wrong else "false")
        edit.style().polish(edit)

    def _name_button(self) -> None:
        if self._busy:
            self.button.setText(_("Connecting…"))
        else:
            self.button.setText(_("Create account") if self.create_box.isChecked() else _("Connect"))


def _field(name: str, example: str) -> QLineEdit:
    edit = QLineEdit()
    say(edit.setAccessibleName, name)
    say(edit.setPlaceholderText, example)
    edit.setMaxLength(4_000)
    return edit
