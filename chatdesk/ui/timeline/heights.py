"""Heights of very many rows: sums in chunks."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

CHUNK = 512


class Heights:
    """Heights in pixels, in order; finding a row or a sum costs one walk over the chunks.

    100,000 rows are some 200 chunks. A row's height is a guess until it was laid out; who guesses decides.
    """

    def __init__(self) -> None:
        self._chunks: list[array[int]] = []
        self._sums: list[int] = []
        self._tops: list[int] | None = None
        self._firsts: list[int] | None = None

    def __len__(self) -> int:
        return self._chunk_firsts()[-1]

    def __getitem__(self, row: int) -> int:
        chunk, place = self._locate(row)
        return self._chunks[chunk][place]

    def __setitem__(self, row: int, height: int) -> None:
        chunk, place = self._locate(row)
        difference = height - self._chunks[chunk][place]
        if difference:
            self._chunks[chunk][place] = height
            self._sums[chunk] += difference
            self._tops = None

    def assign(self, row: int, heights: Sequence[int]) -> None:
        """Set the heights of the rows from ``row`` on."""
        start = 0
        while start < len(heights):
            chunk, place = self._locate(row + start)
            size = min(len(heights) - start, len(self._chunks[chunk]) - place)
            self._chunks[chunk][place : place + size] = array("i", heights[start : start + size])
            self._sums[chunk] = sum(self._chunks[chunk])
            start += size
        self._tops = None

    def fill(self, count: int, height: int) -> None:
        """Start anew with ``count`` rows of one height."""
        sizes = [min(CHUNK, count - start) for start in range(0, count, CHUNK)]
        self._chunks = [array("i", [height]) * size for size in sizes]
        self._sums = [height * size for size in sizes]
        self._tops = self._firsts = None

    def insert(self, row: int, count: int, height: int) -> None:
        """Put ``count`` rows of one height before ``row``."""
        added = array("i", [height]) * count
        if not self._chunks:
            self.fill(count, height)
            return
        chunk, place = self._locate(row)
        merged = self._chunks[chunk][:place] + added + self._chunks[chunk][place:]
        if len(merged) <= 2 * CHUNK:
            parts = [merged]
        else:
            parts = [merged[start : start + CHUNK] for start in range(0, len(merged), CHUNK)]
        self._chunks[chunk : chunk + 1] = parts
        self._sums[chunk : chunk + 1] = [sum(part) for part in parts]
        self._tops = self._firsts = None

    def remove(self, row: int, count: int) -> None:
        """Take ``count`` rows from ``row`` on away."""
        while count:
            chunk, place = self._locate(row)
            taken = min(count, len(self._chunks[chunk]) - place)
            del self._chunks[chunk][place : place + taken]
            self._sums[chunk] = sum(self._chunks[chunk])
            if not self._chunks[chunk]:
                del self._chunks[chunk], self._sums[chunk]
            self._tops = self._firsts = None
            count -= taken

    def move(self, row: int, target: int) -> None:
        """Move one row so that it comes before what is at ``target`` now."""
        height = self[row]
        self.remove(row, 1)
        self.insert(target - 1 if target > row else target, 1, height)

    def total(self) -> int:
        """Return the sum of all heights."""
        return sum(self._sums)

    def top(self, row: int) -> int:
        """Return the sum of the heights above ``row``; ``row`` may be one past the end."""
        if row >= len(self):
            return self.total()
        chunk, place = self._locate(row)
        return self._chunk_tops()[chunk] + sum(self._chunks[chunk][:place])

    def row_at(self, y: int) -> tuple[int, int]:
        """Return the row at ``y`` and how far into it ``y`` is; the first or last row beyond the ends."""
        tops = self._chunk_tops()
        chunk = min(max(bisect_right(tops, y) - 1, 0), len(self._chunks) - 1)
        rest = y - tops[chunk]
        heights = self._chunks[chunk]
        for place, height in enumerate(heights):
            if rest < height or place == len(heights) - 1:
                return self._chunk_firsts()[chunk] + place, rest
            rest -= height
        raise IndexError("There are no rows.")

    def _chunk_tops(self) -> list[int]:
        if self._tops is None:
            self._tops = [0, *accumulate(self._sums)]
        return self._tops

    def _chunk_firsts(self) -> list[int]:
        if self._firsts is None:
            self._firsts = [0, *accumulate(map(len, self._chunks))]
        return self._firsts

    def _locate(self, row: int) -> tuple[int, int]:
        """Return the chunk of ``row`` and its place there; one past the end is the end of the last chunk."""
        firsts = self._chunk_firsts()
        if row < 0 or row > firsts[-1]:
            raise IndexError(row)
        chunk = min(bisect_right(firsts, row) - 1, len(self._chunks) - 1)
        return chunk, row - firsts[chunk]
