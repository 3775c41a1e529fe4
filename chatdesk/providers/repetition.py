"""Noticing that a small model says the same again and again."""

from __future__ import annotations

SHORTEST = 4
LONGEST = 200
TIMES = 3
LEAST = 60
"""So many characters must be repetition: "ha ha ha" is an answer."""


def is_going_round(text: str) -> bool:
    """Tell whether the end of a text is the same piece at least three times, one after the other."""
    for size in range(SHORTEST, min(LONGEST, len(text) // TIMES) + 1):
        times = max(TIMES, -(-LEAST // size))
        if len(text) < size * times:
            continue
        piece = text[-size:]
        if not piece.strip(" \n-=_*#."):
            continue  # a ruler or a table's border
        if text.endswith(piece * times):
            return True
    return False
