"""The accounts that are known on this computer, to go on with one of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from chatdesk.language.door import _
from chatdesk.ui.account_facts import AccountChoice
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say


class KnownAccounts(QWidget):
    """A button for each account; nothing is shown where there is none. ``chosen(key)``."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._choices: tuple[AccountChoice, ...] = ()
        self.buttons: list[QPushButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 16)
        self._column.setSpacing(6)
        self._heading = QLabel()
        self._heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._heading.setProperty("look", "muted")
        say(self._heading.setText, "Accounts on this computer")
        self._column.addWidget(self._heading)
        self.hide()
        theme.changed.connect(self.refresh)
        retell(self.refresh)

    def offer(self, choices: Sequence[AccountChoice]) -> None:
        """Show these."""
        self._choices = tuple(choices)
        self.refresh()
        self.setVisible(bool(self._choices))

    def refresh(self) -> None:
        """Make the buttons anew, in the language and the colours in use."""
        while self.buttons:
            button = self.buttons.pop()
            self._column.removeWidget(button)
            button.deleteLater()
        for choice in self._choices:
            text = _("Back to {account}") if choice.is_open else "{account}"
            button = QPushButton(text.format(account=choice.words).replace("&", "&&"))
            button.setProperty("look", "new")
            name = "chevron-left" if choice.is_open else "user"
            button.setIcon(icon(name, self._theme.tokens.text_muted))
            button.setIconSize(QSize(18, 18))
            button.setMaximumWidth(self._theme.px(560))
            button.clicked.connect(lambda _checked=False, key=choice.key: self.chosen.emit(key))
            self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
            self.buttons.append(button)
