"""Places in a text: Python counts characters, Qt counts UTF-16 units."""

from __future__ import annotations


def units(text: str, place: int) -> int:
    """Translate a place in Python's characters to Qt's units."""
    return place if text.isascii() else len(text[:place].encode("utf-16-le", "surrogatepass")) // 2
