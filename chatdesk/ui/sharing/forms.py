"""The owner's two ways to bring somebody in: an invitation, and a link."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatdesk.domain.conversation import MemberRole
from chatdesk.language.door import _
from chatdesk.ui.settings.choice import Choice
from chatdesk.ui.sharing.people import role_words
from chatdesk.ui.theme.theme import Theme

HOURS = (1, 24, 24 * 7, 24 * 30)
ANYBODY = 0
USES = (1, 5, 25, ANYBODY)


def roles_to_give() -> dict[object, str]:
    """The roles that somebody can be invited to, with their words."""
    return {role: role_words(role) for role in (MemberRole.EDITOR, MemberRole.VIEWER)}


class InviteForm(QWidget):
    """A field for a user name or e-mail address, a role, a button; ``invite_requested(to, MemberRole)``.

    What was typed stays until ``accepted``.
    """

    invite_requested = Signal(str, object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.field.setPlaceholderText(_("User name or e-mail address"))
        self.field.setAccessibleName(_("User name or e-mail address"))
        self.field.setMaxLength(254)
        self.role = Choice(theme)
        self.role.setAccessibleName(_("Role of the invited person"))
        self.role.offer(roles_to_give(), MemberRole.EDITOR)
        self.button = QPushButton(_("Invite"))
        self.button.setProperty("look", "primary")
        self.button.setAutoDefault(False)
        self.button.setEnabled(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(self.role)
        row.addWidget(self.button)
        self.setFocusProxy(self.field)
        self.field.textChanged.connect(lambda text: self.button.setEnabled(bool(text.strip())))
        self.field.returnPressed.connect(self._ask)
        self.button.clicked.connect(self._ask)

    def accepted(self) -> None:
        """It is on its way: make room for the next one."""
        self.field.clear()
        self.field.setFocus()

    def _ask(self) -> None:
        if to := self.field.text().strip():
            self.invite_requested.emit(to, MemberRole(self.role.currentData()))


class LinkForm(QWidget):
    """Makes a link and shows it once; ``link_requested(MemberRole, hours, most uses or 0)``."""

    link_requested = Signal(object, int, int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.role = Choice(theme)
        self.role.offer(roles_to_give(), MemberRole.EDITOR)
        self.hours = Choice(theme)
        self.hours.offer(dict(zip(HOURS, _spans(), strict=True)), HOURS[2])
        self.uses = Choice(theme)
        self.uses.offer(dict(zip(USES, _crowds(), strict=True)), USES[0])
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, box in (
            (_("Who joins"), self.role),
            (_("Good for"), self.hours),
            (_("How many"), self.uses),
        ):
            box.setAccessibleName(words)
            form.addRow(words, box)
        self.button = QPushButton(_("Make a link"))
        self.button.setProperty("look", "tonal")
        self.button.setAutoDefault(False)
        self.link = QLineEdit()
        self.link.setReadOnly(True)
        self.link.setAccessibleName(_("The link"))
        self.copy = QPushButton(_("Copy"))
        self.copy.setProperty("look", "tonal")
        self.copy.setAutoDefault(False)
        self.told = QLabel(_("Whoever has this link can join. It is shown only now."))
        self.told.setProperty("look", "muted")
        self.told.setWordWrap(True)
        made = QHBoxLayout()
        made.setSpacing(8)
        made.addWidget(self.link, 1)
        made.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(form)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(made)
        column.addWidget(self.told)
        self.button.clicked.connect(self._ask)
        self.copy.clicked.connect(self.copy_link)
        self._show(False)

    def show_link(self, link: str) -> None:
        """Show the link that was made."""
        self.link.setText(link)
        self.link.setCursorPosition(0)
        self.copy.setText(_("Copy"))
        self._show(True)
        self.copy.setFocus()

    def copy_link(self) -> None:
        """Put the link on the clipboard."""
        QGuiApplication.clipboard().setText(self.link.text())
        self.copy.setText(_("Copied"))

    def _ask(self) -> None:
        role = MemberRole(self.role.currentData())
        self.link_requested.emit(role, self.hours.currentData(), self.uses.currentData())

    def _show(self, made: bool) -> None:
        for part in (self.link, self.copy, self.told):
            part.setVisible(made)


def _spans() -> tuple[str, ...]:
    return (_("One hour"), _("One day"), _("One week"), _("30 days"))


def _crowds() -> tuple[str, ...]:
    return (_("One person"), _("5 people"), _("25 people"), _("Anybody who has the link"))
