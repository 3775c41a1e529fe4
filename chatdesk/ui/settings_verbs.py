"""What can be done about the settings from anywhere in a window: open them, the sheet, zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from chatdesk.config.options import SEND_KEY, SHORTCUTS, TEXT_SIZE, THEME, Option
from chatdesk.services.circle import Circle
from chatdesk.services.models import ModelService
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.presence import PresenceService
from chatdesk.ui.account_verbs import AccountVerbs
from chatdesk.ui.actions.action_set import ActionSet
from chatdesk.ui.actions.bindings import Bindings
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.composer.composer import Composer
from chatdesk.ui.settings.installation import Installation
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.zoom import larger, smaller

if TYPE_CHECKING:
    from chatdesk.services.portability.reports import Sizes
    from chatdesk.services.updates import UpdateService
    from chatdesk.ui.dialogs.shortcut_sheet import ShortcutSheet
    from chatdesk.ui.settings.window import SettingsWindow

SEND_KEYS = {"enter": ("Enter", "Shift+Enter"), "ctrl_enter": ("Ctrl+Enter", "Enter")}
"""The keys that send a message and that start a line, for each value of the option."""

_THEMES = {
    ActionId.THEME_SYSTEM: "system",
    ActionId.THEME_LIGHT: "light",
    ActionId.THEME_DARK: "dark",
    ActionId.THEME_CONTRAST: "contrast",
}


class SettingsVerbs(QObject):
    """Opens the settings and the shortcut sheet, and applies to its window what is set anywhere.

    Signals: ``action_requested(ActionId)`` for a button of the settings that leads elsewhere,
    ``sizes_requested()`` to be told by ``show_sizes`` how much room the files take.
    """

    action_requested = Signal(object)
    sizes_requested = Signal()

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        actions: ActionSet,
        account: AccountVerbs,
        composer: Composer,
        preferences: PreferenceService,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._actions = actions
        self._account = account
        self._composer = composer
        self.preferences = preferences
        self.installation = Installation()
        """What the settings tell about this run; given by whoever knows it."""
        self.models: ModelService | None = None
        """Whom the page of models asks; given by whoever has one."""
        self.circle: Circle | None = None
        self.presence: PresenceService | None = None
        """Whom the page of people asks; given by whoever has them."""
        self.updates: UpdateService | None = None
        """Whom the page about ChatDesk asks for a new version; given by whoever has one."""
        self.dialog: SettingsWindow | None = None
        self.sheet: ShortcutSheet | None = None
        preferences.changed.connect(self._follow)
        account.facts_changed.connect(self._show_facts)
        for option in (SHORTCUTS, SEND_KEY):
            self._follow(option)

    @property
    def bindings(self) -> Bindings:
        """The shortcuts in force."""
        return Bindings(self.preferences.get(SHORTCUTS))

    def carry_out(self, action: ActionId) -> bool:
        """Do what ``action`` means for the settings; False when it is not about them."""
        size = self.preferences.get(TEXT_SIZE)
        match action:
            case ActionId.SETTINGS:
                self.open()
            case ActionId.SHORTCUTS:
                self.open_sheet()
            case ActionId.ZOOM_IN:
                self.preferences.put(TEXT_SIZE, larger(size))
            case ActionId.ZOOM_OUT:
                self.preferences.put(TEXT_SIZE, smaller(size))
            case ActionId.ZOOM_RESET:
                self.preferences.put(TEXT_SIZE, TEXT_SIZE.default)
            case _ if action in _THEMES:
                self.preferences.put(THEME, _THEMES[action])
            case _:
                return False
        return True

    def open(self) -> None:
        """Open the settings, unless they are open."""
        from chatdesk.ui.settings.window import SettingsWindow

        if self.dialog is not None:
            return
        self.dialog = SettingsWindow(
            self._theme,
            self.preferences,
            self.installation,
            self._account.facts,
            self._window,
            self.models,
            self.circle,
            self.presence,
            self.updates,
        )
        self.dialog.action_requested.connect(self.action_requested)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()
        self.sizes_requested.emit()

    def show_sizes(self, sizes: Sizes) -> None:
        """Show how much room the files take."""
        if self.dialog is not None:
            self.dialog.files.show_sizes(sizes)

    def open_models(self) -> None:
        """Open the settings where models are set up."""
        self.open()
        if self.dialog is not None:
            self.dialog.open_page(self.dialog.models)

    def open_sheet(self) -> None:
        """Open the shortcut sheet, or close it."""
        from chatdesk.ui.dialogs.shortcut_sheet import ShortcutSheet

        if self.sheet is not None:
            self.sheet.accept()
            return
        keys = SEND_KEYS[self.preferences.get(SEND_KEY)]
        self.sheet = ShortcutSheet(self._theme, self.bindings, keys, self._window)
        self.sheet.finished.connect(self._sheet_closed)
        self.sheet.open()

    def _closed(self) -> None:
        self.dialog = None

    def _sheet_closed(self) -> None:
        self.sheet = None

    def _show_facts(self) -> None:
        if self.dialog is not None:
            self.dialog.show_facts(self._account.facts)

    def _follow(self, option: Option[Any]) -> None:
        if option is SHORTCUTS:
            self._actions.bind(self.bindings)
        elif option is SEND_KEY:
            self._composer.set_send_key(self.preferences.get(SEND_KEY))
