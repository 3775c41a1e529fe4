"""The dialog about the people of one conversation."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.sharing import Roster
from chatdesk.language.door import _
from chatdesk.ui.dialogs.confirm import confirm
from chatdesk.ui.sharing.forms import InviteForm, LinkForm
from chatdesk.ui.sharing.people import FaceOf
from chatdesk.ui.sharing.rows import InviteRow, MemberRow
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.theme.theme import Theme

TALL = 300


class MembersDialog(QDialog):
    """Members with their roles for everybody; inviting, roles and removing for the owner.

    Signals, all about ``conversation_id``: ``invite_requested(to, MemberRole)``,
    ``link_requested(MemberRole, hours, uses)``, ``revoke_requested(invite_id)``,
    ``role_requested(user_id, MemberRole)``, ``hand_over_requested(user_id)``, ``remove_requested(user_id)``,
    ``leave_requested()``.
    """

    invite_requested = Signal(str, object)
    link_requested = Signal(object, int, int)
    revoke_requested = Signal(str)
    role_requested = Signal(str, object)
    hand_over_requested = Signal(str)
    remove_requested = Signal(str)
    leave_requested = Signal()

    def __init__(self, theme: Theme, conversation_id: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Share this chat"))
        self.setAccessibleName(_("People in “{title}”").format(title=title))
        self.conversation_id = conversation_id
        self._theme = theme
        self._title = title
        self.rows: dict[str, MemberRow] = {}
        self.invites: dict[str, InviteRow] = {}
        head = QLabel(_("People in “{title}”").format(title=title))
        head.setProperty("look", "title")
        head.setTextFormat(Qt.TextFormat.PlainText)
        head.setWordWrap(True)
        self.form = InviteForm(theme)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.hide()
        self._people = QVBoxLayout()
        self._people.setContentsMargins(0, 0, 8, 0)
        self._people.setSpacing(2)
        inside = QWidget()
        inside.setLayout(self._people)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(inside)
        self._scroll.setMaximumHeight(theme.px(TALL))
        self.links_button = QPushButton(_("Invite by a link…"))
        self.links_button.setProperty("look", "link")
        self.links_button.setAutoDefault(False)
        self.links = LinkForm(theme)
        self.links.hide()
        self.leave_button = QPushButton(_("Leave the chat…"))
        self.leave_button.setProperty("look", "quiet")
        self.leave_button.setAutoDefault(False)
        self.close_button = QPushButton(_("Close"))
        self.close_button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self.leave_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(10)
        for part in (head, self.form, self.said, self._scroll):
            column.addWidget(part)
        column.addWidget(self.links_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.links)
        column.addSpacing(4)
        column.addLayout(buttons)
        self.setFixedWidth(in_text(500))
        self.form.invite_requested.connect(self._invite)
        self.links_button.clicked.connect(self._show_links)
        self.links.link_requested.connect(self.link_requested)
        self.leave_button.clicked.connect(self._leave)
        self.close_button.clicked.connect(self.reject)

    # Facts

    def show_roster(self, roster: Roster, user_id: str, face_of: FaceOf) -> None:
        """Show who is in, and to the owner what is still open; the keyboard stays where it was."""
        focused = next((key for key, row in self.rows.items() if row.button and row.button.hasFocus()), "")
        while (old := self._people.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.rows.clear()
        self.invites.clear()
        owner = roster.role_of(user_id) is MemberRole.OWNER
        for member in roster.members:
            own = member.user_id == user_id
            row = MemberRow(
                self._theme, member, face_of(member.user_id), own=own, may_change=owner and not own
            )
            row.role_chosen.connect(self.role_requested)
            row.hand_over_chosen.connect(self._hand_over)
            row.remove_chosen.connect(self._remove)
            self.rows[member.user_id] = row
            self._people.addWidget(row)
        if roster.invites:
            waiting = QLabel(_("Invited"))
            waiting.setProperty("look", "title")
            waiting.setContentsMargins(0, 10, 0, 2)
            self._people.addWidget(waiting)
        for invite in roster.invites:
            open_one = InviteRow(self._theme, invite)
            open_one.revoke_chosen.connect(self.revoke_requested)
            self.invites[invite.id] = open_one
            self._people.addWidget(open_one)
        self._people.addStretch(1)
        for part in (self.form, self.links_button):
            part.setVisible(owner)
        self.links.setVisible(self.links.isVisible() and owner)
        self.leave_button.setVisible(not owner and roster.role_of(user_id) is not None)
        if focused in self.rows and (button := self.rows[focused].button) is not None:
            button.setFocus()
        # A layout shows what it was given later, and until then counts it as nothing.
        for shown in (*self.rows.values(), *self.invites.values()):
            shown.show()
        wanted = self._people.sizeHint().height()
        self._scroll.setMinimumHeight(min(wanted + 4, self._theme.px(TALL)))
        self.adjustSize()

    def invited(self, to: str) -> None:
        """An invitation went out; the words are the same whether or not somebody has that name."""
        self.form.accepted()
        self._say(_("If somebody has this name or address, they find the invitation in ChatDesk."), "muted")

    def show_link(self, link: str) -> None:
        self._say("", "muted")
        self.links.show()
        self.links.show_link(link)
        self.adjustSize()

    def show_failure(self, words: str) -> None:
        """Say what went wrong; what was typed stays."""
        self._say(words, "error")

    # What the user does

    def _invite(self, to: str, role: MemberRole) -> None:
        self._say("", "muted")
        self.invite_requested.emit(to, role)

    def _show_links(self) -> None:
        self.links.setVisible(not self.links.isVisible())
        self.adjustSize()
        if self.links.isVisible():
            self.links.role.setFocus()

    def _hand_over(self, user_id: str) -> None:
        name = self.rows[user_id].name
        confirm(
            self,
            _("Make {name} the owner?").format(name=name),
            _("Only the owner invites people, takes them out and deletes the chat. You stay and can write."),
            _("Make the owner"),
            lambda: self.hand_over_requested.emit(user_id),
            dangerous=True,
        )

    def _remove(self, user_id: str) -> None:
        name = self.rows[user_id].name
        confirm(
            self,
            _("Remove {name} from the chat?").format(name=name),
            _("The chat goes from all their devices at once. What they wrote stays in it."),
            _("Remove"),
            lambda: self.remove_requested.emit(user_id),
            dangerous=True,
        )

    def _leave(self) -> None:
        confirm_leaving(self, self._title, self.leave_requested.emit)

    def _say(self, words: str, look: str) -> None:
        self.said.setProperty("look", look)
        self.said.style().polish(self.said)
        self.said.setText(words)
        self.said.setVisible(bool(words))
        self.adjustSize()


def confirm_leaving(parent: QWidget, title: str, leave: object) -> None:
    """Ask before a chat goes that only its owner can give back."""
    assert callable(leave)
    confirm(
        parent,
        _("Leave “{title}”?").format(title=title),
        _("It goes from all your devices. To come back you need an invitation. What you wrote stays in it."),
        _("Leave"),
        leave,
        dangerous=True,
    )
