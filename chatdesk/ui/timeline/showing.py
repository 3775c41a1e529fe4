"""Bringing arranged rows onto the screen with as little painting as possible."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

from chatdesk.ui.timeline.arrangement import Arrangement
from chatdesk.ui.timeline.placement import Placed


def show_rows(viewport: QWidget, rows: Arrangement, before: Mapping[str, Placed]) -> None:
    """Give the rows their places; ``before`` are the places of those that were on screen already.

    Where all of these moved by one distance, the pixels are moved and only what came into sight is painted.
    """
    distance = _distance(viewport, rows, before)
    fresh = [(spot, row) for spot, row in rows if row.isHidden()]
    for spot, row in fresh:
        row.stand(QRect(0, spot.y - distance, rows.width, spot.height))
        row.show()
        row.update()
    if distance:
        viewport.scroll(0, distance)
    for spot, row in rows:
        row.stand(QRect(0, spot.y, rows.width, spot.height))
    # The strip that the pixels left bare is the viewport's, and Qt paints it before everything else, rows
    # included, unless one that reaches into it was noted before the strip. So the new rows were noted first,
    # of the last of which the room below the end showed a piece; now all of them is to be painted.
    for _, row in fresh:
        row.update()


def _distance(viewport: QWidget, rows: Arrangement, before: Mapping[str, Placed]) -> int:
    moves = {spot.y - before[each].y for each, spot in rows.placed if each in before}
    distance = moves.pop() if len(moves) == 1 and viewport.isVisible() else 0
    return distance if abs(distance) < viewport.height() else 0


def chain_tabs(rows: Arrangement) -> None:
    """Have the Tab key go from row to row."""
    for (_, above), (_, below) in pairwise(rows):
        QWidget.setTabOrder(above.tab_chain[-1], below.tab_chain[0])
