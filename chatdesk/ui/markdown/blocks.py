"""Tokens to blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it.token import Token
from PySide6.QtGui import QTextCharFormat

from chatdesk.ui.markdown.code import CodeWriter, language_of
from chatdesk.ui.markdown.inline import InlineWriter
from chatdesk.ui.markdown.parser import parse_inline
from chatdesk.ui.markdown.properties import BOX, BULLETS, TICKED_BOX, BlockProperty
from chatdesk.ui.markdown.style import LIST_GAP, LIST_INDENT, PARAGRAPH_GAP, QUOTE_INDENT, MarkdownStyle
from chatdesk.ui.markdown.tables import TableWriter, read_grid
from chatdesk.ui.markdown.writer import BlockWriter

_TASK = re.compile(r"\[([ xX])\]\s+")
_DIGIT_WIDTH = 8


@dataclass(slots=True)
class _List:
    """An open list: its next number (None for bullets) and the mark behind it."""

    number: int | None
    kind: str


@dataclass(frozen=True, slots=True)
class ListResume:
    """Where a list that was cut between two entries goes on."""

    kind: str
    number: int | None


@dataclass(frozen=True, slots=True)
class ParagraphResume:
    """A paragraph was cut between two of its lines and goes on."""


class BlockRenderer:
    """Writes the blocks of a token list; missing closing tokens are the end of the list."""

    def __init__(self, writer: BlockWriter, style: MarkdownStyle) -> None:
        self._writer = writer
        self._style = style
        self._inline = InlineWriter(style)
        self._code = CodeWriter(writer, style)
        self._tables = TableWriter(writer, style)
        self._reset(None, {})

    def _reset(self, resume: ListResume | ParagraphResume | None, references: dict[str, Any]) -> None:
        self._resume = resume
        self._references = references
        self._lists: list[_List] = []
        self._lefts: list[float] = [0.0]
        self._quotes: list[float] = []
        self._marker = ""

    def render(
        self,
        tokens: Sequence[Token],
        references: dict[str, Any],
        resume: ListResume | ParagraphResume | None = None,
        *,
        growing: bool = False,
    ) -> None:
        """Write ``tokens``; a list at their very start continues ``resume`` if it is of its kind.

        ``growing``: they will be written again with more text, so their colours may be behind.
        """
        self._reset(resume, references)
        self._code.growing = growing
        index = 0
        while index < len(tokens):
            token = tokens[index]
            match token.type:
                case "paragraph_open":
                    self._paragraph(tokens[index + 1])
                    index += 1
                case "heading_open":
                    self._heading(int(token.tag[1]), tokens[index + 1].content)
                    index += 1
                case "fence" | "code_block":
                    self._code.write(
                        token.content.rstrip("\n"),
                        language_of(token.info),
                        self._lefts[-1],
                        self._properties(),
                    )
                case "hr":
                    self._writer.block(
                        PARAGRAPH_GAP,
                        left=self._lefts[-1],
                        properties={**self._properties(), BlockProperty.RULE: True},
                    )
                case "bullet_list_open" | "ordered_list_open":
                    self._open_list(tokens, index)
                case "list_item_open":
                    self._open_entry()
                case "list_item_close":
                    self._close_entry()
                case "bullet_list_close" | "ordered_list_close":
                    self._lists.pop()
                    self._lefts.pop()
                case "blockquote_open":
                    self._quotes.append(self._lefts[-1])
                    self._lefts.append(self._lefts[-1] + QUOTE_INDENT)
                case "blockquote_close":
                    self._quotes.pop()
                    self._lefts.pop()
                case "table_open":
                    index = self._table(tokens, index)
            self._resume = None
            index += 1

    def plain(self, text: str, gap: float = PARAGRAPH_GAP, joined: bool = False) -> None:
        """Write ``text`` as it was typed."""
        self._writer.block(gap, properties={BlockProperty.JOINED: True} if joined else None, tight=joined)
        self._writer.text(text, self._style.plain)

    def _base(self) -> QTextCharFormat:
        return self._style.muted() if self._quotes else self._style.plain

    def _properties(self) -> dict[BlockProperty, object]:
        made: dict[BlockProperty, object] = {}
        if self._quotes:
            made[BlockProperty.QUOTE_DEPTH] = len(self._quotes)
            made[BlockProperty.QUOTE_LEFT] = int(self._quotes[0])
        if self._marker:
            made[BlockProperty.MARKER] = self._marker
            self._marker = ""
        return made

    def _paragraph(self, inline: Token) -> None:
        content = inline.content
        if self._marker and (task := _TASK.match(content)):
            self._marker = BOX if task.group(1) == " " else TICKED_BOX
            content = content[task.end() :]
        gap = LIST_GAP if self._lists else PARAGRAPH_GAP
        tight = isinstance(self._resume, ParagraphResume)
        self._writer.block(gap, left=self._lefts[-1], properties=self._properties(), tight=tight)
        self._write_inline(content, self._base())

    def _heading(self, level: int, content: str) -> None:
        look = self._style.heading(level)
        self._writer.block(
            PARAGRAPH_GAP + (6 if level <= 2 else 2),
            left=self._lefts[-1],
            properties=self._properties(),
            line_height=125.0,
            characters=look,
            gap_below=4,
        )
        self._write_inline(content, look)

    def _write_inline(self, content: str, base: QTextCharFormat) -> None:
        children = parse_inline(content, self._references)
        if children is None:
            self._writer.text(content, base)
        else:
            self._inline.write(children, base, self._writer.text)

    def _open_list(self, tokens: Sequence[Token], index: int) -> None:
        token = tokens[index]
        ordered = token.type == "ordered_list_open"
        number = int(token.attrGet("start") or 1) if ordered else None
        if isinstance(self._resume, ListResume) and self._resume.kind == token.markup:
            number = self._resume.number
        indent = float(LIST_INDENT)
        if ordered and number is not None:
            highest = number + _entries(tokens, index)
            indent += _DIGIT_WIDTH * max(0, len(str(highest)) - 2)
        self._lists.append(_List(number, token.markup))
        self._lefts.append(self._lefts[-1] + indent)

    def _open_entry(self) -> None:
        current = self._lists[-1]
        if current.number is None:
            depth = sum(1 for each in self._lists if each.number is None)
            self._marker = BULLETS[min(depth, len(BULLETS)) - 1]
        else:
            self._marker = f"{current.number}{current.kind}"
            current.number += 1

    def _close_entry(self) -> None:
        if self._marker:
            self._writer.block(LIST_GAP, left=self._lefts[-1], properties=self._properties())

    def _table(self, tokens: Sequence[Token], index: int) -> int:
        grid = read_grid(tokens, index)
        rows = [[(cell, parse_inline(cell.content, self._references)) for cell in row] for row in grid.rows]
        self._tables.write(rows, self._lefts[-1])
        return grid.end


def _entries(tokens: Sequence[Token], index: int) -> int:
    """Count the entries of the list that opens at ``index``."""
    level, count = tokens[index].level, 0
    for token in tokens[index + 1 :]:
        if token.level == level and token.nesting == -1:
            break
        count += token.type == "list_item_open" and token.level == level + 1
    return count


def cut_list(tokens: Sequence[Token]) -> tuple[int, ListResume] | None:
    """Find where a list can be cut before its last entry: the token there, and how the list goes on.

    None when ``tokens`` do not start with a list of two or more entries.
    """
    opener = tokens[0]
    if opener.type not in ("bullet_list_open", "ordered_list_open"):
        return None
    entries = [i for i, token in enumerate(tokens) if token.type == "list_item_open" and token.level == 1]
    if len(entries) < 2:
        return None
    number = None
    if opener.type == "ordered_list_open":
        number = int(opener.attrGet("start") or 1) + len(entries) - 1
    return entries[-1], ListResume(opener.markup, number)
