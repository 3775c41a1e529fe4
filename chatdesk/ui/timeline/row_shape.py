"""What another content changes of a row that is on screen: its text, its shape, or only a mark."""

from __future__ import annotations

from dataclasses import dataclass, fields

from chatdesk.domain.message import DeliveryState, Role
from chatdesk.ui.timeline.content import RowContent
from chatdesk.ui.timeline.look import AVATAR, AVATAR_GAP, BUBBLE_SHARE, BUBBLE_X, COLUMN, SIDE_ROOM
from chatdesk.ui.timeline.row_paint import mark_of

_NAMES = tuple(field.name for field in fields(RowContent))
_WRITTEN = frozenset({"text", "deleted", "status", "role"})
_FLAT = frozenset({"delivery", "failure", "time", "day", "author", "author_key", "avatar"})
"""What is only painted or spoken; whatever is not named here, or is added one day, arranges the row again."""

_PAINTED_IN = {
    "day": ("day",),
    "author": ("avatar", "heading"),
    "author_key": ("avatar",),
    "avatar": ("avatar",),
    "time": ("heading",),
    "own": ("heading",),
}


def column(width: int) -> int:
    """Return how wide the column of messages is in a view ``width`` pixels wide."""
    return max(120, min(COLUMN, width - 2 * SIDE_ROOM))


def inset(content: RowContent) -> int:
    """Return the room that the author's picture takes on the left."""
    return 0 if content.own or content.role is Role.SYSTEM else AVATAR + AVATAR_GAP


def text_room(content: RowContent, width: int) -> int:
    """Return how wide the text may become in a view ``width`` pixels wide."""
    room = column(width) - inset(content)
    return bubble_room(room) if content.role is Role.USER else room


def bubble_room(width: int) -> int:
    """Return how wide the text of a bubble may become where ``width`` pixels are left."""
    return int(width * BUBBLE_SHARE) - 2 * BUBBLE_X


@dataclass(frozen=True, slots=True)
class Alteration:
    """What is to be done: write the text, arrange everything, paint all of it or these places again.

    A text that changes paints itself, and of one that grows only its unfinished end.
    """

    rewritten: bool
    reshaped: bool
    repainted: bool = False
    marks: tuple[str, ...] = ()
    """Names of ``Places``."""


def alteration(before: RowContent | None, content: RowContent) -> Alteration:
    """Compare two contents of the same message; without the first everything is new."""
    if before is None:
        return Alteration(True, True, True)
    changed = {name for name in _NAMES if getattr(before, name) != getattr(content, name)}
    failed = DeliveryState.FAILED in (before.delivery, content.delivery)
    reshaped = (
        not changed <= _FLAT
        or bool(before.day) != bool(content.day)
        or (failed and not changed.isdisjoint({"delivery", "failure"}))
    )
    if not changed.isdisjoint(_WRITTEN):
        return Alteration(True, reshaped, changed != {"text"})
    marks = {place for name, places in _PAINTED_IN.items() if name in changed for place in places}
    if mark_of(before) != mark_of(content):
        marks.add("glyph")
    return Alteration(False, reshaped, marks=tuple(sorted(marks)))
