"""Settings, General: language, look, text size."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale

from chatdesk.config.options import LANGUAGE, TEXT_SIZE, THEME, Option
from chatdesk.language.door import N_, SYSTEM, _, chosen, languages
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.language import native_name
from chatdesk.ui.settings.choice import Choice
from chatdesk.ui.settings.page import Page, Row
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell
from chatdesk.ui.zoom import SIZES

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

    def _follow(self, option: Option[Any]) -> None:
        if option in (LANGUAGE, THEME, TEXT_SIZE):
            self.refresh()
