"""The small pictures of attachments that a view shows."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage

from chatdesk.domain.attachment import Attachment

MOST_WIDE, MOST_HIGH = 260, 200
BOUND = QSize(2 * MOST_WIDE, 2 * MOST_HIGH)
"""In the pixels of a screen at 200 %."""

_KEPT = 80


class Thumbnails(QObject):
    """Asks for each small picture once, and keeps the ones shown last.

    Signals: ``wanted(Attachment)`` it is not here: answer with ``put``; ``changed(str)`` the one of this path
    came; ``opened(Attachment)`` the user wants to see a file.
    """

    wanted = Signal(object)
    changed = Signal(str)
    opened = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: OrderedDict[str, QImage] = OrderedDict()
        self._asked: set[str] = set()

    def get(self, attachment: Attachment) -> QImage | None:
        """Return a small picture, or ask for it."""
        path = attachment.path
        if path in self._known:
            self._known.move_to_end(path)
            return self._known[path]
        if path not in self._asked:
            self._asked.add(path)
            self.wanted.emit(attachment)
        return None

    def known(self, path: str) -> QImage | None:
        """Return a small picture if it is here; asks nobody."""
        return self._known.get(path)

    def put(self, path: str, picture: QImage) -> None:
        """Keep a small picture."""
        self._asked.discard(path)
        self._known[path] = picture
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        self.changed.emit(path)

    def clear(self) -> None:
        """Forget everything: the account is closed."""
        self._known.clear()
        self._asked.clear()
