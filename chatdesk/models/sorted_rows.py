"""Where a list model keeps its rows: in order, and found by id."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

Row = TypeVar("Row")


class RowStore(Protocol[Row]):
    """Rows sorted by an order key that differs between rows; whoever puts them in knows their places."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> Row: ...

    def __iter__(self) -> Iterator[Row]: ...

    def has(self, identity: str) -> bool:
        """Tell whether the row with this id is here."""

    def place_of(self, identity: str) -> int | None:
        """Return where the row with this id is, or None."""

    def first_at_least(self, key: Any) -> int:
        """Return the first row whose order is ``key`` or after it; the number of rows when there is none."""

    def ids(self, first: int, last: int) -> list[str]:
        """Return the ids of the rows from ``first`` to ``last``."""

    def start(self, rows: Iterable[Row]) -> None:
        """Hold these rows, in any order, and no others."""

    def put_in(self, place: int, rows: Sequence[Row]) -> None:
        """Put rows, which are in order and belong there, before what is at ``place``."""

    def take_out(self, first: int, last: int) -> None:
        """Take the rows from ``first`` to ``last`` away."""

    def put(self, place: int, row: Row) -> None:
        """Replace the row at ``place`` by one of the same id that belongs there as well."""

    def move(self, place: int, target: int, row: Row) -> None:
        """Take the row at ``place`` away and put ``row``, of the same id, to ``target`` of those left."""


class SortedRows(list[Row]):
    """All rows and their order keys as they are, for lists that are looked at as a whole.

    A row's place is found by bisection over the keys, so an insertion in the middle renumbers nothing.
    """

    def __init__(self, identify: Callable[[Row], str], order: Callable[[Row], Any]) -> None:
        super().__init__()
        self._identify = identify
        self._order = order
        self._keys: list[Any] = []
        self._key_of: dict[str, Any] = {}

    def has(self, identity: str) -> bool:
        return identity in self._key_of

    def place_of(self, identity: str) -> int | None:
        key = self._key_of.get(identity)
        return None if key is None else bisect_left(self._keys, key)

    def first_at_least(self, key: Any) -> int:
        return bisect_left(self._keys, key)

    def ids(self, first: int, last: int) -> list[str]:
        return list(map(self._identify, self[first : last + 1]))

    def start(self, rows: Iterable[Row]) -> None:
        self[:] = sorted(rows, key=self._order)
        self._keys = [self._order(row) for row in self]
        self._key_of = dict(zip(map(self._identify, self), self._keys, strict=True))

    def put_in(self, place: int, rows: Sequence[Row]) -> None:
        keys = [self._order(row) for row in rows]
        self[place:place] = rows
        self._keys[place:place] = keys
        self._key_of.update(zip(map(self._identify, rows), keys, strict=True))

    def take_out(self, first: int, last: int) -> None:
        for row in self[first : last + 1]:
            del self._key_of[self._identify(row)]
        del self[first : last + 1], self._keys[first : last + 1]

    def put(self, place: int, row: Row) -> None:
        self[place] = row
        self._keys[place] = self._key_of[self._identify(row)] = self._order(row)

    def move(self, place: int, target: int, row: Row) -> None:
        self.take_out(place, place)
        self.put_in(target, [row])
