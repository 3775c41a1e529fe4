"""The line above the conversation: its title and its menu."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from chatdesk.language.door import _, ngettext
from chatdesk.ui.elided_label import ElidedLabel
from chatdesk.ui.people.faces import Faces
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.metrics import HEADER, ICON
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import number, say


class ConversationHeader(QWidget):
    """Title, and the button of the conversation's menu.

    Signals: ``sidebar_requested()``, ``menu_requested(global point)``.
    """

    sidebar_requested = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEADER)
        self.sidebar_button = self._button("Show the sidebar")
        self.sidebar_button.clicked.connect(self.sidebar_requested)
        self.sidebar_button.hide()
        self.menu_button = self._button("Menu of this chat")
        self.menu_button.clicked.connect(self._open_menu)
        self.faces = Faces(theme)
        """The others who look at this conversation."""
        self._title = ElidedLabel()
        sized(self._title, 1.07, QFont.Weight.DemiBold)
        self.share_button = self._button("Share this chat")
        self.share_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(self.sidebar_button)
        row.addWidget(self._title, 0)
        row.addStretch(1)
        row.addWidget(self.faces)
        row.addWidget(self.share_button)
        row.addWidget(self.menu_button)
        theme.changed.connect(self._colour)
        self._colour()
        self.show_conversation("")

    def show_conversation(self, title: str) -> None:
        """Show a title; an empty one: no conversation is open."""
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self.menu_button.setVisible(bool(title))

    def show_people(self, shown: bool, count: int) -> None:
        """Show the button of the members with their number; 0: nobody else is there."""
        self.share_button.setVisible(shown)
        self.share_button.setText(number(count) if count else "")
        words = ngettext("{count} person in this chat", "{count} people in this chat", count)
        name = words.format(count=number(count)) if count else _("Share this chat")
        self.share_button.setAccessibleName(name)
        self.share_button.setToolTip(name)

    def title(self) -> str:
        """Return the title shown."""
        return self._title.text()

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("look", "quiet")
        say(button.setAccessibleName, name)
        say(button.setToolTip, name)
        return button

    def _open_menu(self) -> None:
        self.menu_requested.emit(self.menu_button.mapToGlobal(QPoint(0, self.menu_button.height())))

    def _colour(self) -> None:
        muted = self._theme.tokens.text_muted
        side = self._theme.px(ICON)
        for button in (self.sidebar_button, self.share_button, self.menu_button):
            button.setIconSize(QSize(side, side))
        self.sidebar_button.setIcon(icon("sidebar", muted))
        self.share_button.setIcon(icon("users", muted))
        self.menu_button.setIcon(icon("more", muted))
