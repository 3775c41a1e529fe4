"""The left side of the window: new chat, the list, account and sync badge."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.ui.conversations.list_view import ConversationListView
from chatdesk.ui.profile_button import ProfileButton
from chatdesk.ui.sync_badge import SyncBadge
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.metrics import HEADER, ICON, SIDEBAR_LEAST, SIDEBAR_MOST
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import say

# However large the text, something must be left for the conversation in a small window.
_LEAST_MOST = 340


class Sidebar(QWidget):
    """Holds the parts in their order; signals ``new_chat_requested()``, ``hide_requested()``.

    ``list``, ``badge`` and ``profile`` are public for the window, which connects and feeds them.
    """

    new_chat_requested = Signal()
    hide_requested = Signal()

    def __init__(
        self, theme: Theme, conversations: ConversationListModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.new_button = QPushButton()
        say(self.new_button.setText, "New chat")
        self.new_button.setProperty("look", "new")
        self.new_button.clicked.connect(self.new_chat_requested)
        self.hide_button = QToolButton()
        self.hide_button.setProperty("look", "quiet")
        say(self.hide_button.setAccessibleName, "Hide the sidebar")
        say(self.hide_button.setToolTip, "Hide the sidebar")
        self.hide_button.clicked.connect(self.hide_requested)
        self.list = ConversationListView(conversations, theme)
        self.badge = SyncBadge(theme)
        self.profile = ProfileButton(theme)
        self._lay_out()
        theme.changed.connect(self._colour)
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
        foot = QVBoxLayout()
        foot.setContentsMargins(8, 6, 8, 8)
        foot.setSpacing(2)
        foot.addWidget(self.badge)
        foot.addWidget(self.profile)
        buttons = QVBoxLayout()
        buttons.setContentsMargins(8, 2, 8, 6)
        buttons.addWidget(self.new_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(top)
        column.addLayout(buttons)
        column.addWidget(self.list, 1)
        column.addWidget(line)
        column.addLayout(foot)

    def _colour(self) -> None:
        tokens = self._theme.tokens
        side = self._theme.px(ICON)
        for button in (self.new_button, self.hide_button):
            button.setIconSize(QSize(side, side))
        self.setMinimumWidth(min(self._theme.px(SIDEBAR_LEAST), _LEAST_MOST))
        self.setMaximumWidth(self._theme.px(SIDEBAR_MOST))
        self.new_button.setIcon(icon("new-chat", tokens.accent))
        self.hide_button.setIcon(icon("sidebar", tokens.text_muted))
