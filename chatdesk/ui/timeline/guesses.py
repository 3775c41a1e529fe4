"""Heights for all rows of the model: true ones for those that were laid out, guesses for the rest."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.timeline.fold import LONG, beginning
from chatdesk.ui.timeline.heights import Heights
from chatdesk.ui.timeline.look import Look

_FIRST_GUESS = 120
_PICTURES, _FILES = 170, 50

# Rows guessed in one turn of the loop; about 2 ms, most of it for those that the model has folded up.
_SLICE = 256


class GuessedHeights(QObject):
    """Keeps ``heights`` in step with the model.

    A guess needs the length of the text, which for very many rows is too much for one turn: the newest rows
    come first, ``improved`` is called after each slice. Guesses only serve the scroll bar.
    """

    def __init__(self, improved: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self.heights = Heights()
        self._improved = improved
        self._model: MessageListModel | None = None
        self._look: Look | None = None
        self._width = 0
        self._left = 0
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._guess_slice)

    @property
    def complete(self) -> bool:
        """Whether every row has at least been guessed for the present width."""
        return self._left == 0

    def start(self, model: MessageListModel, look: Look, width: int) -> None:
        """Guess everything anew: another model, look or width."""
        self._model, self._look, self._width = model, look, max(120, width)
        count = model.rowCount()
        if len(self.heights) != count:
            self.heights.fill(count, _FIRST_GUESS)
        self._left = count
        if count:
            self._guess_slice()
        self._timer.start() if self._left else self._timer.stop()

    def refill(self) -> None:
        """Forget all heights, after a model reset."""
        self.heights.fill(0, 0)

    def inserted(self, row: int, count: int) -> None:
        """Rows came."""
        self.heights.insert(row, count, _FIRST_GUESS)
        for start in range(row, row + min(count, _SLICE), _SLICE):
            self._assign(start, min(_SLICE, row + count - start))
        self._left = min(self._left + count if row < self._left else self._left, len(self.heights))

    def removed(self, row: int, count: int) -> None:
        """Rows went."""
        self.heights.remove(row, count)
        self._left = min(self._left, len(self.heights))

    def _guess_slice(self) -> None:
        start = max(0, self._left - _SLICE)
        if self._left:
            self._assign(start, self._left - start)
        self._left = start
        if not start:
            self._timer.stop()
        self._improved()

    def _assign(self, row: int, count: int) -> None:
        model, look = self._model, self._look
        if model is None or look is None:
            return
        guesses = []
        for each in range(row, row + count):
            message = model.at(each)
            text = model.text_of(message)
            text = beginning(text) if len(text) > LONG else text
            height = look.guess(len(text), text.count("\n"), self._width)
            if message.attachments:
                height += _PICTURES if any(one.is_picture for one in message.attachments) else _FILES
            guesses.append(height)
        self.heights.assign(row, guesses)
