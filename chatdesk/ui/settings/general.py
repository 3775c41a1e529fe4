"""Settings, General: language, look, text size, tray and notifications."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QLabel, QSystemTrayIcon

from chatdesk.config.options import HIDE_TO_TRAY, LANGUAGE, NOTIFY_REPLIES, TEXT_SIZE, THEME, Option
from chatdesk.language.door import N_, SYSTEM, _, chosen, languages
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.check_box import CheckBox
from chatdesk.ui.language import native_name
from chatdesk.ui.settings.choice import Choice
from chatdesk.ui.settings.page import Page, Row, plain_label
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say
from chatdesk.ui.zoom import SIZES

NO_TRAY = N_("This desktop shows no tray; a finished reply is only marked in the task bar.")
_INDENT = 31
ZOOM_KEYS = N_("Ctrl and + or − change it as well; Ctrl and 0 resets it.")


class GeneralPage(Page):
    """Everything here holds at once, in every window on this computer."""

    def __init__(self, theme: Theme, preferences: PreferenceService) -> None:
        super().__init__(theme, "General")
        self._preferences = preferences
        self.language = Choice(theme)
        self.look = Choice(theme)
        self.text_size = Choice(theme)
        card = self.card()
        card.add(Row(theme, LANGUAGE.text, self.language))
        card.add(Row(theme, THEME.text, self.look))
        card.add(
            Row(
                theme,
                TEXT_SIZE.text,
                self.text_size,
                ZOOM_KEYS,
            )
        )
        self.tray = self._box(HIDE_TO_TRAY)
        self.notify = self._box(NOTIFY_REPLIES)
        boxes = self.card()
        boxes.column.setContentsMargins(12, 10, 16, 10)
        boxes.column.setSpacing(6)
        for box in (self.notify, self.tray):
            boxes.column.addWidget(box)
        self.tray.setEnabled(QSystemTrayIcon.isSystemTrayAvailable())
        if not self.tray.isEnabled():
            boxes.column.addWidget(self._no_tray())
        self.column.addSpacing(2)
        self.note("What you choose here holds at once, in every ChatDesk window on this computer.")
        self.column.addStretch(1)
        self.language.picked.connect(lambda value: preferences.put(LANGUAGE, value))
        self.look.picked.connect(lambda value: preferences.put(THEME, value))
        self.text_size.picked.connect(lambda value: preferences.put(TEXT_SIZE, value))
        preferences.changed.connect(self._follow)
        retell(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the values in force, in the language in use."""
        system = native_name(chosen(SYSTEM, QLocale.system().uiLanguages()))
        spoken: dict[object, str] = {SYSTEM: _("As the system ({language})").format(language=system)}
        spoken |= {code: native_name(code) for code in languages()}
        language = self._preferences.get(LANGUAGE)
        self.language.offer(spoken, language if language in spoken else SYSTEM)
        looks: dict[object, str] = {mode: _(text) for mode, text in THEME.choices.items()}
        self.look.offer(looks, self._preferences.get(THEME))
        size = self._preferences.get(TEXT_SIZE)
        sizes: dict[object, str] = {
            each: _("{percent} %").format(percent=each) for each in sorted({*SIZES, size})
        }
        self.text_size.offer(sizes, size)
        self.tray.setChecked(self._preferences.get(HIDE_TO_TRAY))
        self.notify.setChecked(self._preferences.get(NOTIFY_REPLIES))

    def _box(self, option: Option[bool]) -> CheckBox:
        box = CheckBox(self.theme, "")
        say(box.setText, option.text)
        box.clicked.connect(lambda on: self._preferences.put(option, on))
        return box

    def _no_tray(self) -> QLabel:
        told = plain_label("muted")
        told.setIndent(_INDENT)
        say(told.setText, NO_TRAY)
        say(self.tray.setAccessibleDescription, NO_TRAY)
        return told

    def _follow(self, option: Option[Any]) -> None:
        if option in (LANGUAGE, THEME, TEXT_SIZE, HIDE_TO_TRAY, NOTIFY_REPLIES):
            self.refresh()
