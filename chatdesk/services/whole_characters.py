"""What a model streams, as text that can be stored."""

from __future__ import annotations

from chatdesk.domain.text import storable


class WholeCharacters:
    """Joins characters that a model sent in halves: JSON may tell each half of one in a piece of its own."""

    def __init__(self) -> None:
        self._half = ""

    def take(self, piece: str) -> str:
        """Return what is whole so far; a first half waits for its second."""
        text = self._half + piece
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return storable(text[: len(text) - len(self._half)])

    def rest(self) -> str:
        """Return what is left at the end."""
        half, self._half = self._half, ""
        return storable(half)
