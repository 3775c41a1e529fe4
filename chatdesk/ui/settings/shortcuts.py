"""Settings, Shortcuts: every action of the table with its keys."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from chatdesk.config.options import SHORTCUTS, Option
from chatdesk.language.door import _
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.actions.bindings import Bindings, fault, native
from chatdesk.ui.actions.groups import grouped, plain
from chatdesk.ui.actions.table import ACTIONS, ActionId
from chatdesk.ui.settings.key_button import KeyButton
from chatdesk.ui.settings.page import Card, Page, plain_label
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say


class _ShortcutRow(QWidget):
    """One action: its text, the button with its keys, and one that brings back the table's."""

    def __init__(self, which: ActionId) -> None:
        super().__init__()
        self.which = which
        self.text = plain_label()
        self.keys = KeyButton()
        self.reset = QToolButton()
        self.reset.setProperty("look", "quiet")
        self.reset.setIconSize(QSize(16, 16))
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 5, 8, 5)
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        row.addWidget(self.keys)
        row.addWidget(self.reset)

    def show_row(self, bindings: Bindings, colour: str) -> None:
        text = plain(_(ACTIONS[self.which].text))
        shown = bindings.shown(self.which)
        self.text.setText(text)
        self.keys.show_keys(shown)
        self.keys.setAccessibleName(_("{action}: {keys}").format(action=text, keys=shown or _("no shortcut")))
        self.keys.setAccessibleDescription(_("Press it and then the new keys; Backspace removes them."))
        words = _("Back to the usual shortcut of “{action}”").format(action=text)
        self.reset.setAccessibleName(words)
        self.reset.setToolTip(words)
        self.reset.setIcon(icon("undo", colour))
        self.reset.setVisible(bindings.changed(self.which))


class ShortcutsPage(Page):
    """Rebinds actions; a shortcut that belongs to another action is taken away only after asking."""

    def __init__(self, theme: Theme, preferences: PreferenceService) -> None:
        super().__init__(theme, "Shortcuts")
        self._preferences = preferences
        self._bindings = Bindings(preferences.get(SHORTCUTS))
        self._wish: tuple[ActionId, str] | None = None
        self.rows: dict[ActionId, _ShortcutRow] = {}
        self._cards: dict[ActionId, Card] = {}
        self.note("Choose the keys beside an action, then press the new ones. Escape keeps the old ones.")
        for title, actions in grouped():
            self.section(title)
            card = self.card()
            for action in actions:
                row = _ShortcutRow(action.id)
                row.keys.pressed_keys.connect(partial(self.wish, action.id))
                row.reset.clicked.connect(partial(self._reset, action.id))
                card.add(row)
                self.rows[action.id], self._cards[action.id] = row, card
        self.reset_all = QPushButton()
        self.reset_all.setAutoDefault(False)
        say(self.reset_all.setText, "Reset all shortcuts")
        self.reset_all.clicked.connect(lambda: self._reset(None))
        self.column.addSpacing(10)
        self.column.addWidget(self.reset_all, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addStretch(1)
        self._make_bar()
        preferences.changed.connect(self._follow)
        theme.changed.connect(self.refresh)
        retell(self.refresh)
        self.refresh()

    def _make_bar(self) -> None:
        self.bar = QFrame()
        self.bar.setProperty("look", "notice")
        self.bar_text = plain_label()
        self.use_button, self.keep_button = QPushButton(), QPushButton()
        say(self.use_button.setText, "Use it here")
        say(self.keep_button.setText, "Cancel")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.keep_button, self.use_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        column = QVBoxLayout(self.bar)
        column.setContentsMargins(16, 10, 12, 10)
        column.addWidget(self.bar_text)
        column.addLayout(buttons)
        self.use_button.clicked.connect(self._take_over)
        self.keep_button.clicked.connect(self._give_up)
        self.bar.hide()

    def refresh(self) -> None:
        """Show the shortcuts in force, in the language in use."""
        self._bindings = Bindings(self._preferences.get(SHORTCUTS))
        for row in self.rows.values():
            row.show_row(self._bindings, self.theme.tokens.text_muted)
        self.reset_all.setEnabled(any(self._bindings.changed(which) for which in self.rows))

    def wish(self, which: ActionId, keys: str) -> None:
        """Give an action these keys (empty: none), or say what stands against it."""
        self.bar.hide()
        self._wish = None
        if keys and (reason := fault(keys)):
            self._say(which, f"{native(keys)}: {_(reason)}", ask=False)
        elif keys and (other := self._bindings.user_of(keys, which)) is not None:
            self._wish = (which, keys)
            used = _("{keys} belongs to “{action}” already.")
            self._say(which, used.format(keys=native(keys), action=plain(_(ACTIONS[other].text))), ask=True)
        else:
            self._preferences.put(SHORTCUTS, self._bindings.bound(which, keys))

    def _say(self, which: ActionId, text: str, *, ask: bool) -> None:
        column = self._cards[which].column
        column.insertWidget(column.indexOf(self.rows[which]) + 1, self.bar)
        self.bar_text.setText(text)
        self.use_button.setVisible(ask)
        say(self.keep_button.setText, "Cancel" if ask else "Close")
        self.bar.show()
        self.ensureWidgetVisible(self.bar)
        (self.use_button if ask else self.keep_button).setFocus()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _take_over(self) -> None:
        wish = self._wish
        self._give_up()
        if wish is not None:
            self._preferences.put(SHORTCUTS, self._bindings.bound(*wish))

    def _give_up(self) -> None:
        wish, self._wish = self._wish, None
        self.bar.hide()
        if wish is not None:
            self.rows[wish[0]].keys.setFocus()

    def _reset(self, which: ActionId | None) -> None:
        self._give_up()
        self._preferences.put(SHORTCUTS, self._bindings.reset(which))

    def _follow(self, option: Option[Any]) -> None:
        if option is SHORTCUTS:
            self.refresh()
