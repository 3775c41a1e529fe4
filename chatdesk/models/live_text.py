"""The text of a reply while it is being written."""

from __future__ import annotations

# Pieces that cannot be placed yet are kept up to here; the row's next checkpoint brings their text anyway.
_EARLY_LIMIT = 2_000


class LiveText:
    """Joins the stored part of a reply and the streamed pieces, whichever is longer.

    Offsets count characters. Pieces may come twice, overlap, or run ahead of a lost one; those ahead are kept
    until the row or the missing piece closes the gap.
    """

    def __init__(self, stored: str = "") -> None:
        self._parts = [stored]
        self._length = len(stored)
        self._early: dict[int, str] = {}

    def __len__(self) -> int:
        return self._length

    def add(self, offset: int, text: str) -> bool:
        """Take a piece in; return whether the text grew."""
        if offset > self._length:
            if len(self._early) < _EARLY_LIMIT and len(text) > len(self._early.get(offset, "")):
                self._early[offset] = text
            return False
        return self._append(offset, text) and (self._close_gaps() or True)

    def stored(self, text: str) -> bool:
        """Take the row's text, which wins when it is no shorter; return whether what is shown changed."""
        if len(text) < self._length:
            return False
        changed = text != self.text()
        self._parts, self._length = [text], len(text)
        return self._close_gaps() or changed

    def text(self) -> str:
        """Return all of it."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0]

    def _append(self, offset: int, text: str) -> bool:
        fresh = text[self._length - offset :]
        if fresh:
            self._parts.append(fresh)
            self._length += len(fresh)
        return bool(fresh)

    def _close_gaps(self) -> bool:
        grown = False
        while ready := [offset for offset in self._early if offset <= self._length]:
            for offset in sorted(ready):
                grown = self._append(offset, self._early.pop(offset)) or grown
        return grown
