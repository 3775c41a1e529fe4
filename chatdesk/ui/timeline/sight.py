"""What follows from what is in sight: how far was read, and whether older messages are needed."""

from __future__ import annotations

from collections.abc import Callable

from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.timeline.arrangement import Arrangement


class Sight:
    """Asks for older messages when the top is near, once, and tells each greater number that was read."""

    def __init__(self, need_older: Callable[[], None], read_to: Callable[[int], None]) -> None:
        self._need_older = need_older
        self._read_to = read_to
        self.read = 0
        """The greatest message number told."""
        self._asked = False

    def start(self) -> None:
        """Begin with another conversation."""
        self.read = 0
        self._asked = False

    def ask_again(self) -> None:
        """What was asked for has come, or will not."""
        self._asked = False

    def look(self, model: MessageListModel, rows: Arrangement, height: int, visible: bool) -> None:
        """Look at what is on screen in a view ``height`` pixels high."""
        if not rows.placed:
            return
        if rows.above() >= 2 * height:
            self._asked = False
        elif model.has_older and not self._asked:
            self._asked = True
            self._need_older()
        if not visible:
            return
        seen = [spot.row for _, spot in rows.placed if spot.bottom <= height]
        greatest = max((model.at(row).seq or 0 for row in seen), default=0)
        if seen and seen[-1] == model.rowCount() - 1:
            # Versions that are not shown are announced where they are; they do not stay unread for ever.
            greatest = max(greatest, model.newest_seq)
        if greatest > self.read:
            self.read = greatest
            self._read_to(greatest)
