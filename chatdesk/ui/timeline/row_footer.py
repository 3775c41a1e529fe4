"""The lines below a message's text: why there is no whole reply, and what its model did not read."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter

from chatdesk.domain.message import MessageStatus, Role
from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.timeline.content import RowContent
from chatdesk.ui.timeline.look import GLYPH, Look

_WRAP = int(Qt.TextFlag.TextWordWrap)
_GLYPH_GAP = 8
_ABOVE = 8
_BELOW = 3


@dataclass(frozen=True, slots=True)
class _Line:
    icon: str
    colour: str
    text: str
    place: QRect


class RowFooter:
    """Places and paints what stands below a text; each line has a picture before it."""

    def __init__(self) -> None:
        self.lines: tuple[_Line, ...] = ()
        """What is shown, where it was placed."""

    def place(self, look: Look, content: RowContent, left: int, top: int, width: int) -> int:
        """Arrange the lines from ``top``, on the side of the text; return where what follows begins."""
        found = []
        for icon, colour, text in _lines(look, content):
            room = QRect(0, 0, width - GLYPH - _GLYPH_GAP, 10_000)
            bounds = QFontMetrics(look.small).boundingRect(room, _WRAP, text)
            x = left + width - bounds.width() - 1 if content.own else left + GLYPH + _GLYPH_GAP
            place = QRect(x, top + _ABOVE, bounds.width() + 1, bounds.height())
            found.append(_Line(icon, colour, text, place))
            top = place.bottom() + _BELOW
        self.lines = tuple(found)
        return top

    def paint(self, painter: QPainter, look: Look) -> None:
        """Paint the lines where they were placed."""
        painter.setFont(look.small)
        for line in self.lines:
            middle = line.place.top() + look.small_height / 2
            spot = QRectF(line.place.left() - GLYPH - _GLYPH_GAP, middle - GLYPH / 2, GLYPH, GLYPH)
            paint_icon(painter, line.icon, line.colour, spot)
            painter.setPen(QColor(line.colour))
            painter.drawText(line.place, _WRAP, line.text)


def _lines(look: Look, content: RowContent) -> list[tuple[str, str, str]]:
    found = []
    if content.left_out_line:
        found.append(("info", look.tokens.text_muted, content.left_out_line))
    if content.status_line:
        broken = content.status is MessageStatus.ERROR or content.role is Role.USER
        colour = look.tokens.danger if broken else look.tokens.warning
        found.append(("alert" if broken else "stop", colour, content.status_line))
    return found
