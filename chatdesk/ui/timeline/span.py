"""A selection that goes over several messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QTextCursor

from chatdesk.ui.timeline.body import BodyView
from chatdesk.ui.timeline.row import RowView

if TYPE_CHECKING:
    from chatdesk.ui.timeline.view import TimelineView

_START, _END = QTextCursor.MoveOperation.Start, QTextCursor.MoveOperation.End


class Span:
    """Follows a drag that leaves the message it began in.

    The message where it began is selected to its end, those between whole, the one under the pointer up to
    it. What was selected keeps its widget when it leaves the screen; a message that went by too fast to get
    one is copied whole, as it was written.
    """

    def __init__(self, view: TimelineView) -> None:
        self._view = view
        self._begin = ""
        self._end = ""

    def __bool__(self) -> bool:
        return bool(self._end) and bool(self._ids())

    def drag(self, row: RowView, pointer: QPoint) -> None:
        """The pointer, at this global place, drags a selection that began in ``row``."""
        target = self._row_at(self._view.viewport().mapFromGlobal(pointer).y())
        if target is None or (target is row and not self):
            return
        before = set(self._ids())
        self._begin, self._end = row.message_id, target.message_id
        ids = self._ids()
        for message_id in before - set(ids):
            if (left := self._view.row(message_id)) is not None:
                left.body.clear_selection()
        if target is row:
            self._end = ""
        else:
            down = ids[0] == row.message_id
            _select(row.body, row.body.textCursor().anchor(), _END if down else _START)
            for between in map(self._view.row, ids[1:-1]):
                if between is not None:
                    _select(between.body, 0, _END)
            last = QTextCursor(target.body.document())
            if not down:
                last.movePosition(_END)
            place = target.body.cursorForPosition(target.body.mapFromGlobal(pointer)).position()
            last.setPosition(place, QTextCursor.MoveMode.KeepAnchor)
            target.body.setTextCursor(last)

    def clear(self, but: BodyView | None = None) -> None:
        """Select nothing any more, except in ``but``."""
        if not self:
            return
        ids, self._end = self._ids(), ""
        for row in map(self._view.row, ids):
            if row is not None and row.body is not but:
                row.body.clear_selection()

    def text(self) -> str:
        """Return what is selected with who wrote it; nothing while one message has the selection."""
        model = self._view.model()
        if not self or model is None:
            return ""
        pieces = []
        for message_id in self._ids():
            row, message = self._view.row(message_id), model.get(message_id)
            if message is None:
                continue
            words = row.body.selected() if row is not None else model.text_of(message)
            if words.strip():
                pieces.append(f"{model.author_of(message)}:\n{words}")
        return "\n\n".join(pieces)

    def _ids(self) -> list[str]:
        """Return the messages from the first to the last, from the top."""
        model = self._view.model()
        places = [] if model is None else [model.row_of(each) for each in (self._begin, self._end)]
        if model is None or None in places:
            return []
        first, last = sorted(place for place in places if place is not None)
        return model.ids(first, last)

    def _row_at(self, y: int) -> RowView | None:
        """Return the message on screen at this height, or the one nearest to it."""
        found = None
        for message_id in self._view.on_screen():
            top = self._view.top_of(message_id)
            if found is None or (top is not None and top <= y):
                found = self._view.row(message_id)
        return found


def _select(body: BodyView, anchor: int, end: QTextCursor.MoveOperation) -> None:
    cursor = QTextCursor(body.document())
    cursor.setPosition(anchor)
    cursor.movePosition(end, QTextCursor.MoveMode.KeepAnchor)
    body.setTextCursor(cursor)
