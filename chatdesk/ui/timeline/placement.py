"""Which rows are on screen, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

TOP_ROOM = 16
BOTTOM_ROOM = 20


@dataclass(frozen=True, slots=True)
class Anchor:
    """The row the view holds on to: its top stands at ``y``, in pixels below the top of the view."""

    row: int
    y: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A row on screen: its top, in pixels below the top of the view, and its height."""

    row: int
    y: int
    height: int

    @property
    def bottom(self) -> int:
        """The first pixel below the row."""
        return self.y + self.height


def place(
    count: int, room: int, anchor: Anchor | None, measure: Callable[[int], int]
) -> tuple[list[Placed], bool]:
    """Lay out the rows around ``anchor``, or up from the end without one.

    ``measure`` lays a row out and returns its true height; it is asked for no row that stays out of sight.
    Returns the rows and whether the last one's end is in sight.
    """
    if count == 0:
        return [], True
    if anchor is None:
        return _from_end(count, room, measure), True
    row, y = min(anchor.row, count - 1), anchor.y
    while y > 0 and row > 0:
        row -= 1
        y -= measure(row)
    if row == 0:
        y = min(y, TOP_ROOM)
    placed: list[Placed] = []
    while row < count and y < room:
        height = measure(row)
        if y + height > 0:
            placed.append(Placed(row, y, height))
        y += height
        row += 1
    if row == count and y <= room - BOTTOM_ROOM:
        return _from_end(count, room, measure), True
    return placed, False


def _from_end(count: int, room: int, measure: Callable[[int], int]) -> list[Placed]:
    placed: list[Placed] = []
    row, y = count, room - BOTTOM_ROOM
    while row > 0 and y > 0:
        row -= 1
        height = measure(row)
        y -= height
        placed.append(Placed(row, y, height))
    if row == 0 and y > TOP_ROOM:
        lift = y - TOP_ROOM
        placed = [Placed(each.row, each.y - lift, each.height) for each in placed]
    placed.reverse()
    return placed
