"""The conversations of the list, newest first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from chatdesk.domain.change import ChangeSet, Verb
from chatdesk.domain.conversation import ConversationEntry, MemberRole
from chatdesk.domain.message import DeliveryState
from chatdesk.language.door import N_, _, sentence
from chatdesk.models.conversation_face import ROW_FLAGS, RowFace, face_of
from chatdesk.models.conversation_sieve import Sieve

Order = tuple[bool, datetime, str]
AnyIndex = QModelIndex | QPersistentModelIndex

NEW_TITLE = N_("New chat")


class ConversationRole(IntEnum):
    """What a row tells beside its title (``DisplayRole``) and its spoken form (``AccessibleTextRole``)."""

    ID = Qt.ItemDataRole.UserRole + 1
    MODEL = Qt.ItemDataRole.UserRole + 2
    UPDATED_AT = Qt.ItemDataRole.UserRole + 3
    PINNED = Qt.ItemDataRole.UserRole + 4
    UNREAD = Qt.ItemDataRole.UserRole + 5
    DELIVERY = Qt.ItemDataRole.UserRole + 6
    FAILURE = Qt.ItemDataRole.UserRole + 7
    ACTIVE = Qt.ItemDataRole.UserRole + 8
    REPLYING = Qt.ItemDataRole.UserRole + 9
    ENTRY = Qt.ItemDataRole.UserRole + 10
    SHARED = Qt.ItemDataRole.UserRole + 11
    STANDING = Qt.ItemDataRole.UserRole + 12
    """Who answers there, what this user may do, and whether it is archived."""


LISTED_ROLES = frozenset(
    {
        ConversationRole.UPDATED_AT,
        ConversationRole.UNREAD,
        ConversationRole.DELIVERY,
        ConversationRole.ENTRY,
        Qt.ItemDataRole.AccessibleTextRole,
    }
)
"""What changes with each message and concerns the list alone."""


_READERS: dict[int, Callable[[ConversationEntry], Any]] = {
    Qt.ItemDataRole.DisplayRole: lambda entry: entry.conversation.title or _(NEW_TITLE),
    Qt.ItemDataRole.EditRole: lambda entry: entry.conversation.title,
    ConversationRole.ID: lambda entry: entry.id,
    ConversationRole.MODEL: lambda entry: entry.conversation.model,
    ConversationRole.UPDATED_AT: lambda entry: entry.conversation.updated_at,
    ConversationRole.PINNED: lambda entry: entry.membership.pinned,
    ConversationRole.UNREAD: lambda entry: entry.unread_count,
    ConversationRole.DELIVERY: lambda entry: entry.delivery,
    ConversationRole.FAILURE: lambda entry: entry.failure,
    ConversationRole.STANDING: lambda entry: (
        entry.conversation.answers,
        entry.membership.role,
        entry.membership.archived,
    ),
}
_SPOKEN = frozenset(
    {
        Qt.ItemDataRole.DisplayRole,
        ConversationRole.PINNED,
        ConversationRole.UNREAD,
        ConversationRole.DELIVERY,
        ConversationRole.FAILURE,
    }
)


class ConversationListModel(QAbstractListModel):
    """Rows for the conversation list, in the reverse of ``ConversationEntry.order``.

    Fed by ``load`` and ``apply``; both run on the GUI thread. Rows are kept ascending by their order key, so
    that the row of an id is found by bisection and bumping one conversation to the top touches one row. All
    conversations are known by id, also those without a row: the archived ones while the list is not the
    archive, those that are leaving, those without the words looked for. Only ``load`` and another list
    (``show_archive``, ``look_for``) reset.

    ``active_removed(id)`` is emitted after the open conversation has gone, ``removed(id)`` after any has;
    ``archived_changed(count)`` when more or fewer are in the archive;
    ``active_changed()`` when the open conversation, without a row before or after, is another now.
    """

    active_removed = Signal(str)
    removed = Signal(str)
    archived_changed = Signal(int)
    active_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, ConversationEntry] = {}
        self._orders: list[Order] = []
        self._active = ""
        self._replying: set[str] = set()
        self._sieve = Sieve()
        self._archived: set[str] = set()
        self._shared: frozenset[str] = frozenset()
        self.last_role = MemberRole.OWNER
        """What the user was in the conversation that went last."""

    # Qt's reading side

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self._orders)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self.entry_at(index.row())
        if (reader := _READERS.get(role)) is not None:
            return reader(entry)
        if role == ConversationRole.ACTIVE:
            return entry.id == self._active
        if role == ConversationRole.REPLYING:
            return entry.id in self._replying
        if role == ConversationRole.SHARED:
            return entry.id in self._shared
        if role == ConversationRole.ENTRY:
            return entry
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(entry)
        if role == Qt.ItemDataRole.ToolTipRole:
            return sentence(entry.failure or "") or entry.conversation.title or _(NEW_TITLE)
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        return ROW_FLAGS if index.isValid() else Qt.ItemFlag.NoItemFlags

    def roleNames(self) -> dict[int, QByteArray]:
        names = {int(role): QByteArray(role.name.lower().encode()) for role in ConversationRole}
        return {**super().roleNames(), **names}

    # Reading by id and row

    @property
    def active(self) -> str:
        """The id of the open conversation, or an empty string."""
        return self._active

    def row_of(self, conversation_id: str) -> int:
        """Return the row of an id, or -1."""
        entry = self._entries.get(conversation_id)
        if entry is None:
            return -1
        at = bisect_left(self._orders, entry.order)
        if at == len(self._orders) or self._orders[at] != entry.order:
            return -1
        return len(self._orders) - 1 - at

    def entry_at(self, row: int) -> ConversationEntry:
        """Return the entry of a row; raises ``IndexError`` beyond the last one."""
        return self._entries[self._orders[len(self._orders) - 1 - row][2]]

    def ids(self) -> list[str]:
        """Return the ids of all rows, from the top."""
        return [order[2] for order in reversed(self._orders)]

    def entry(self, conversation_id: str) -> ConversationEntry | None:
        """Return the entry of an id, or None; also of one without a row."""
        return self._entries.get(conversation_id)

    def face(self, conversation_id: str) -> RowFace | None:
        """Return what is painted of a conversation, or None for one that is not here."""
        entry = self._entries.get(conversation_id)
        if entry is None:
            return None
        return face_of(entry, _(NEW_TITLE), self._active, self._replying, self._shared)

    def current(self) -> Iterator[ConversationEntry]:
        """Yield those neither archived nor leaving, whatever is looked for, in no order."""
        for entry in self._entries.values():
            if not entry.membership.archived and entry.id not in self._sieve.leaving:
                yield entry

    @property
    def in_archive(self) -> bool:
        """Whether the list is that of the archive."""
        return self._sieve.archive

    @property
    def narrowed(self) -> bool:
        """Whether only titles with certain words are shown."""
        return self._sieve.narrows

    @property
    def archived_count(self) -> int:
        """How many conversations are archived."""
        return len(self._archived - self._sieve.leaving)

    def is_replying(self, conversation_id: str) -> bool:
        """Tell whether a reply is being written in that conversation."""
        return conversation_id in self._replying

    # Facts coming in

    def load(self, entries: Iterable[ConversationEntry]) -> None:
        """Replace all rows; for the start and for another account."""
        self.beginResetModel()
        self._entries = {entry.conversation.id: entry for entry in entries}
        self._archived = {entry.id for entry in self._entries.values() if entry.membership.archived}
        self._sift()
        self._replying &= self._entries.keys()
        self.endResetModel()
        self.archived_changed.emit(self.archived_count)

    def show_archive(self, shown: bool) -> None:
        """Make this the list of the archive, or the usual one again."""
        if shown != self._sieve.archive:
            self.beginResetModel()
            self._sieve.archive = shown
            self._sift()
            self.endResetModel()

    def look_for(self, text: str) -> None:
        """Show only titles with these words; every title again for an empty text."""
        if self._sieve.look_for(text):
            self.beginResetModel()
            self._sift()
            self.endResetModel()

    def set_leaving(self, conversation_ids: frozenset[str]) -> None:
        """Take these conversations off the list, which can still be undone, and put back all others."""
        before, self._sieve.leaving = self._sieve.leaving, conversation_ids
        for changed in sorted(before ^ conversation_ids):
            if (entry := self._entries.get(changed)) is not None:
                if self._sieve.shows(entry):
                    self._insert(entry)
                else:
                    self._take_row(entry)
        if self._archived & (before ^ conversation_ids):
            self.archived_changed.emit(self.archived_count)

    def apply(self, changes: ChangeSet) -> None:
        """Carry out the conversation changes of one transaction, each as the smallest Qt operation."""
        for change in changes.conversations:
            if change.verb is Verb.REMOVED or change.entry.conversation.deleted_at is not None:
                self._remove(change.entry.id)
            elif (old := self._entries.get(change.entry.id)) is None:
                self._put(change.entry)
                self._note_archived(change.entry)
            elif old != change.entry:
                self._replace(old, change.entry)
                self._note_archived(change.entry)

    def set_active(self, conversation_id: str) -> None:
        """Mark one conversation, or with an empty string none, as the open one."""
        if conversation_id == self._active:
            return
        before, self._active = self._active, conversation_id
        for touched in (before, conversation_id):
            self._tell(touched, [ConversationRole.ACTIVE])

    def set_replying(self, conversation_id: str, replying: bool) -> None:
        """Mark that a reply is being written in a conversation, or no longer."""
        if replying == (conversation_id in self._replying):
            return
        if replying:
            self._replying.add(conversation_id)
        else:
            self._replying.discard(conversation_id)
        self._tell(conversation_id, [ConversationRole.REPLYING, Qt.ItemDataRole.AccessibleTextRole])

    def set_shared(self, conversation_ids: frozenset[str]) -> None:
        """Mark the conversations that somebody else is in, too."""
        before, self._shared = self._shared, conversation_ids
        for changed in before ^ conversation_ids:
            self._tell(changed, [ConversationRole.SHARED, Qt.ItemDataRole.AccessibleTextRole])

    # One change each

    def _sift(self) -> None:
        self._orders = sorted([entry.order for entry in self._sieve.sift(self._entries.values())])

    def _put(self, entry: ConversationEntry) -> None:
        if self._sieve.shows(entry):
            self._insert(entry)
        else:
            self._entries[entry.id] = entry

    def _insert(self, entry: ConversationEntry) -> None:
        at = bisect_left(self._orders, entry.order)
        row = len(self._orders) - at
        self.beginInsertRows(QModelIndex(), row, row)
        self._orders.insert(at, entry.order)
        self._entries[entry.id] = entry
        self.endInsertRows()

    def _take_row(self, entry: ConversationEntry) -> None:
        row = self.row_of(entry.id)
        if row >= 0:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._orders[len(self._orders) - 1 - row]
            self.endRemoveRows()

    def _remove(self, conversation_id: str) -> None:
        entry = self._entries.get(conversation_id)
        if entry is None:
            return
        self._take_row(entry)
        self.last_role = entry.membership.role
        del self._entries[conversation_id]
        self._replying.discard(conversation_id)
        if conversation_id in self._archived:
            self._archived.discard(conversation_id)
            self.archived_changed.emit(self.archived_count)
        if conversation_id == self._active:
            self._active = ""
            self.active_removed.emit(conversation_id)
        self.removed.emit(conversation_id)

    def _note_archived(self, entry: ConversationEntry) -> None:
        if entry.membership.archived != (entry.id in self._archived):
            self._archived ^= {entry.id}
            self.archived_changed.emit(self.archived_count)

    def _replace(self, old: ConversationEntry, new: ConversationEntry) -> None:
        there, wanted = self.row_of(old.id) >= 0, self._sieve.shows(new)
        if there and wanted:
            self._change(old, new)
            return
        if there:
            self._take_row(old)
        self._put(new)
        if new.id == self._active:
            self.active_changed.emit()

    def _change(self, old: ConversationEntry, new: ConversationEntry) -> None:
        if new.order == old.order:
            self._entries[new.id] = new
        else:
            self._move(old, new)
        roles = [role for role, read in _READERS.items() if read(old) != read(new)]
        if not _SPOKEN.isdisjoint(roles):
            roles.append(Qt.ItemDataRole.AccessibleTextRole)
        if Qt.ItemDataRole.DisplayRole in roles or ConversationRole.FAILURE in roles:
            roles.append(Qt.ItemDataRole.ToolTipRole)
        # ENTRY is the whole row, so it is part of every change.
        self._tell(new.id, [*roles, ConversationRole.ENTRY])

    def _move(self, old: ConversationEntry, new: ConversationEntry) -> None:
        count = len(self._orders)
        here = bisect_left(self._orders, old.order)
        there = bisect_left(self._orders, new.order)
        after = there - 1 if there > here else there
        if after == here:
            self._orders[here] = new.order
            self._entries[new.id] = new
            return
        row, target = count - 1 - here, count - 1 - after
        # Qt wants the row before which it goes, counted while it is still in its old place.
        self.beginMoveRows(QModelIndex(), row, row, QModelIndex(), target + 1 if target > row else target)
        del self._orders[here]
        self._orders.insert(after, new.order)
        self._entries[new.id] = new
        self.endMoveRows()

    def _tell(self, conversation_id: str, roles: list[int]) -> None:
        row = self.row_of(conversation_id)
        if row >= 0:
            index = self.index(row)
            self.dataChanged.emit(index, index, [int(role) for role in roles])

    def _spoken(self, entry: ConversationEntry) -> str:
        parts = [entry.conversation.title or _(NEW_TITLE)]
        if entry.membership.pinned:
            parts.append(_("pinned"))
        if entry.id in self._shared:
            parts.append(_("shared"))
        if entry.unread:
            count = entry.unread_count
            parts.append(_("unread") if count == 1 else _("{count} unread").format(count=count))
        if entry.id in self._replying:
            parts.append(_("a reply is being written"))
        if entry.delivery is DeliveryState.FAILED:
            reason = sentence(entry.failure or "") or _("refused")
            parts.append(_("not saved: {reason}").format(reason=reason))
        elif entry.delivery is not DeliveryState.SENT:
            parts.append(_("waiting to be sent"))
        return ", ".join(parts)
