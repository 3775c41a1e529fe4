"""The steps by which text grows and shrinks."""

from __future__ import annotations

SIZES = (80, 90, 100, 110, 125, 150, 175, 200)
"""In percent; the ends are the bounds of the option."""


def larger(percent: int) -> int:
    """Return the next step above ``percent``, or the last one."""
    return next((size for size in SIZES if size > percent), SIZES[-1])


def smaller(percent: int) -> int:
    """Return the next step below ``percent``, or the first one."""
    return next((size for size in reversed(SIZES) if size < percent), SIZES[0])
