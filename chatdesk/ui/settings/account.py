"""Settings, Account and sync: who is signed in, where it lives, whether everything is in sync."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from chatdesk.domain.session import BackendKind
from chatdesk.language.door import _
from chatdesk.models.people import name_of
from chatdesk.ui.account_facts import AccountFacts
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.avatar import Avatar
from chatdesk.ui.settings.page import Fact, Page, Row, plain_label, value_label
from chatdesk.ui.sync_face import sync_face
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say


class AccountPage(Page):
    """Shows the facts as they change; ``action_requested(ActionId)`` for what its buttons ask."""

    action_requested = Signal(object)

    def __init__(self, theme: Theme, facts: AccountFacts) -> None:
        super().__init__(theme, "Account and sync")
        self._facts = facts
        self._avatar = Avatar(theme, 48)
        self.name = plain_label("title")
        self.line = plain_label("muted")
        self.place = value_label()
        self._mark, self.state, self.sentence = QLabel(), plain_label("title"), plain_label("muted")
        self.edit_button = self._button("Edit profile…", ActionId.PROFILE)
        self.refresh_button = self._button("Refresh now", ActionId.REFRESH)
        self.check_button = self._button("Check…", ActionId.CHECK_SERVER)
        self.sign_out_button = self._button("Sign out…", ActionId.SIGN_OUT)
        self.delete_button = self._button("Delete account…", ActionId.DELETE_ACCOUNT)
        self._person = self.card()
        self._person.add(_line(self._avatar, self.name, self.line, self.edit_button))
        self._person.add(Fact(self.place, "Where it lives"))
        self._access = self.card()
        self.email_button = self._button("Change the e-mail address…", ActionId.CHANGE_EMAIL)
        self.password_button = self._button("Change the password…", ActionId.CHANGE_PASSWORD)
        self.others_button = self._button("Sign out on other devices…", ActionId.END_OTHERS)
        self.mails_button = self._button("Mails on this computer…", ActionId.LOCAL_MAILS)
        self._access.add(
            _buttons(self.email_button, self.password_button, self.others_button, self.mails_button)
        )
        self._sync = self.card()
        self._sync.add(_line(self._mark, self.state, self.sentence, self.refresh_button))
        self._sync.add(
            Row(
                theme,
                "The connection, part by part",
                self.check_button,
                "Sees whether the server has everything ChatDesk needs, and tries it out.",
            )
        )
        self.column.addSpacing(6)
        self._ends = QWidget()
        ends = QHBoxLayout(self._ends)
        ends.setContentsMargins(0, 0, 0, 0)
        ends.addWidget(self.sign_out_button)
        ends.addWidget(self.delete_button)
        ends.addStretch(1)
        self.column.addWidget(self._ends)
        self.nobody = plain_label("muted")
        say(self.nobody.setText, "Nobody is signed in.")
        self.column.addWidget(self.nobody)
        self.column.addStretch(1)
        theme.changed.connect(self.refresh)
        retell(self.refresh)
        self.show_facts(facts)

    def show_facts(self, facts: AccountFacts) -> None:
        """Show other facts."""
        self._facts = facts
        self.refresh()

    def refresh(self) -> None:
        """Show the facts, in the language in use."""
        facts, account = self._facts, self._facts.account
        for widget in (self._person, self._access, self._sync, self._ends):
            widget.setVisible(account is not None)
        self.nobody.setVisible(account is None)
        if account is None:
            return
        label = name_of(facts.profile) if facts.profile is not None else ""
        self._avatar.show_person(label, facts.image)
        self.name.setText(label or _("Your account"))
        local = account.kind is BackendKind.LOCAL
        for button in (self.email_button, self.password_button):
            button.setVisible(not account.is_owner)
        self.others_button.setVisible(not local)
        self.mails_button.setVisible(local)
        line = account.email or ""
        self.line.setText(line)
        self.line.setVisible(bool(line))
        self.place.setText(_("On this computer, in a database of its own") if local else account.url)
        self.edit_button.setEnabled(facts.profile is not None)
        face = sync_face(facts.state)
        colour = str(getattr(self.theme.tokens, face.colour))
        self._mark.setPixmap(icon(face.icon, colour).pixmap(QSize(24, 24)))
        self.state.setText(face.text)
        self.sentence.setText(face.sentence)

    def _button(self, text: str, action: ActionId) -> QPushButton:
        button = QPushButton()
        button.setAutoDefault(False)
        say(button.setText, text)
        button.clicked.connect(lambda: self.action_requested.emit(action))
        return button


def _buttons(*buttons: QPushButton) -> QWidget:
    made = QWidget()
    rows = QGridLayout(made)
    rows.setContentsMargins(16, 14, 16, 14)
    rows.setSpacing(8)
    for at, button in enumerate(buttons):
        rows.addWidget(button, at // 2, at % 2)
    # The last one stands alone for whoever owns this computer: a button then, not a bar across the card.
    rows.setAlignment(buttons[-1], Qt.AlignmentFlag.AlignLeft)
    return made


def _line(mark: QWidget, title: QLabel, line: QLabel, button: QPushButton) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(16, 14, 16, 14)
    row.setSpacing(14)
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(title)
    words.addWidget(line)
    row.addWidget(mark, 0, Qt.AlignmentFlag.AlignVCenter)
    row.addLayout(words, 1)
    row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
    return made
