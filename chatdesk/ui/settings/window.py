"""The settings window: pages on the left, one of them on the right."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from chatdesk.language.door import N_, _
from chatdesk.services.circle import Circle
from chatdesk.services.models import ModelService
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.presence import PresenceService
from chatdesk.services.updates import UpdateService
from chatdesk.ui.account_facts import AccountFacts
from chatdesk.ui.people.page import PeoplePage
from chatdesk.ui.screen_room import fitting
from chatdesk.ui.settings.about import AboutPage
from chatdesk.ui.settings.account import AccountPage
from chatdesk.ui.settings.chat import ChatPage
from chatdesk.ui.settings.files import FilesPage
from chatdesk.ui.settings.general import GeneralPage
from chatdesk.ui.settings.installation import Installation
from chatdesk.ui.settings.models import ModelsPage
from chatdesk.ui.settings.page import Page
from chatdesk.ui.settings.shortcuts import ShortcutsPage
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say

_SIZE = QSize(820, 600)
_NAVIGATION = 196


class SettingsWindow(QDialog):
    """Opens with ``open``; whatever is chosen holds at once, so there is nothing to confirm.

    ``action_requested(ActionId)`` is emitted, after it has closed, for a button that leads elsewhere.
    """

    action_requested = Signal(object)

    def __init__(
        self,
        theme: Theme,
        preferences: PreferenceService,
        installation: Installation,
        facts: AccountFacts,
        parent: QWidget | None = None,
        models: ModelService | None = None,
        circle: Circle | None = None,
        presence: PresenceService | None = None,
        updates: UpdateService | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        say(self.setWindowTitle, "Settings")
        say(self.setAccessibleName, "Settings")
        self.general = GeneralPage(theme, preferences)
        self.chat = ChatPage(theme, preferences)
        self.models = ModelsPage(theme, installation, preferences, models)
        self.account = AccountPage(theme, facts)
        self.people = PeoplePage(theme, circle, presence)
        self.shortcuts = ShortcutsPage(theme, preferences)
        self.files = FilesPage(theme, installation, signed_in=facts.account is not None)
        self.about = AboutPage(theme, preferences, updates)
        self._pages: tuple[tuple[Page, str, str], ...] = (
            (self.general, "settings", N_("General")),
            (self.chat, "chat", N_("Chat")),
            (self.models, "sparkle", N_("Models")),
            (self.account, "user", N_("Account and sync")),
            (self.people, "users", N_("People and devices")),
            (self.shortcuts, "keyboard", N_("Shortcuts")),
            (self.files, "folder", N_("Data")),
            (self.about, "chatdesk-line", N_("About ChatDesk")),
        )
        self.navigation = QListWidget()
        self.stack = QStackedWidget()
        self.close_button = QPushButton()
        self._lay_out()
        self.navigation.currentRowChanged.connect(self.stack.setCurrentIndex)
        self.close_button.clicked.connect(self.accept)
        self.account.action_requested.connect(self._leave)
        self.files.action_requested.connect(self._leave)
        theme.changed.connect(self._refresh)
        retell(self._refresh)
        self._refresh()
        self.navigation.setCurrentRow(0)
        self.navigation.setFocus()
        self.resize(fitting(self, QSize(theme.px(_SIZE.width()), theme.px(_SIZE.height()))))

    def _lay_out(self) -> None:
        self.navigation.setObjectName("settingsNavigation")
        self.navigation.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        say(self.navigation.setAccessibleName, "Pages of the settings")
        for page, _icon, _title in self._pages:
            self.navigation.addItem(QListWidgetItem())
            self.stack.addWidget(page)
        say(self.close_button.setText, "Close")
        self.close_button.setDefault(True)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 10, 16, 12)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.stack, 1)
        right.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.navigation)
        row.addLayout(right, 1)

    def open_page(self, page: Page) -> None:
        """Turn to one of the pages."""
        self.navigation.setCurrentRow(self.stack.indexOf(page))

    def show_facts(self, facts: AccountFacts) -> None:
        """Show other facts of the account."""
        self.account.show_facts(facts)

    def _leave(self, action: object) -> None:
        self.accept()
        self.action_requested.emit(action)

    def _refresh(self) -> None:
        colour = self._theme.tokens.text_muted
        side = self._theme.px(18)
        self.navigation.setIconSize(QSize(side, side))
        metrics = self.navigation.fontMetrics()
        widest = 0
        for row, (_page, picture, title) in enumerate(self._pages):
            entry = self.navigation.item(row)
            entry.setText(_(title))
            entry.setIcon(icon(picture, colour))
            widest = max(widest, metrics.horizontalAdvance(_(title)))
        self.navigation.setFixedWidth(max(self._theme.px(_NAVIGATION), widest + side + 60))
        self.setMinimumSize(self.navigation.width() + self._theme.px(330), 360)
