"""The conversation list with its captions: Pinned, Today, Yesterday, Previous 7 days, Older."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt

from chatdesk.domain.conversation import ConversationEntry
from chatdesk.language.door import N_, _
from chatdesk.models.conversation_face import ROW_FLAGS
from chatdesk.models.conversation_list import AnyIndex, ConversationListModel, ConversationRole

_CAPTIONS = (N_("Pinned"), N_("Today"), N_("Yesterday"), N_("Previous 7 days"), N_("Older"))
CAPTION_ROLE = int(max(ConversationRole)) + 1
FACE_ROLE = CAPTION_ROLE + 1
"""What is painted: the words of a caption, or a ``RowFace``."""


class Section(IntEnum):
    """The sections in the order of the list."""

    PINNED = 0
    TODAY = 1
    YESTERDAY = 2
    PREVIOUS_WEEK = 3
    OLDER = 4

    @property
    def caption(self) -> str:
        """The words above the section."""
        return _(_CAPTIONS[self])


def _local_now() -> datetime:
    return datetime.now().astimezone()


class ConversationSections(QAbstractListModel):
    """A mirror of ``ConversationListModel`` with one caption row above each section that has rows.

    Captions are rows of their own, so that all rows of the view can have one height. The mirror keeps its own
    list of ids, therefore it stays whole while its source is in the middle of a change. A caption row
    answers ``CAPTION_ROLE`` (its text) and cannot be selected. ``now`` gives the local time; ``regroup`` is
    to be called when the day has changed.
    """

    def __init__(
        self,
        source: ConversationListModel,
        now: Callable[[], datetime] = _local_now,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._source = source
        self._now = now
        self._rows: list[str | Section] = []
        self._counts = [0] * len(Section)
        self._starts = self._thresholds()
        source.modelAboutToBeReset.connect(self.beginResetModel)
        source.modelReset.connect(self._reset)
        source.rowsInserted.connect(self._inserted)
        source.rowsAboutToBeRemoved.connect(self._removed)
        source.rowsMoved.connect(self._moved)
        source.dataChanged.connect(self._changed)
        self.beginResetModel()
        self._reset()

    # Qt's reading side

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == FACE_ROLE:
            return row.caption if isinstance(row, Section) else self._source.face(row)
        if isinstance(row, Section):
            spoken = (CAPTION_ROLE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            return row.caption if role in spoken else None
        return None if role == CAPTION_ROLE else self._source.index(self._source.row_of(row)).data(role)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if isinstance(self._rows[index.row()], Section):
            return Qt.ItemFlag.ItemNeverHasChildren
        return ROW_FLAGS

    # Places

    def id_at(self, row: int) -> str:
        """Return the conversation id of a row, or an empty string for a caption or no row."""
        found = self._rows[row] if 0 <= row < len(self._rows) else ""
        return "" if isinstance(found, Section) else found

    def row_of(self, conversation_id: str) -> int:
        """Return the row of a conversation here, or -1."""
        row = self._source.row_of(conversation_id)
        return row if row < 0 else self._place(row)

    def _place(self, source_row: int) -> int:
        """Translate a source row that both sides hold: add the captions above it."""
        place, seen = source_row, 0
        for count in self._counts:
            place += count > 0
            seen += count
            if source_row < seen:
                break
        return place

    def _head(self, section: Section) -> int:
        """Return the row where the caption of ``section`` is, or would be."""
        above = self._counts[:section]
        return sum(above) + sum(count > 0 for count in above)

    def _thresholds(self) -> Sequence[datetime]:
        midnight = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight, midnight - timedelta(days=1), midnight - timedelta(days=7))

    def _section(self, entry: ConversationEntry) -> Section:
        if entry.membership.pinned:
            return Section.PINNED
        today, yesterday, week = self._starts
        updated = entry.conversation.updated_at
        if updated >= today:
            return Section.TODAY
        if updated >= yesterday:
            return Section.YESTERDAY
        return Section.PREVIOUS_WEEK if updated >= week else Section.OLDER

    # Following the source

    def _reset(self) -> None:
        self._starts = self._thresholds()
        self._counts = [0] * len(Section)
        self._rows = []
        ids, first = self._source.ids(), 0
        for section in Section:
            # The rows are in order, so that each section is one piece; asking 10,000 rows takes a while.
            last = bisect_left(ids, section + 1, lo=first, key=self._section_of)
            if last > first:
                self._counts[section] = last - first
                self._rows += [section, *ids[first:last]]
            first = last
        self.endResetModel()

    def _section_of(self, conversation_id: str) -> Section:
        entry = self._source.entry(conversation_id)
        assert entry is not None
        return self._section(entry)

    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        for source_row in range(first, last + 1):
            self._put(source_row)

    def _put(self, source_row: int) -> None:
        entry = self._source.entry_at(source_row)
        section = self._section(entry)
        fresh = not self._counts[section]
        row = self._head(section) if fresh else source_row + self._captions_to(section)
        self.beginInsertRows(QModelIndex(), row, row + fresh)
        self._rows[row:row] = [section, entry.id] if fresh else [entry.id]
        self._counts[section] += 1
        self.endInsertRows()

    def _captions_to(self, section: Section) -> int:
        return sum(count > 0 for count in self._counts[: section + 1])

    def _removed(self, _parent: QModelIndex, first: int, last: int) -> None:
        for source_row in range(last, first - 1, -1):
            self._take(self._place(source_row))

    def _take(self, row: int) -> None:
        section = self._section_above(row)
        lone = self._counts[section] == 1
        first = row - 1 if lone else row
        self.beginRemoveRows(QModelIndex(), first, row)
        del self._rows[first : row + 1]
        self._counts[section] -= 1
        self.endRemoveRows()

    def _section_above(self, row: int) -> Section:
        for section in reversed(Section):
            if self._counts[section] and self._head(section) < row:
                return section
        raise IndexError(row)

    def _moved(self, _parent: QModelIndex, first: int, _last: int, _target: QModelIndex, before: int) -> None:
        self._shift(self._place(first), before - 1 if before > first else before)

    def _shift(self, row: int, source_row: int) -> None:
        """Bring the conversation of ``row`` to where the source now has it, its section included."""
        old, new = self._section_above(row), self._section(self._source.entry_at(source_row))
        if not self._counts[new]:
            # The caption goes in first, so that the conversation's own step stays one move.
            row += self._caption_in(new) <= row
        self._counts[new] += 1
        self._counts[old] -= 1
        goal = source_row + self._captions_to(new) + (self._counts[old] == 0 and old < new)
        if goal != row:
            self.beginMoveRows(QModelIndex(), row, row, QModelIndex(), goal + 1 if goal > row else goal)
            self._rows.insert(goal, self._rows.pop(row))
            self.endMoveRows()
        if not self._counts[old]:
            self._caption_out(old)

    def _caption_in(self, section: Section) -> int:
        row = self._head(section)
        self.beginInsertRows(QModelIndex(), row, row)
        self._rows.insert(row, section)
        self.endInsertRows()
        return row

    def _caption_out(self, section: Section) -> None:
        row = self._rows.index(section)
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._rows[row]
        self.endRemoveRows()

    def _changed(self, first: QModelIndex, last: QModelIndex, roles: list[int]) -> None:
        for source_row in range(first.row(), last.row() + 1):
            row = self._place(source_row)
            if self._section(self._source.entry_at(source_row)) is not self._section_above(row):
                # Same place among the conversations, but another day or pinned: only the captions differ.
                self._shift(row, source_row)
                row = self._place(source_row)
            index = self.index(row)
            self.dataChanged.emit(index, index, roles)

    def regroup(self) -> None:
        """Put the captions where they belong today; the conversations stay where they are."""
        starts = self._thresholds()
        if starts == self._starts:
            return
        for section in Section:
            if self._counts[section]:
                self._caption_out(section)
        self._starts = starts
        self._counts = [0] * len(Section)
        for row in range(self._source.rowCount()):
            self._counts[self._section(self._source.entry_at(row))] += 1
        for section in Section:
            if self._counts[section]:
                self._caption_in(section)
