"""The left side of the window: new chat, search field, the list, archive, account and sync badge."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from chatdesk.language.door import _
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.conversations.list_view import ConversationListView
from chatdesk.ui.conversations.title_field import TitleField
from chatdesk.ui.profile_button import ProfileButton
from chatdesk.ui.sharing.invitation_list import InvitationList
from chatdesk.ui.sync_badge import SyncBadge
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.metrics import HEADER, ICON, SIDEBAR_LEAST, SIDEBAR_MOST
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import number, retell, say

# However large the text, something must be left for the conversation in a small window.
_LEAST_MOST = 340


class Sidebar(QWidget):
    """Holds the parts in their order.

    Signals: ``new_chat_requested()``, ``join_requested()`` for a chat of somebody else, ``hide_requested()``,
    ``messages_requested(text)`` to look for these words in messages, ``left()`` when Escape leaves the empty
    search field. ``list``, ``badge``, ``invitations`` and ``profile`` are public for the window, which
    connects and feeds them. The list is narrowed as one types; the archive is another list in the same place,
    left by its button or by narrowing nothing more.
    """

    new_chat_requested = Signal()
    join_requested = Signal()
    hide_requested = Signal()
    messages_requested = Signal(str)
    left = Signal()

    def __init__(
        self, theme: Theme, conversations: ConversationListModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._conversations = conversations
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.new_button = QPushButton()
        say(self.new_button.setText, "New chat")
        self.new_button.setProperty("look", "new")
        self.join_button = QToolButton()
        self.join_button.setProperty("look", "quiet")
        say(self.join_button.setAccessibleName, "Join with a link or code…")
        say(self.join_button.setToolTip, "Join with a link or code…")
        self.hide_button = QToolButton()
        self.hide_button.setProperty("look", "quiet")
        say(self.hide_button.setAccessibleName, "Hide the sidebar")
        say(self.hide_button.setToolTip, "Hide the sidebar")
        self.field = TitleField(theme)
        self.messages_button = QPushButton()
        self.messages_button.setProperty("look", "link")
        say(self.messages_button.setText, "Search in messages")
        say(self.messages_button.setToolTip, "Ctrl+Enter")
        self.messages_button.hide()
        self.invitations = InvitationList()
        self.list = ConversationListView(conversations, theme)
        self.archive_button = QToolButton()
        self.archive_button.setProperty("look", "quiet")
        self.archive_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.archive_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.badge = SyncBadge(theme)
        self.profile = ProfileButton(theme)
        self._lay_out()
        self._connect()
        self._colour()

    def _lay_out(self) -> None:
        logo = QLabel()
        logo.setPixmap(icon("chatdesk", "").pixmap(QSize(24, 24)))
        name = QLabel("ChatDesk")
        sized(name, 1.1, QFont.Weight.DemiBold)
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 8, 0)
        head.setSpacing(9)
        head.addWidget(logo)
        head.addWidget(name)
        head.addStretch(1)
        head.addWidget(self.hide_button)
        top = QWidget()
        top.setFixedHeight(HEADER)
        top.setLayout(head)
        line = QFrame()
        line.setProperty("look", "line")
        line.setFixedHeight(1)
        above = QVBoxLayout()
        above.setContentsMargins(8, 2, 8, 6)
        above.setSpacing(6)
        beginnings = QHBoxLayout()
        beginnings.setSpacing(6)
        beginnings.addWidget(self.new_button, 1)
        beginnings.addWidget(self.join_button)
        above.addLayout(beginnings)
        above.addWidget(self.field)
        onward = QHBoxLayout()
        onward.setContentsMargins(10, 0, 0, 0)
        onward.addWidget(self.messages_button)
        onward.addStretch(1)
        above.addLayout(onward)
        foot = QVBoxLayout()
        foot.setContentsMargins(8, 6, 8, 8)
        foot.setSpacing(2)
        foot.addWidget(self.archive_button)
        foot.addWidget(self.badge)
        foot.addWidget(self.profile)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(top)
        column.addLayout(above)
        column.addWidget(self.invitations)
        column.addWidget(self.list, 1)
        column.addWidget(line)
        column.addLayout(foot)

    def _connect(self) -> None:
        self.new_button.clicked.connect(self.new_chat_requested)
        self.join_button.clicked.connect(self.join_requested)
        self.hide_button.clicked.connect(self.hide_requested)
        self.field.textChanged.connect(self._look_for)
        self.field.down_pressed.connect(self.list.enter)
        self.field.first_wanted.connect(self._open_first)
        self.field.messages_wanted.connect(self._search_messages)
        self.field.left.connect(self.left)
        self.messages_button.clicked.connect(self._search_messages)
        self.list.left_upwards.connect(self.field.setFocus)
        self.archive_button.clicked.connect(lambda: self.carry_out(ActionId.TOGGLE_ARCHIVE))
        self._conversations.archived_changed.connect(self._tell_archive)
        self._theme.changed.connect(self._colour)
        retell(self._tell_archive)

    def carry_out(self, action: ActionId) -> bool:
        """Do what ``action`` means for the list; False when it is not about that."""
        match action:
            case ActionId.FIND_CHAT:
                if not self.isVisible():
                    return False
                self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
                self.field.selectAll()
            case ActionId.TOGGLE_ARCHIVE:
                self._conversations.show_archive(not self._conversations.in_archive)
                self._tell_archive()
            case _:
                return False
        return True

    def _look_for(self, text: str) -> None:
        self._conversations.look_for(text)
        self.messages_button.setVisible(bool(text.strip()))

    def _open_first(self) -> None:
        if first := self.list.first():
            self.list.open_requested.emit(first, True)

    def _search_messages(self) -> None:
        if text := self.field.text().strip():
            self.messages_requested.emit(text)

    def _tell_archive(self) -> None:
        there, count = self._conversations.in_archive, self._conversations.archived_count
        words = _("Back to all chats") if there else _("Archive ({count})").format(count=number(count))
        self.archive_button.setText(words)
        self.archive_button.setAccessibleName(words)
        muted = self._theme.tokens.text_muted
        self.archive_button.setIcon(icon("chevron-left" if there else "archive", muted))
        self.archive_button.setVisible(there or count > 0)
        self.field.setPlaceholderText(_("Find in the archive") if there else _("Find a chat"))

    def _colour(self) -> None:
        tokens = self._theme.tokens
        side = self._theme.px(ICON)
        for button in (self.new_button, self.join_button, self.hide_button):
            button.setIconSize(QSize(side, side))
        self.archive_button.setIconSize(QSize(self._theme.px(16), self._theme.px(16)))
        self.setMinimumWidth(min(self._theme.px(SIDEBAR_LEAST), _LEAST_MOST))
        self.setMaximumWidth(self._theme.px(SIDEBAR_MOST))
        self.new_button.setIcon(icon("new-chat", tokens.accent))
        self.join_button.setIcon(icon("users", tokens.text_muted))
        self.hide_button.setIcon(icon("sidebar", tokens.text_muted))
        self._tell_archive()
