"""What the timeline holds on to, and the rows that are on screen because of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from chatdesk.domain.message import MessageStatus
from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.timeline.content import Margin, content_of
from chatdesk.ui.timeline.guesses import GuessedHeights
from chatdesk.ui.timeline.placement import BOTTOM_ROOM, TOP_ROOM, Anchor, Placed, place
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.shelf import RowShelf


class Arrangement:
    """Places rows around what the reader looks at, or up from the end while ``pinned``.

    The place is held by ids, so rows that come, go or move elsewhere never shift what is being read: the
    topmost row on screen that still exists keeps its distance from the top.
    """

    def __init__(self, shelf: RowShelf, guesses: GuessedHeights, now: Callable[[], datetime]) -> None:
        self._shelf = shelf
        self._guesses = guesses
        self._now = now
        self._model: MessageListModel | None = None
        self._hold: list[tuple[str, int]] = []
        self._stale: set[str] = set()
        self.placed: list[tuple[str, Placed]] = []
        self.pinned = True
        self.width = 0
        self.margin = Margin()

    def __iter__(self) -> Iterator[tuple[Placed, RowView]]:
        """Yield the rows on screen with their places, from the top."""
        for message_id, spot in self.placed:
            row = self._shelf.get(message_id)
            if row is not None:
                yield spot, row

    @property
    def ids(self) -> set[str]:
        """The messages on screen."""
        return {message_id for message_id, _ in self.placed}

    def start(self, model: MessageListModel) -> None:
        """Begin at the end of ``model``."""
        self._model = model
        self._shelf.clear()
        self._stale.clear()
        self.margin.unfolded.clear()
        self._hold = []
        self.placed = []
        self.pinned = True

    def touch(self, first: int, last: int) -> None:
        """Note that the rows from ``first`` to ``last`` show something else now."""
        assert self._model is not None
        for row in self._shelf:
            place_ = self._model.row_of(row.message_id)
            if place_ is not None and first <= place_ <= last:
                self._stale.add(row.message_id)

    def rows(self) -> Iterator[RowView]:
        """Yield every row that is in use, also those that are held out of sight."""
        yield from self._shelf

    def touch_messages(self, message_ids: Collection[str]) -> None:
        """Note that these messages, where they are on screen, show something else now."""
        self._stale.update(row.message_id for row in self._shelf if row.message_id in message_ids)

    def touch_all(self) -> None:
        """Note that everything on screen may show something else now."""
        self._stale.update(row.message_id for row in self._shelf)

    def forget_removed(self) -> None:
        """Take the widgets of messages that went."""
        assert self._model is not None
        for row in list(self._shelf):
            if self._model.row_of(row.message_id) is None:
                self._stale.discard(row.message_id)
                self._shelf.drop(row.message_id)

    def hold(self, message_id: str, y: int) -> None:
        """Hold on to the message with its top at ``y``, in pixels below the top of the view."""
        self.pinned = False
        self._hold = [(message_id, y)]

    def unfold(self, message_id: str) -> None:
        """Show all of a long text from now on; its beginning stays where it is."""
        self.margin.unfolded.add(message_id)
        self.touch_messages({message_id})
        for each, spot in self.placed:
            if each == message_id:
                self.hold(message_id, spot.y)

    def shift(self, pixels: int) -> None:
        """Move what is on screen up by ``pixels``."""
        self.pinned = False
        self._hold = [(message_id, spot.y - pixels) for message_id, spot in self.placed]

    def write_on(self) -> None:
        """Write one more piece of the first long text on screen that is not complete."""
        for _, row in self:
            if row.unfinished and row.message_id not in self._stale:
                row.advance()
                return

    def freshen(self) -> bool:
        """Show what changed in the rows on screen; tell whether one of them needs another place for it."""
        assert self._model is not None
        for message_id, _ in self.placed:
            row = self._model.row_of(message_id)
            if row is not None and message_id in self._stale:
                self._show(row, message_id)
        return not all(row.fits(self.width) for _, row in self)

    def lay_out(self, room: int, width: int) -> None:
        """Place the rows for a view of ``room`` by ``width`` pixels; reaching the end pins."""
        model = self._model
        if model is None:
            return
        self.width = width
        placed, at_end = place(model.rowCount(), room, self._anchor(model), self._measure)
        self.pinned = self.pinned or at_end
        self.placed = [(model.at(spot.row).id, spot) for spot in placed]
        self._hold = [(message_id, spot.y) for message_id, spot in self.placed]

    def extent(self, room: int) -> tuple[int, int]:
        """Return what the scroll bar shows: the place from the top, and the greatest possible one."""
        heights = self._guesses.heights
        highest = max(0, heights.total() + TOP_ROOM + BOTTOM_ROOM - room)
        if self.pinned or not self.placed or self.placed[0][1].row >= len(heights):
            return highest, highest
        first = self.placed[0][1]
        return min(heights.top(first.row) + TOP_ROOM - first.y, highest), highest

    def hold_extent(self, value: int) -> None:
        """Hold on to whatever is at this place of the scroll bar."""
        if self._model is not None and self._model.rowCount():
            row, into = self._guesses.heights.row_at(value - TOP_ROOM)
            self.hold(self._model.at(row).id, -into)

    def above(self) -> int:
        """Return how many pixels of rows are above the screen."""
        return self._guesses.heights.top(self.placed[0][1].row) if self.placed else 0

    def _anchor(self, model: MessageListModel) -> Anchor | None:
        for message_id, y in self._hold if not self.pinned else ():
            row = model.row_of(message_id)
            if row is not None:
                return Anchor(row, y)
        return None

    def _measure(self, row: int) -> int:
        """Lay the row out, writing its text first if it changed; return and keep its true height."""
        assert self._model is not None
        message = self._model.at(row)
        widget = self._shelf.get(message.id)
        if widget is None or message.id in self._stale:
            widget = self._show(row, message.id)
        height = widget.lay_out(self.width)
        if widget.unfinished and message.status is not MessageStatus.STREAMING:
            # A long text that was seen before keeps its height while it is written again.
            height = max(height, self._guesses.heights[row])
        self._guesses.heights[row] = height
        return height

    def _show(self, row: int, message_id: str) -> RowView:
        assert self._model is not None
        self._stale.discard(message_id)
        widget = self._shelf.take(message_id)
        widget.show_content(content_of(self._model, row, self._now, self.margin), self.width)
        return widget
