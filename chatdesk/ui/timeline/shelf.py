"""The few row widgets that serve any number of messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from PySide6.QtWidgets import QWidget

from chatdesk.ui.timeline.avatars import Avatars
from chatdesk.ui.timeline.look import Look
from chatdesk.ui.timeline.row import RowView

_SPARE = 12


class RowShelf:
    """Gives out row widgets by message id and takes them back; ``wire`` connects a new one."""

    def __init__(
        self, parent: QWidget, look: Look, avatars: Avatars, wire: Callable[[RowView], None]
    ) -> None:
        self._parent = parent
        self._look = look
        self._avatars = avatars
        self._wire = wire
        self._live: dict[str, RowView] = {}
        self._spare: list[RowView] = []

    def __iter__(self) -> Iterator[RowView]:
        return iter(self._live.values())

    def get(self, message_id: str) -> RowView | None:
        """Return the widget that shows this message, if one does."""
        return self._live.get(message_id)

    def take(self, message_id: str) -> RowView:
        """Return the widget for this message, a spare or a new one when none shows it yet."""
        row = self._live.get(message_id)
        if row is None:
            row = self._spare.pop() if self._spare else self._make()
            self._live[message_id] = row
        return row

    def keep(self, message_ids: Collection[str]) -> None:
        """Take back the widgets of all other messages; a focused or selected one only goes out of sight."""
        for message_id in [each for each in self._live if each not in message_ids]:
            row = self._live[message_id]
            if row.held:
                row.move(0, -row.height() - 10_000)
            else:
                self.drop(message_id)

    def drop(self, message_id: str) -> None:
        """Take the widget of this message back, whoever holds on to it."""
        row = self._live.pop(message_id, None)
        if row is None:
            return
        if row.has_focus:
            # Hidden with the focus in it, it would push the focus on to whatever comes next.
            self._parent.setFocus()
        row.hide()
        row.note_focus(False)
        row.body.clear_selection()
        if len(self._spare) < _SPARE:
            self._spare.append(row)
        else:
            row.deleteLater()

    def clear(self) -> None:
        """Take all widgets back."""
        for message_id in list(self._live):
            self.drop(message_id)

    def set_look(self, look: Look) -> None:
        """Give all widgets other fonts and colours."""
        self._look = look
        for row in (*self._live.values(), *self._spare):
            row.set_look(look)

    def _make(self) -> RowView:
        row = RowView(self._look, self._avatars, self._parent)
        self._wire(row)
        return row
