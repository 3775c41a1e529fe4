"""Writes tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextTableCellFormat

from chatdesk.ui.markdown.inline import InlineWriter
from chatdesk.ui.markdown.style import PARAGRAPH_GAP, MarkdownStyle
from chatdesk.ui.markdown.writer import LINE_SEPARATOR, BlockWriter

_ALIGNMENTS = {
    "text-align:left": Qt.AlignmentFlag.AlignLeft,
    "text-align:center": Qt.AlignmentFlag.AlignHCenter,
    "text-align:right": Qt.AlignmentFlag.AlignRight,
}


@dataclass(slots=True)
class Cell:
    """One cell as parsed."""

    alignment: Qt.AlignmentFlag
    content: str = ""


@dataclass(slots=True)
class Grid:
    """A table as parsed: its rows, the first one being the header, and the token after it."""

    rows: list[list[Cell]] = field(default_factory=list)
    end: int = 0


def read_grid(tokens: Sequence[Token], start: int) -> Grid:
    """Read the table whose ``table_open`` is at ``start``; a missing end is the end of the tokens."""
    grid = Grid()
    index = start
    while index < len(tokens) and tokens[index].type != "table_close":
        token = tokens[index]
        if token.type == "tr_open":
            grid.rows.append([])
        elif token.type in ("th_open", "td_open"):
            style = str(token.attrGet("style") or "")
            grid.rows[-1].append(Cell(_ALIGNMENTS.get(style, Qt.AlignmentFlag.AlignLeft)))
        elif token.type == "inline" and grid.rows and grid.rows[-1]:
            grid.rows[-1][-1].content = token.content
        index += 1
    grid.end = index
    return grid


class TableWriter:
    """Writes a parsed table; ``inline`` parses a cell's content, None when it must stay as it was typed."""

    def __init__(self, writer: BlockWriter, style: MarkdownStyle) -> None:
        self._writer = writer
        self._style = style
        self._inline = InlineWriter(style)

    def write(self, rows: Sequence[Sequence[tuple[Cell, Sequence[Token] | None]]], left: float) -> None:
        """Write ``rows`` of cells with their inline tokens; the first row is the header."""
        columns = max(len(row) for row in rows)
        look = self._style.table(columns)
        # Half of the outer border is drawn outside the table.
        look.setLeftMargin(left + 1)
        look.setTopMargin(self._writer.before_table(PARAGRAPH_GAP))
        table = self._writer.cursor.insertTable(len(rows), columns, look)
        header = QTextTableCellFormat()
        header.setBackground(QBrush(QColor(self._style.tokens.code_background)))
        for row, cells in enumerate(rows):
            base = self._style.bold() if row == 0 else self._style.plain
            for column, (cell, children) in enumerate(cells):
                place = table.cellAt(row, column)
                if row == 0:
                    place.setFormat(header)
                cursor = place.firstCursorPosition()
                block = QTextBlockFormat()
                block.setAlignment(cell.alignment)
                cursor.setBlockFormat(block)
                self._fill(cursor, cell, children, base)
        self._writer.after_table(PARAGRAPH_GAP)

    def _fill(
        self, cursor: QTextCursor, cell: Cell, children: Sequence[Token] | None, base: QTextCharFormat
    ) -> None:
        if children is None:
            cursor.insertText(cell.content.replace("\n", LINE_SEPARATOR), base)
            return

        def write(text: str, characters: QTextCharFormat) -> None:
            cursor.insertText(text.replace("\n", LINE_SEPARATOR), characters)

        self._inline.write(children, base, write)
