"""A published version of ChatDesk."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9A-Za-z.-]{1,40}))?(?:\+[0-9A-Za-z.-]{1,40})?")


@dataclass(frozen=True, slots=True)
class Release:
    """``version`` as in Semantic Versioning; ``page``: the https address that tells of it."""

    version: str
    page: str


def is_version(text: str) -> bool:
    """Tell whether ``text`` is a version."""
    return _VERSION.fullmatch(text) is not None


def newer(version: str, than: str) -> bool:
    """Tell whether ``version`` comes after ``than`` by the rules of Semantic Versioning.

    A version that is none is never newer, and nothing is newer than it.
    """
    one, other = _order(version), _order(than)
    return one is not None and other is not None and one > other


_Order = tuple[tuple[int, int, int], int, tuple[tuple[int, int, str], ...]]


def _order(version: str) -> _Order | None:
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    numbers = (int(found[1]), int(found[2]), int(found[3]))
    if found[4] is None:
        return numbers, 1, ()
    parts = found[4].split(".")
    # Numbers come before words; a version without such an ending comes after all that have one.
    return numbers, 0, tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts)
