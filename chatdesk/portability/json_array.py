"""A JSON array of any size, one element after the other in constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_IN_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_MARK = re.compile(rb'["\[\]{}]')
_MARK_BETWEEN = re.compile(rb'["\[\]{},]')
_QUOTE, _ESCAPE, _COMMA = b'"'[0], b"\\"[0], b","[0]
_OPENING = frozenset(b"[{")


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the array as it stands there; ``raw`` is None when it is longer than the limit."""

    raw: bytes | None


@dataclass(slots=True)
class ArrayReader:
    """Finds the elements of the array that ``chunks`` make up together.

    Only brackets and strings are looked at: whether an element is valid is for its reader to find out.
    After the last element ``complete`` tells whether the array was closed.
    """

    chunks: Iterable[bytes]
    limit: int
    complete: bool = False
    _depth: int = 0
    _in_string: bool = False
    _escaped: bool = False
    _parts: list[bytes] = field(default_factory=list)
    _size: int = 0

    def __iter__(self) -> Iterator[Element]:
        for chunk in self.chunks:
            yield from self._take(chunk)
            if self.complete:
                return

    def _take(self, chunk: bytes) -> Iterator[Element]:
        start = place = 0
        while place < len(chunk):
            if self._in_string:
                place = self._leave_string(chunk, place)
                continue
            mark = (_MARK_BETWEEN if self._depth == 1 else _MARK).search(chunk, place)
            if mark is None:
                break
            place, sign = mark.end(), chunk[mark.start()]
            if sign == _QUOTE:
                self._in_string = True
            elif sign in _OPENING:
                self._depth += 1
                if self._depth == 1:
                    start = place
            elif sign == _COMMA or self._depth == 1:
                self._keep(chunk[start : mark.start()])
                yield from self._end()
                start = place
                if sign != _COMMA:
                    self.complete = True
                    return
            else:
                self._depth -= 1
        if self._depth:
            self._keep(chunk[start:])

    def _leave_string(self, chunk: bytes, place: int) -> int:
        """Return the place behind the string, or the chunk's end when the string goes on."""
        if self._escaped:
            self._escaped = False
            return place + 1
        found = _IN_STRING.match(chunk, place)
        place = found.end() if found is not None else place
        if place == len(chunk):
            return place
        # What ends the run is the quote, or an escape whose other half is in the next chunk.
        if chunk[place] == _ESCAPE:
            self._escaped = True
        else:
            self._in_string = False
        return place + 1

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self.limit:
            self._parts.clear()
        elif part:
            self._parts.append(part)

    def _end(self) -> Iterator[Element]:
        raw = b"".join(self._parts).strip()
        too_long = self._size > self.limit
        self._parts.clear()
        self._size = 0
        if too_long:
            yield Element(None)
        elif raw:
            yield Element(raw)
