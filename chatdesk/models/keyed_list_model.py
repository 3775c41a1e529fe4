"""A list model whose rows are found by id and kept in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex

from chatdesk.models.sorted_rows import RowStore, SortedRows

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex


class KeyedListModel(QAbstractListModel, Generic[Row]):
    """Rows sorted by ``order(row)``, found by ``identify(row)``; orders must differ between rows.

    They are kept in ``rows``, a list unless something else is given. Only ``replace_all`` resets; everything
    else tells the views exactly what moved.
    """

    seam_roles: Sequence[int] = ()
    """Roles whose value depends on the row above; told for the row below a change when ``seam`` differs."""

    def __init__(
        self,
        identify: Callable[[Row], str],
        order: Callable[[Row], Any],
        parent: QObject | None = None,
        rows: RowStore[Row] | None = None,
    ) -> None:
        super().__init__(parent)
        self._identify = identify
        self._order = order
        self._rows: RowStore[Row] = SortedRows(identify, order) if rows is None else rows

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default, immutable)
        return 0 if parent.isValid() else len(self._rows)

    def at(self, row: int) -> Row:
        """Return the row at ``row``; raises ``IndexError``."""
        return self._rows[row]

    def row_of(self, identity: str) -> int | None:
        """Return where the row with this id is, or None."""
        return self._rows.place_of(identity)

    def ids(self, first: int, last: int) -> list[str]:
        """Return the ids of the rows from ``first`` to ``last``."""
        return self._rows.ids(first, last)

    def first_at_least(self, key: Any) -> int:
        """Return the first row whose order is ``key`` or after it; the row count when there is none."""
        return self._rows.first_at_least(key)

    def get(self, identity: str) -> Row | None:
        """Return the row with this id, or None."""
        row = self._rows.place_of(identity)
        return None if row is None else self._rows[row]

    def seam(self, row: int) -> object:
        """Return what the row at ``row`` shows because of the one above it; None when nothing."""
        return None

    def replace_all(self, rows: Iterable[Row]) -> None:
        """Show other rows altogether: the one model reset."""
        self.beginResetModel()
        self._rows.start(rows)
        self.endResetModel()

    def insert(self, rows: Iterable[Row]) -> None:
        """Insert rows whose ids are not in the model; neighbours arrive in one signal."""
        waiting = sorted(rows, key=self._order)
        start = 0
        while start < len(waiting):
            first = self._order(waiting[start])
            place = self._rows.first_at_least(first)
            end = start + 1
            limit = self._order(self._rows[place]) if place < len(self._rows) else None
            while end < len(waiting) and (limit is None or self._order(waiting[end]) < limit):
                end += 1
            self._insert_run(place, waiting[start:end])
            start = end

    def _insert_run(self, place: int, rows: list[Row]) -> None:
        before = self._seam(place)
        self.beginInsertRows(QModelIndex(), place, place + len(rows) - 1)
        self._rows.put_in(place, rows)
        self.endInsertRows()
        self._mend(place + len(rows), before)

    def update(self, row: Row, roles: Sequence[int]) -> None:
        """Replace the row of the same id, move it where it now belongs, tell ``roles``.

        Raises ``KeyError`` when there is no such row. Without roles and without a move nothing is told.
        """
        found = self._rows.place_of(self._identify(row))
        if found is None:
            raise KeyError(self._identify(row))
        place, target = found, self._rows.first_at_least(self._order(row))
        own, below = self._seam(place), self._seam(place + 1)
        if target in (place, place + 1):
            self._rows.put(place, row)
        else:
            met = self._seam(target)
            self.beginMoveRows(QModelIndex(), place, place, QModelIndex(), target)
            left, place = place, target - 1 if target > place else target
            self._rows.move(left, place, row)
            self.endMoveRows()
            self._mend(left if target > left else left + 1, below)
            below = met
        if self._seam(place) != own:
            roles = sorted({*roles, *self.seam_roles})
        self.tell(place, place, roles)
        self._mend(place + 1, below)

    def remove(self, identity: str) -> None:
        """Take the row with this id away; an unknown id is nothing to do."""
        place = self.row_of(identity)
        if place is None:
            return
        before = self._seam(place + 1)
        self.beginRemoveRows(QModelIndex(), place, place)
        self._rows.take_out(place, place)
        self.endRemoveRows()
        self._mend(place, before)

    def remove_many(self, identities: Collection[str]) -> None:
        """Take these rows away; neighbours go in one signal, unknown ids are nothing to do."""
        places = sorted(place for each in identities if (place := self.row_of(each)) is not None)
        while places:
            last = first = places.pop()
            while places and places[-1] == first - 1:
                first = places.pop()
            before = self._seam(last + 1)
            self.beginRemoveRows(QModelIndex(), first, last)
            self._rows.take_out(first, last)
            self.endRemoveRows()
            self._mend(first, before)

    def tell(self, first: int, last: int, roles: Sequence[int]) -> None:
        """Emit ``dataChanged`` for exactly these rows and roles, if there are any."""
        if roles and self._rows:
            self.dataChanged.emit(self.index(first), self.index(last), [int(role) for role in roles])

    def _seam(self, row: int) -> object:
        return self.seam(row) if row < len(self._rows) else None

    def _mend(self, row: int, before: object) -> None:
        if before is not None and self._seam(row) not in (None, before):
            self.tell(row, row, self.seam_roles)
