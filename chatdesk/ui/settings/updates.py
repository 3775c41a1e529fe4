"""New versions in the settings: whether to look for them, looking now, and the way to one."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from chatdesk.config.options import CHECK_UPDATES, Option
from chatdesk.language.door import _
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.updates import UpdateService, UpdateState
from chatdesk.ui.check_box import CheckBox
from chatdesk.ui.links import open_link
from chatdesk.ui.settings.page import Card, Row, plain_label
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import failure_words, retell, say


class UpdateCard(Card):
    """Only tells: ChatDesk never installs anything. ``updates`` None: there is nowhere to ask."""

    def __init__(self, theme: Theme, preferences: PreferenceService, updates: UpdateService | None) -> None:
        super().__init__()
        self._preferences = preferences
        self._updates = updates
        self.check_button = QPushButton()
        self.open_button = QPushButton()
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for button in (self.check_button, self.open_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        say(self.check_button.setText, "Check for updates")
        say(self.open_button.setText, "Open its page")
        self._row = Row(theme, "New versions", buttons)
        self._row.hint.show()
        self.add(self._row)
        self.failure = plain_label("error")
        self.failure.setContentsMargins(16, 0, 16, 12)
        self.column.addWidget(self.failure)
        self.box = CheckBox(theme, "")
        say(self.box.setText, CHECK_UPDATES.text)
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(12, 10, 16, 10)
        line.addWidget(self.box)
        self.add(holder)
        self.box.clicked.connect(lambda on: preferences.put(CHECK_UPDATES, on))
        preferences.changed.connect(self._follow)
        self.open_button.clicked.connect(self._open)
        if updates is not None:
            self.check_button.clicked.connect(updates.check)
            updates.changed.connect(self.refresh)
        retell(self.refresh)
        self.refresh()

    @property
    def state(self) -> UpdateState:
        return UpdateState.NOWHERE if self._updates is None else self._updates.state

    @property
    def told(self) -> str:
        """What the card says about new versions."""
        return self._row.hint.text()

    def refresh(self) -> None:
        """Show the state, in the language in use."""
        state = self.state
        release = self._updates.release if self._updates is not None else None
        version = release.version if release is not None else ""
        hint = {
            UpdateState.NOWHERE: _("This copy has no address to ask; look where you got it from."),
            UpdateState.UNKNOWN: _("ChatDesk tells of a new version; it never installs one by itself."),
            UpdateState.ASKING: _("Asking …"),
            UpdateState.NEWEST: _("This is the newest version."),
            UpdateState.NEWER: _("ChatDesk {version} is out.").format(version=version),
            UpdateState.FAILED: "",
        }[state]
        self._row.hint.setText(hint)
        self._row.hint.setVisible(bool(hint))
        self.check_button.setVisible(state not in (UpdateState.NOWHERE, UpdateState.NEWER))
        self.check_button.setEnabled(state is not UpdateState.ASKING)
        self.check_button.setAccessibleDescription(hint)
        self.open_button.setVisible(state is UpdateState.NEWER)
        self.open_button.setAccessibleDescription(hint)
        failure = self._updates.failure if self._updates is not None else None
        failed = state is UpdateState.FAILED and failure is not None
        self.failure.setText(failure_words(failure) if failed and failure is not None else "")
        self.failure.setVisible(failed)
        self.box.setEnabled(state is not UpdateState.NOWHERE)
        self.box.setChecked(self._preferences.get(CHECK_UPDATES) and self.box.isEnabled())

    def _open(self) -> None:
        if self._updates is not None and self._updates.release is not None:
            open_link(self.window(), self._updates.release.page)

    def _follow(self, option: Option[Any]) -> None:
        if option is CHECK_UPDATES:
            self.refresh()
