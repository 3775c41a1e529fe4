"""Which message each of the other members has read last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject

from chatdesk.domain.message import Message, Role
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
        self._newest: dict[str, int] = {}
        """The number of each reader's newest message; 0 when there is none below what they have read."""
        model.rowsInserted.connect(self._inserted)
        model.rowsAboutToBeRemoved.connect(self._leaving)
        model.rowsRemoved.connect(self._look)
        model.rowsMoved.connect(self._moved)
        model.modelAboutToBeReset.connect(self._forget)
        model.dataChanged.connect(self._changed)

    def set_marks(self, marks: Mapping[str, int]) -> None:
        """Show how far others have read in the open conversation: message numbers by user id."""
        if marks != self._marks:
            self._newest = {
                each: newest
                for each, newest in self._newest.items()
                if self._marks.get(each, 0) <= marks.get(each, -1)
            }
            self._marks = dict(marks)
            self._look()

    def of(self, message_id: str) -> tuple[Reader, ...]:
        """Return who has read up to this message and no further, in the order of their names."""
        people = [(each, self._model.person(each)) for each in self._at.get(message_id, ())]
        found = [Reader(each, name_of(one), one.avatar_path or "") for each, one in people if one is not None]
        return tuple(sorted(found, key=lambda reader: (reader.name.casefold(), reader.user_id)))

    def _forget(self) -> None:
        self._marks, self._at, self._newest = {}, {}, {}

    def _changed(self, first: QModelIndex, last: QModelIndex, roles: Sequence[int] = ()) -> None:
        if TimelineRole.DELIVERY in roles:
            self._note(first.row(), last.row())
            self._look()

    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._note(first, last)
        self._look()

    def _moved(self, _from: QModelIndex, first: int, _last: int, _to: QModelIndex, target: int) -> None:
        place = target if target < first else target - 1
        self._note(place, place)
        self._look()

    def _leaving(self, _parent: QModelIndex, first: int, last: int) -> None:
        """A reader's newest message may go: which one is it then? It is looked for when it is needed."""
        for message in map(self._model.at, range(first, last + 1) if self._newest else ()):
            if message.author_id is not None and message.seq == self._newest.get(message.author_id):
                del self._newest[message.author_id]

    def _note(self, first: int, last: int) -> None:
        """See whether readers wrote these rows, so that nobody has to go through all of them each time."""
        for message in map(self._model.at, range(first, last + 1) if self._newest else ()):
            author = message.author_id if message.role is Role.USER else None
            if author in self._newest:
                self._newest[author] = max(self._newest[author], message.seq or 0)

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
        if user_id not in self._newest:
            later = map(model.at, range(model.rowCount() - 1, read, -1))
            numbers = (message.seq or 0 for message in later if _wrote(message, user_id))
            self._newest[user_id] = next((number for number in numbers if number), 0)
        if read < 0 or self._newest[user_id] > seq:
            return None
        last = model.at(read)
        return None if _wrote(last, user_id) else last.id


def _wrote(message: Message, user_id: str) -> bool:
    return message.role is Role.USER and message.author_id == user_id
