"""Fonts, distances and colours of the timeline."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontMetrics

from chatdesk.ui.markdown.decorations import DecorationPainter
from chatdesk.ui.markdown.style import MarkdownStyle
from chatdesk.ui.theme.fonts import code_font, scaled
from chatdesk.ui.theme.tokens import Tokens

COLUMN = 720
SIDE_ROOM = 24
AVATAR = 28
AVATAR_GAP = 12
BUBBLE_SHARE = 0.82
BUBBLE_X = 14
# The line height leaves its slack below the last line, so a bubble has more room above.
BUBBLE_TOP = 12
BUBBLE_BOTTOM = 6
BUBBLE_RADIUS = 16
GLYPH = 14
GROUP_GAP = 14
ROW_GAP = 6
DAY_HEIGHT = 44
UNREAD_HEIGHT = 34
ACTIONS_HEIGHT = 24


class Look:
    """Everything rows need to paint themselves; made anew when the theme or the font changes."""

    def __init__(self, font: QFont, tokens: Tokens, *, times: bool = True) -> None:
        code = code_font()
        code.setPointSizeF(font.pointSizeF() * 0.92)
        self.tokens = tokens
        self.times = times
        self.text = MarkdownStyle(font, code, tokens)
        self.decorations = DecorationPainter(self.text)
        self.font = font
        self.small = scaled(font, 0.86)
        self.name = scaled(font, 0.93, QFont.Weight.DemiBold)
        self.heading_height = QFontMetrics(self.name).height() + 5
        self.small_height = QFontMetrics(self.small).height()
        self.line_height = round(QFontMetrics(font).height() * 1.4)
        self.char_width = max(1.0, QFontMetrics(font).averageCharWidth())

    def guess(self, length: int, lines: int, width: int) -> int:
        """Guess the height of a row from the length and the line count of its text."""
        per_line = max(10, int(width / self.char_width))
        return (
            (length // per_line + lines + 1) * self.line_height
            + BUBBLE_TOP
            + BUBBLE_BOTTOM
            + self.heading_height
            + GROUP_GAP
        )
