"""Settings, Chat: how messages are written and read."""

from __future__ import annotations

from typing import Any

from chatdesk.config.options import SEND_KEY, SHOW_TIMES, Option
from chatdesk.language.door import _
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.check_box import CheckBox
from chatdesk.ui.settings.choice import Choice
from chatdesk.ui.settings.page import Page, Row
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say


class ChatPage(Page):
    """The key that sends, and what stands beside messages."""

    def __init__(self, theme: Theme, preferences: PreferenceService) -> None:
        super().__init__(theme, "Chat")
        self._preferences = preferences
        self.send_key = Choice(theme)
        self.times = CheckBox(theme, "")
        say(self.times.setText, SHOW_TIMES.text)
        self.times.setContentsMargins(0, 0, 0, 0)
        card = self.card()
        row = Row(theme, SEND_KEY.text, self.send_key, "With the other keys you start a new line.")
        self._hint = row.hint
        card.add(row)
        inset = self.card()
        inset.column.setContentsMargins(12, 10, 16, 10)
        inset.add(self.times)
        self.column.addStretch(1)
        self.send_key.picked.connect(lambda value: preferences.put(SEND_KEY, value))
        self.times.clicked.connect(lambda shown: preferences.put(SHOW_TIMES, shown))
        preferences.changed.connect(self._follow)
        retell(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the values in force, in the language in use."""
        texts: dict[object, str] = {value: _(text) for value, text in SEND_KEY.choices.items()}
        key = self._preferences.get(SEND_KEY)
        self.send_key.offer(texts, key)
        hint = _("Shift+Enter starts a new line.") if key == "enter" else _("Enter starts a new line.")
        self._hint.setText(hint)
        self.send_key.setAccessibleDescription(hint)
        self.times.setChecked(self._preferences.get(SHOW_TIMES))

    def _follow(self, option: Option[Any]) -> None:
        if option in (SEND_KEY, SHOW_TIMES):
            self.refresh()
