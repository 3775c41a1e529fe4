"""The bar that searches the open chat."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from chatdesk.language.door import _
from chatdesk.services.search import FindResults
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.metrics import ICON
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.announcement import announce
from chatdesk.ui.words import number, retell, say

FIELD_MOST = 380

_KEYS = {Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Up, Qt.Key.Key_Down}


class FindBar(QWidget):
    """A field, "2 of 14", and the way to the next older and newer match; the newest one is the first.

    Signals: ``find_requested(text)`` with every letter, answered by ``show_results``;
    ``match_wanted(message id)`` for the match to go to; ``closed()``.
    """

    find_requested = Signal(str)
    match_wanted = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._matches: tuple[str, ...] = ()
        self._here = -1
        self._asked: str | None = None
        self.setObjectName("find")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.field = QLineEdit()
        self.field.setMaxLength(1_000)
        self.field.setClearButtonEnabled(False)
        self.count = QLabel()
        self.count.setProperty("look", "muted")
        self.older_button = self._button("Older match")
        self.newer_button = self._button("Newer match")
        self.close_button = self._button("Close the search")
        say(self.setAccessibleName, "Find in this chat")
        say(self.field.setAccessibleName, "Find in this chat")
        say(self.field.setPlaceholderText, "Find in this chat")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 7, 12, 7)
        row.setSpacing(4)
        row.addWidget(self.field, 1000)
        row.addSpacing(8)
        row.addWidget(self.older_button)
        row.addWidget(self.newer_button)
        row.addSpacing(6)
        row.addWidget(self.count)
        row.addStretch(1)
        row.addWidget(self.close_button)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._edited)
        self.older_button.clicked.connect(lambda: self.go(1))
        self.newer_button.clicked.connect(lambda: self.go(-1))
        self.close_button.clicked.connect(self.dismiss)
        theme.changed.connect(self._colour)
        retell(self._show_count)
        self._colour()
        self._show_count()
        self.hide()

    @property
    def query(self) -> str:
        """What is searched for now; empty while the bar is closed."""
        return "" if self.isHidden() else self.field.text()

    def open(self, text: str | None = None) -> None:
        """Show the bar with the earlier text, or ``text``, selected, and search for it."""
        self.show()
        if text is not None:
            self.field.setText(text)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self.ask()

    def dismiss(self) -> None:
        """Close the bar."""
        if not self.isHidden():
            self.hide()
            self._forget()
            self.closed.emit()

    def ask(self) -> None:
        """Ask for the matches of the present text, as after another chat was opened."""
        self._asked = self.field.text()
        self._forget()
        self.find_requested.emit(self.field.text())

    def show_results(self, found: FindResults) -> None:
        """Show what was found; a new question leads to its newest match, an old one stays where it is."""
        if self.isHidden() or found.query != self.field.text():
            return
        here = self._matches[self._here] if 0 <= self._here < len(self._matches) else ""
        self._matches = tuple(reversed(found.message_ids))
        asked, self._asked = self._asked, None
        if here in self._matches:
            self._here = self._matches.index(here)
        else:
            self._here = min(max(self._here, 0), len(self._matches) - 1)
        self._show_count()
        if asked is not None and not found.again:
            self._here = 0 if self._matches else -1
            self._show_count()
            self._tell()

    def go(self, by: int) -> None:
        """Go ``by`` matches further, to older ones for positive numbers, round at the ends."""
        if self._matches:
            self._here = (self._here + by) % len(self._matches)
            self._show_count()
            self._tell()

    def _tell(self) -> None:
        announce(self.field, self.count.text())
        if self._matches:
            self.match_wanted.emit(self._matches[self._here])

    def _edited(self, text: str) -> None:
        self._asked = text
        self.find_requested.emit(text)
        if not text.strip():
            self._forget()

    def _forget(self) -> None:
        self._matches, self._here = (), -1
        self._show_count()

    def _show_count(self) -> None:
        if self._matches:
            words = _("{n} of {m}").format(n=number(self._here + 1), m=number(len(self._matches)))
        else:
            words = _("No matches") if self.field.text().strip() and self._asked is None else ""
        self.count.setText(words)
        for button in (self.older_button, self.newer_button):
            button.setEnabled(bool(self._matches))

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("look", "quiet")
        say(button.setAccessibleName, name)
        say(button.setToolTip, name)
        return button

    def _colour(self) -> None:
        muted = self._theme.tokens.text_muted
        side = self._theme.px(ICON)
        for button in (self.older_button, self.newer_button, self.close_button):
            button.setIconSize(QSize(side, side))
        self.field.setMaximumWidth(self._theme.px(FIELD_MOST))
        self.older_button.setIcon(icon("chevron-up", muted))
        self.newer_button.setIcon(icon("chevron-down", muted))
        self.close_button.setIcon(icon("close", muted))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.key() in _KEYS:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # Esc stops a reply elsewhere; here it closes
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._press(event)
                return True
        return False

    def _press(self, event: QKeyEvent) -> None:
        match Qt.Key(event.key()):
            case Qt.Key.Key_Escape:
                self.dismiss()
            case Qt.Key.Key_Down:
                self.go(-1)
            case Qt.Key.Key_Up:
                self.go(1)
            case _:
                back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self.go(-1 if back else 1)
