"""Which message each of the other members has read last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject

from chatdesk.domain.message import Role
from chatdesk.models.people import name_of
from chatdesk.models.roles import TimelineRole

if TYPE_CHECKING:
    from chatdesk.models.message_list import MessageListModel


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has read up to a message; ``avatar`` is the key of their picture, "" for none."""

    user_id: str
    name: str
    avatar: str


class ReadBy(QObject):
    """Finds the row below which each reader stands: the last one they have read of those that are shown.

    Whoever wrote has read what is above, so a mark is at least at one's own newest message; below one's own
    message nobody stands. A mark above the first loaded row is not shown.
    """

    def __init__(self, model: MessageListModel) -> None:
        super().__init__(model)
        self._model = model
        self._marks: Mapping[str, int] = {}
        self._at: dict[str, tuple[str, ...]] = {}
        for signal in (model.rowsInserted, model.rowsRemoved, model.rowsMoved):
            signal.connect(self._look)
        model.modelAboutToBeReset.connect(self._forget)
        model.dataChanged.connect(self._changed)

    def set_marks(self, marks: Mapping[str, int]) -> None:
        """Show how far others have read in the open conversation: message numbers by user id."""
        if marks != self._marks:
            self._marks = dict(marks)
            self._look()

    def of(self, message_id: str) -> tuple[Reader, ...]:
        """Return who has read up to this message and no further, in the order of their names."""
        people = [(each, self._model.person(each)) for each in self._at.get(message_id, ())]
        found = [Reader(each, name_of(one), one.avatar_path or "") for each, one in people if one is not None]
        return tuple(sorted(found, key=lambda reader: (reader.name.casefold(), reader.user_id)))

    def _forget(self) -> None:
        self._marks, self._at = {}, {}

    def _changed(self, _first: QModelIndex, _last: QModelIndex, roles: Sequence[int] = ()) -> None:
        if TimelineRole.DELIVERY in roles:
            self._look()

    def _look(self, *_what: object) -> None:
        at: dict[str, tuple[str, ...]] = {}
        for user_id, seq in self._marks.items():
            if (message_id := self._place(user_id, seq)) is not None:
                at[message_id] = (*at.get(message_id, ()), user_id)
        before, self._at = self._at, at
        for message_id in before.keys() | at.keys():
            row = self._model.row_of(message_id)
            if row is not None and before.get(message_id) != at.get(message_id):
                self._model.tell(row, row, (TimelineRole.READERS,))

    def _place(self, user_id: str, seq: int) -> str | None:
        model = self._model
        read = model.first_at_least((0, seq + 1, "")) - 1
        for row in range(model.rowCount() - 1, read, -1):
            if model.at(row).seq is not None and _wrote(model, row, user_id):
                return None
        return model.at(read).id if read >= 0 and not _wrote(model, read, user_id) else None


def _wrote(model: MessageListModel, row: int, user_id: str) -> bool:
    message = model.at(row)
    return message.role is Role.USER and message.author_id == user_id
