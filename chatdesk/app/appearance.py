"""How the application looks and which language it speaks, as this computer's options say."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QApplication

from chatdesk.config.options import LANGUAGE, SHOW_TIMES, TEXT_SIZE, THEME, Option
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.language import Interpreter
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.view import TimelineView


class Appearance:
    """Applies the options before the first window is made and whenever one is set, here or elsewhere."""

    def __init__(self, application: QApplication, theme: Theme, preferences: PreferenceService) -> None:
        self._theme = theme
        self._preferences = preferences
        self._interpreter = Interpreter(application)
        self._timelines: list[TimelineView] = []
        theme.set_mode(preferences.get(THEME))
        theme.set_text_size(preferences.get(TEXT_SIZE))
        theme.apply(application)
        self._interpreter.speak(preferences.get(LANGUAGE))
        preferences.changed.connect(self._follow)

    def dress(self, timeline: TimelineView) -> None:
        """Keep a timeline as the options say."""
        self._timelines.append(timeline)
        timeline.destroyed.connect(lambda: self._timelines.remove(timeline))
        timeline.show_times(self._preferences.get(SHOW_TIMES))

    def _follow(self, option: Option[Any]) -> None:
        value = self._preferences.get(option)
        if option is THEME:
            self._theme.set_mode(value)
        elif option is TEXT_SIZE:
            self._theme.set_text_size(value)
        elif option is LANGUAGE:
            self._interpreter.speak(value)
        elif option is SHOW_TIMES:
            for timeline in self._timelines:
                timeline.show_times(value)
