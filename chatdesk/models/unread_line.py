"""Where the unread messages began when the conversation was opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from chatdesk.models.roles import TimelineRole

if TYPE_CHECKING:
    from chatdesk.models.message_list import MessageListModel


class UnreadLine(QObject):
    """Finds the row above which the line stands: the first unread message that is not the user's own.

    The line is set when a conversation is opened and stays until it is left, whatever is read meanwhile.
    While older messages are not loaded and the first row is unread, nobody knows where it belongs.

    Signals: ``found(str)`` with the row's id, once after each ``begin``; ``older_wanted()`` while it is
    looked for on pages that are not loaded.
    """

    found = Signal(str)
    older_wanted = Signal()

    def __init__(self, model: MessageListModel) -> None:
        super().__init__(model)
        self._model = model
        self._after: int | None = None
        self._told = False
        self._seeking = False
        self.message_id = ""
        """The row below the line, empty for none."""
        model.rowsInserted.connect(self._look)
        model.rowsRemoved.connect(self._look)
        model.rowsMoved.connect(self._look)
        model.older_changed.connect(self._look)
        model.modelAboutToBeReset.connect(self._end)

    @property
    def expected(self) -> bool:
        """Whether there is a line, here or on a page that is not loaded."""
        return self._after is not None and (bool(self.message_id) or self._model.has_older)

    def begin(self, after: int | None) -> None:
        """The open conversation was read up to this number; with None nothing in it is unread."""
        self._after = after
        self._told = self._seeking = False
        self._look()

    def seek(self) -> None:
        """Have older pages loaded until the line's place is known; ``found`` follows if it exists."""
        self._told, self._seeking = False, True
        self._look()

    def _end(self) -> None:
        self._after, self.message_id = None, ""
        self._seeking = False

    def _look(self, *_what: object) -> None:
        model = self._model
        place = None if self._after is None else model.first_at_least((0, self._after + 1, ""))
        if place == 0 and model.has_older:
            if self._seeking:
                self.older_wanted.emit()
            place = None
        while place is not None and place < model.rowCount() and model.is_own(model.at(place)):
            place += 1
        now = model.at(place).id if place is not None and place < model.rowCount() else ""
        if now != self.message_id:
            before, self.message_id = self.message_id, now
            for each in (before, now):
                if (row := model.row_of(each)) is not None:
                    model.tell(row, row, (TimelineRole.UNREAD,))
        if now and not self._told:
            self._told, self._seeking = True, False
            self.found.emit(now)
