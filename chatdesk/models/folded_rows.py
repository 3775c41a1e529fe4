"""Very many rows in little memory: those that nobody looked at for a while are folded up.

A conversation that is scrolled back to its beginning stays in the model as a whole: reading marks, versions,
selections and jumps miss no page. As objects, 100,000 messages are 150 MB in a million small pieces, and when
they go most of that stays with Python: its allocator returns memory by the megabyte, and in nearly each one
something small is still in use. Folded up they are eight hundred pieces of 20 kB, and the memory comes back.
"""

from __future__ import annotations

import pickle
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate, islice, pairwise
from operator import attrgetter
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")

CHUNK = 128
"""Rows that are folded up together; unfolding them takes 0.4 ms."""

AWAKE = 16
"""Chunks that stay as they are: some two thousand messages, more than most conversations have."""

_FOLDED_AT_ONCE = 2
"""However many rows come at once, no single call folds up more chunks than this (0.6 ms each)."""


@dataclass(slots=True, eq=False)
class _Chunk(Generic[Row]):
    """Neighbouring rows: their ids, the order key of the first, and the rows or what they are folded to."""

    ids: list[str]
    low: Any
    rows: list[Row] | None
    folded: bytes | None = None
    """What the rows are folded to; kept while they are awake, until one of them changes."""


class FoldedRows(Generic[Row]):
    """A ``RowStore`` for rows of a data class whose values can be pickled.

    What was looked at lately is there as it is; the rest is unfolded when somebody asks for it. Which ids are
    here, and where, is known without unfolding anything.
    """

    def __init__(
        self, kind: Callable[..., Row], identify: Callable[[Row], str], order: Callable[[Row], Any]
    ) -> None:
        self._kind = kind
        self._values = attrgetter(*(field.name for field in fields(kind)))  # type: ignore[arg-type]  # no type is a bound
        self._identify = identify
        self._order = order
        self.start(())

    def __len__(self) -> int:
        return self._firsts[-1]

    def __getitem__(self, place: int) -> Row:
        place = place + len(self) if place < 0 else place
        if not 0 <= place < len(self):
            raise IndexError(place)
        number = bisect_right(self._firsts, place) - 1
        return self._wake(number)[place - self._firsts[number]]

    def __iter__(self) -> Iterator[Row]:
        """Yield all rows; what is folded stays so."""
        for chunk in list(self._chunks):
            yield from self._unfold(chunk) if chunk.rows is None else chunk.rows

    @property
    def folded(self) -> int:
        """How many rows are folded up."""
        return len(self) - sum(len(chunk.ids) for chunk in self._awake)

    def has(self, identity: str) -> bool:
        return identity in self._chunk_of

    def place_of(self, identity: str) -> int | None:
        chunk = self._chunk_of.get(identity)
        if chunk is None:
            return None
        return self._firsts[bisect_left(self._lows, chunk.low)] + chunk.ids.index(identity)

    def first_at_least(self, key: Any) -> int:
        number = bisect_right(self._lows, key) - 1
        if number < 0:
            return 0
        return self._firsts[number] + bisect_left(self._wake(number), key, key=self._order)

    def ids(self, first: int, last: int) -> list[str]:
        start, stop = bisect_right(self._firsts, first) - 1, bisect_right(self._firsts, last)
        found = [identity for chunk in self._chunks[start:stop] for identity in chunk.ids]
        return found[first - self._firsts[start] : last + 1 - self._firsts[start]]

    def start(self, rows: Iterable[Row]) -> None:
        self._chunks: list[_Chunk[Row]] = []
        self._lows: list[Any] = []
        """The order key of each chunk's first row."""
        self._firsts = [0]
        """The place of each chunk's first row, and the number of rows."""
        self._chunk_of: dict[str, _Chunk[Row]] = {}
        self._awake: dict[_Chunk[Row], None] = {}
        """The chunks that are not folded, the one looked at last at the end."""
        self._latest: _Chunk[Row] | None = None
        self._splice(0, 0, sorted(rows, key=self._order))

    def put_in(self, place: int, rows: Sequence[Row]) -> None:
        number = min(bisect_right(self._firsts, place), len(self._chunks)) - 1
        if number < 0:
            self._splice(0, 0, rows)
            return
        inside, size = place - self._firsts[number], len(self._chunks[number].ids)
        if size + len(rows) <= CHUNK:
            self._alter(number, inside, inside, rows)
        elif inside in (0, size):
            # A page beside a full chunk: chunks of its own, or each page would fold the one before again.
            between = number + 1 if inside else number
            self._splice(between, between, rows)
        else:
            known = self._wake(number)
            self._splice(number, number + 1, [*known[:inside], *rows, *known[inside:]])

    def take_out(self, first: int, last: int) -> None:
        while first <= last:
            # From the end, so that the places before it stay what they are.
            number = bisect_right(self._firsts, last) - 1
            start = max(first - self._firsts[number], 0)
            if start == 0 and last + 1 == self._firsts[number + 1]:
                for identity in self._chunks[number].ids:
                    del self._chunk_of[identity]
                self._splice(number, number + 1, ())
            else:
                self._alter(number, start, last + 1 - self._firsts[number], ())
            last = self._firsts[number] + start - 1

    def put(self, place: int, row: Row) -> None:
        number = bisect_right(self._firsts, place) - 1
        rows, chunk, inside = self._wake(number), self._chunks[number], place - self._firsts[number]
        rows[inside] = row
        chunk.folded = None
        if not inside:
            chunk.low = self._lows[number] = self._order(row)

    def move(self, place: int, target: int, row: Row) -> None:
        self.take_out(place, place)
        self.put_in(target, [row])

    # Inside -------------------------------------------------------------------------------------------------

    def _alter(self, number: int, start: int, stop: int, rows: Sequence[Row]) -> None:
        """Put these rows where those of a chunk from ``start`` up to ``stop`` are; some must be left."""
        held, chunk = self._wake(number), self._chunks[number]
        for identity in chunk.ids[start:stop]:
            del self._chunk_of[identity]
        fresh = list(map(self._identify, rows))
        held[start:stop] = rows
        chunk.ids[start:stop] = fresh
        chunk.folded = None
        chunk.low = self._lows[number] = self._order(held[0])
        self._chunk_of.update(dict.fromkeys(fresh, chunk))
        more = len(rows) - (stop - start)
        self._firsts[number + 1 :] = [each + more for each in self._firsts[number + 1 :]]

    def _splice(self, start: int, stop: int, rows: Sequence[Row]) -> None:
        """Put chunks of these rows where the chunks from ``start`` up to ``stop`` are."""
        for chunk in self._chunks[start:stop]:
            self._awake.pop(chunk, None)
        # In equal parts: a chunk that is just too large must not leave one that is nearly empty.
        parts = -(-len(rows) // CHUNK)
        ends = [len(rows) * part // parts for part in range(parts + 1)] if parts else [0]
        fresh: list[_Chunk[Row]] = []
        for begin, end in pairwise(ends):
            held = list(rows[begin:end])
            fresh.append(_Chunk(list(map(self._identify, held)), self._order(held[0]), held))
        self._chunks[start:stop] = fresh
        self._lows[start:stop] = [chunk.low for chunk in fresh]
        self._firsts = [0, *accumulate(len(chunk.ids) for chunk in self._chunks)]
        for chunk in fresh:
            self._chunk_of.update(dict.fromkeys(chunk.ids, chunk))
            self._awake[chunk] = None
        self._latest = None
        self._rest()

    def _wake(self, number: int) -> list[Row]:
        """Return the rows of a chunk as they are, and remember that somebody looked at them."""
        chunk = self._chunks[number]
        if chunk.rows is None:
            chunk.rows = self._unfold(chunk)
        if chunk is not self._latest:
            self._awake.pop(chunk, None)
            self._awake[chunk] = None
            self._latest = chunk
            self._rest()
        return chunk.rows

    def _rest(self) -> None:
        """Fold up what was not looked at for longest, if too much is awake."""
        surplus = min(_FOLDED_AT_ONCE, max(0, len(self._awake) - AWAKE))
        for chunk in list(islice(self._awake, surplus)):
            del self._awake[chunk]
            if chunk.folded is None:
                chunk.folded = self._fold(chunk.rows or [])
            if chunk.folded is not None:
                chunk.rows = None

    def _fold(self, rows: list[Row]) -> bytes | None:
        """Return these rows as bytes; None when one has values nested so deeply that it stays as it is."""
        try:
            folded = pickle.dumps([self._values(row) for row in rows], pickle.HIGHEST_PROTOCOL)
        except RecursionError:
            return None
        return zlib.compress(folded, 1)

    def _unfold(self, chunk: _Chunk[Row]) -> list[Row]:
        # Made above, in this process: nobody else's bytes ever come here.
        values = pickle.loads(zlib.decompress(chunk.folded or b""))
        return [self._kind(*each) for each in values]
