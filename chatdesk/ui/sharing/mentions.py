"""The list of names behind an @ in the composer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QStringListModel, Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QCompleter, QListView

from chatdesk.language.door import _
from chatdesk.ui.composer.text_field import TextField

_BEGUN = re.compile(r"(?<![\w@.])@([\w.:/-]*)\Z")
LOOKED_AT = 80
"""How far before the cursor an @ is looked for; a name is never that long."""

_TAKE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)


class MentionCompleter(QObject):
    """Offers names while one is typed behind an @; Enter or Tab takes the one marked, Escape goes on typing.

    Without names it is not there.
    """

    def __init__(self, field: TextField) -> None:
        super().__init__(field)
        self._field = field
        self._names = QStringListModel(self)
        self.completer = QCompleter(self._names, self)
        self.completer.setWidget(field)
        self.completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.completer.setFilterMode(Qt.MatchFlag.MatchStartsWith)
        self.popup = QListView()
        self.popup.setProperty("look", "completion")
        self.popup.setAccessibleName(_("Names"))
        self.completer.setPopup(self.popup)
        self.completer.activated.connect(self._take)
        # The open list gets the keys and passes them to the field, where Enter would send the message: after
        # the completer's own filter, so that this one is asked first.
        self.popup.installEventFilter(self)
        field.textChanged.connect(self._look)
        field.cursorPositionChanged.connect(self._leave)
        field.installEventFilter(self)

    def offer(self, names: Sequence[str]) -> None:
        """Offer these names, the model's first; none: the chat is not shared."""
        if list(names) != self._names.stringList():
            self._names.setStringList(list(names))
            if not names:
                self.popup.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        popup = self.popup
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and popup.isVisible():
            if event.key() in _TAKE:
                self._take(popup.currentIndex().data() or self.completer.currentCompletion())
                return True
            if event.key() == Qt.Key.Key_Escape:
                popup.hide()
                return True
        return False

    def _begun(self) -> str | None:
        """Return what was typed behind an @ up to the cursor, None where there is none."""
        cursor = self._field.textCursor()
        if cursor.hasSelection():
            return None
        before = cursor.block().text()[: cursor.positionInBlock()][-LOOKED_AT:]
        found = _BEGUN.search(before)
        return None if found is None else found[1]

    def _look(self) -> None:
        popup = self.popup
        begun = self._begun() if self._names.rowCount() and self._field.hasFocus() else None
        if begun is None:
            popup.hide()
            return
        self.completer.setCompletionPrefix(begun)
        if not self.completer.completionCount() or self.completer.currentCompletion() == begun:
            popup.hide()
            return
        place = self._field.cursorRect()
        place.setWidth(max(180, popup.sizeHintForColumn(0) + 32))
        self.completer.complete(place)
        popup.setCurrentIndex(self.completer.completionModel().index(0, 0))

    def _leave(self) -> None:
        if self.popup.isVisible() and self._begun() is None:
            self.popup.hide()

    def _take(self, name: str) -> None:
        begun = self._begun()
        self.popup.hide()
        if begun is None or not name:
            return
        cursor = self._field.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, len(begun))
        cursor.insertText(f"{name} ")
        self._field.setTextCursor(cursor)
