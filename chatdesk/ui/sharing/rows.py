"""Lines of the members dialog: one person, one open invitation."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.sharing import Member, OpenInvite
from chatdesk.language.door import _
from chatdesk.ui.avatar import Avatar
from chatdesk.ui.elided_label import ElidedLabel
from chatdesk.ui.picture_label import PictureLabel
from chatdesk.ui.round_corners import RoundCorners
from chatdesk.ui.sharing.people import Face, invite_words, role_words
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme

FACE = 34


def _two_lines(above: str, below: str) -> QVBoxLayout:
    first, second = ElidedLabel(), QLabel(below)
    first.setText(above)
    second.setTextFormat(Qt.TextFormat.PlainText)
    second.setProperty("look", "muted")
    sized(second, 0.9)
    lines = QVBoxLayout()
    lines.setSpacing(0)
    lines.addWidget(first)
    if below:
        lines.addWidget(second)
    return lines


class MemberRow(QWidget):
    """A member with face and role; where the user may change something, the role is a button with a menu.

    Signals: ``role_chosen(user_id, MemberRole)``, ``hand_over_chosen(user_id)``, ``remove_chosen(user_id)``.
    """

    role_chosen = Signal(str, object)
    hand_over_chosen = Signal(str)
    remove_chosen = Signal(str)

    def __init__(self, theme: Theme, member: Member, face: Face, *, own: bool, may_change: bool) -> None:
        super().__init__()
        self._member = member
        self.name = face.name
        avatar = Avatar(theme, FACE)
        avatar.show_person(face.name, face.picture)
        shown = _("{name} (you)").format(name=face.name) if own else face.name
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 3, 0, 3)
        row.setSpacing(10)
        row.addWidget(avatar)
        row.addLayout(_two_lines(shown, f"@{face.handle}" if face.handle else ""), 1)
        words = role_words(member.role)
        self.button: QToolButton | None = None
        if may_change:
            button = self.button = QToolButton()
            button.setProperty("look", "model")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
            button.setText(words)
            button.setIcon(icon("chevron-down", theme.tokens.text_muted))
            button.setIconSize(QSize(theme.px(12), theme.px(12)))
            button.setAccessibleName(_("{name}: {role}").format(name=face.name, role=words))
            button.setAccessibleDescription(_("Change the role, hand over or remove"))
            button.clicked.connect(self.open_menu)
            row.addWidget(button)
        else:
            role = QLabel(words)
            role.setProperty("look", "muted")
            role.setAccessibleName(_("{name}: {role}").format(name=shown, role=words))
            row.addWidget(role)

    def open_menu(self) -> QMenu:
        """Open the menu of what can be done with this member."""
        user_id = self._member.user_id
        menu = QMenu(self)
        menu.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(_("Role of {name}").format(name=self.name))
        RoundCorners(menu, 8)
        for role in (MemberRole.EDITOR, MemberRole.VIEWER):
            action = QAction(role_words(role), menu)
            action.setCheckable(True)
            action.setChecked(role is self._member.role)
            action.triggered.connect(lambda _on=False, role=role: self._choose(role))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction(_("Make the owner…"), lambda: self.hand_over_chosen.emit(user_id))
        menu.addAction(_("Remove from the chat…"), lambda: self.remove_chosen.emit(user_id))
        if self.button is not None:
            menu.popup(self.button.mapToGlobal(QPoint(0, self.button.height() + 2)))
        menu.setActiveAction(menu.actions()[0])
        return menu

    def _choose(self, role: MemberRole) -> None:
        if role is not self._member.role:
            self.role_chosen.emit(self._member.user_id, role)


class InviteRow(QWidget):
    """An open invitation or link; ``revoke_chosen(invite_id)``."""

    revoke_chosen = Signal(str)

    def __init__(self, theme: Theme, invite: OpenInvite) -> None:
        super().__init__()
        to = invite.to or _("Link")
        mark = "users" if invite.to is None else "clock"
        picture = PictureLabel(theme, mark, QSize(20, 20))
        slot = QHBoxLayout()
        slot.addSpacing((FACE - 20) // 2)
        slot.addWidget(picture)
        slot.addSpacing((FACE - 20) // 2)
        self.button = QPushButton(_("Withdraw"))
        self.button.setProperty("look", "link")
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(_("Withdraw the invitation: {to}").format(to=to))
        self.button.clicked.connect(lambda: self.revoke_chosen.emit(invite.id))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 3, 0, 3)
        row.setSpacing(10)
        row.addLayout(slot)
        row.addLayout(_two_lines(to, invite_words(invite)), 1)
        row.addWidget(self.button)
