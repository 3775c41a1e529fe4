"""Counting what an import did, conversation by conversation, of which some come in several pieces."""

from __future__ import annotations

from chatdesk.portability.problems import Problems
from chatdesk.portability.records import Piece, Skipped
from chatdesk.services.portability.batches import Batch

_SKIPPED = "skipped"


class Tally:
    """What was imported, what was here already, and what could not be had."""

    def __init__(self) -> None:
        self.imported = 0
        self.messages = 0
        self.here = 0
        self.problems = Problems()
        self._last = ("", "")
        """The conversation of the last piece, and how it was counted."""

    def add(self, batch: Batch) -> None:
        """Count what the reader met between the pieces."""
        self.here += batch.here
        self.problems.add(batch.problems)

    def count(self, piece: Piece, fate: str) -> None:
        """Count a piece by what the server says of its conversation."""
        news = fate in ("made", "grown")
        before = self._before(piece)
        counted = "imported" if news or before == "imported" else "here"
        self.messages += len(piece.messages) if news else 0
        self._recount(piece, before, counted)

    def skip(self, piece: Piece, reason: str) -> None:
        """Count a conversation that the server refuses; what it took of it before stays."""
        before = self._before(piece)
        if before != _SKIPPED:
            self.problems.note(Skipped(piece.conversation.title, reason))
        self._recount(piece, before, _SKIPPED)

    def was_skipped(self, piece: Piece) -> bool:
        return self._last == (piece.conversation.key, _SKIPPED)

    def _before(self, piece: Piece) -> str:
        key, counted = self._last
        return counted if not piece.first and key == piece.conversation.key else ""

    def _recount(self, piece: Piece, before: str, counted: str) -> None:
        self.imported += (counted == "imported") - (before == "imported")
        self.here += (counted == "here") - (before == "here")
        self._last = (piece.conversation.key, counted)
