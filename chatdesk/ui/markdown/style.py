"""Fonts, colours and distances of rendered Markdown."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QTextCharFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTableFormat,
)

from chatdesk.ui.theme.fonts import scaled
from chatdesk.ui.theme.tokens import Tokens

PARAGRAPH_GAP = 10
LIST_GAP = 4
LIST_INDENT = 26
QUOTE_INDENT = 16
CODE_PADDING = 12
CODE_HEADER = 30
CODE_HEADER_MOST = 60
LINE_HEIGHT = 140.0
CODE_LINE_HEIGHT = 130.0

_HEADING_FACTORS = (1.0, 1.5, 1.28, 1.12, 1.0, 1.0, 1.0)


def code_header(font: QFont) -> int:
    """Return the height of the line above code in ``font``, which names its language."""
    return min(max(CODE_HEADER, QFontMetrics(font).height() + 12), CODE_HEADER_MOST)


class MarkdownStyle:
    """Formats for one font and one table of colours; made anew when either changes."""

    def __init__(self, font: QFont, code_font: QFont, tokens: Tokens) -> None:
        self.font = font
        self.code_font = code_font
        self.tokens = tokens
        self.plain = QTextCharFormat()
        self.code = QTextCharFormat()
        self.code.setFont(code_font)
        self.small_font = scaled(font, 0.86)
        self._syntax = lru_cache(maxsize=None)(self._make_syntax)

    def heading(self, level: int) -> QTextCharFormat:
        """Return the characters of a heading of ``level`` 1 to 6."""
        made = QTextCharFormat()
        made.setFontWeight(QFont.Weight.DemiBold)
        made.setFontPointSize(self.font.pointSizeF() * _HEADING_FACTORS[level])
        if level >= 6:
            made.setForeground(QColor(self.tokens.text_muted))
        return made

    def bold(self) -> QTextCharFormat:
        """Return strong characters."""
        made = QTextCharFormat()
        made.setFontWeight(QFont.Weight.DemiBold)
        return made

    def muted(self) -> QTextCharFormat:
        """Return the characters of a quote."""
        made = QTextCharFormat()
        made.setForeground(QColor(self.tokens.text_muted))
        return made

    def inline_code(self, around: QTextCharFormat) -> QTextCharFormat:
        """Return code inside text that looks like ``around``."""
        made = QTextCharFormat(around)
        size = around.fontPointSize() or self.font.pointSizeF()
        made.setFontFamilies(self.code_font.families())
        made.setFontFixedPitch(True)
        made.setFontPointSize(size * 0.93)
        made.setBackground(QColor(self.tokens.code_inline))
        return made

    def link(self, around: QTextCharFormat, address: str) -> QTextCharFormat:
        """Return a link to ``address`` inside text that looks like ``around``."""
        made = QTextCharFormat(around)
        made.setAnchor(True)
        made.setAnchorHref(address)
        made.setForeground(QColor(self.tokens.link))
        made.setFontUnderline(True)
        return made

    def syntax(self, colour: str) -> QTextCharFormat:
        """Return code in the theme colour called ``colour``; "" is the plain one."""
        return self._syntax(colour)

    def _make_syntax(self, colour: str) -> QTextCharFormat:
        made = QTextCharFormat(self.code)
        if colour:
            made.setForeground(QColor(getattr(self.tokens, colour)))
            if colour == "syntax_comment":
                made.setFontItalic(True)
        return made

    def table(self, columns: int) -> QTextTableFormat:
        """Return the frame of a table."""
        made = QTextTableFormat()
        made.setCellPadding(7)
        made.setCellSpacing(0)
        made.setBorder(1)
        made.setBorderCollapse(True)
        made.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        made.setBorderBrush(QColor(self.tokens.border))
        made.setHeaderRowCount(1)
        made.setColumnWidthConstraints([QTextLength() for _ in range(columns)])
        return made
