"""Small pictures below the last message that others have read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from chatdesk.language.door import _
from chatdesk.models.read_by import Reader
from chatdesk.ui.timeline.avatars import Avatars
from chatdesk.ui.timeline.look import Look

HEIGHT = 22
_SIDE = 16
_STEP = 12
_MOST = 5


def read_words(readers: Sequence[Reader]) -> str:
    """Say who has read, "" for nobody."""
    return _("Read by {names}").format(names=", ".join(each.name for each in readers)) if readers else ""


class ReaderStrip(QWidget):
    """Stands at the right edge below a message; its tool tip has the names."""

    def __init__(self, look: Look, avatars: Avatars, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._avatars = avatars
        self._readers: tuple[Reader, ...] = ()
        self.hide()

    @property
    def readers(self) -> tuple[Reader, ...]:
        """Who is shown."""
        return self._readers

    def set_look(self, look: Look) -> None:
        """Take other fonts and colours."""
        self._look = look
        self.update()

    def show_readers(self, readers: tuple[Reader, ...]) -> None:
        """Show other people, or nobody."""
        self._readers = readers
        words = read_words(readers)
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setVisible(bool(readers))
        self.update()

    def place(self, right: int, y: int) -> int:
        """Stand there and return the height that is needed."""
        if not self._readers:
            return 0
        more = 26 if len(self._readers) > _MOST else 0
        width = _STEP * (min(len(self._readers), _MOST) - 1) + _SIDE + 4 + more
        self.setGeometry(right - width, y + 2, width, HEIGHT - 2)
        return HEIGHT

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self._look.tokens
        shown, rest = self._readers[:_MOST], len(self._readers) - _MOST
        x = float(self.width() - _SIDE - 2)
        if rest > 0:
            painter.setFont(self._look.small)
            painter.setPen(QColor(tokens.text_muted))
            painter.drawText(
                self.rect().adjusted(0, 0, -2, 0),
                int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                f"+{rest}",
            )
            x -= 26
        for each in reversed(shown):
            circle = QRectF(x, (self.height() - _SIDE) / 2, _SIDE, _SIDE)
            self._avatars.paint(
                painter, circle, each.avatar, each.name, each.user_id, tokens, self._look.name
            )
            painter.setPen(QPen(QColor(tokens.surface), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(circle)
            x -= _STEP
