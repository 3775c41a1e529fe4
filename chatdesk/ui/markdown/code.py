"""Writes code blocks: coloured while short, in plain portions when long."""

from __future__ import annotations

from collections.abc import Mapping

from chatdesk.ui.markdown.highlight import GrowingColours, coloured_runs
from chatdesk.ui.markdown.properties import BlockProperty, CodePart
from chatdesk.ui.markdown.style import (
    CODE_LINE_HEIGHT,
    CODE_PADDING,
    PARAGRAPH_GAP,
    MarkdownStyle,
    code_header,
)
from chatdesk.ui.markdown.writer import BlockWriter

# pygments and Qt need about 20 ms for this much; longer code stays uncoloured.
COLOUR_LIMIT = 20_000


class CodeWriter:
    """Writes one code block as one text block, or as several that look like one."""

    def __init__(self, writer: BlockWriter, style: MarkdownStyle) -> None:
        self._writer = writer
        self._style = style
        self._growing = GrowingColours()
        self.growing = False
        """Whether what is written now will be written again, with more of it."""

    def write(
        self, code: str, language: str, left: float, properties: Mapping[BlockProperty, object]
    ) -> None:
        """Write a whole code block."""
        self._begin(CodePart.INSIDE | CodePart.FIRST | CodePart.LAST, left, language, properties)
        if len(code) > COLOUR_LIMIT:
            language = ""
        runs = self._growing.runs(code, language) if self.growing else coloured_runs(code, language)
        for run, colour in runs:
            self._writer.text(run, self._style.syntax(colour))

    def portion(self, code: str, language: str, *, first: bool, last: bool, joined: bool) -> None:
        """Write a part of a very long code block; ``joined`` when it goes on in the middle of a line."""
        part = CodePart.INSIDE
        if first:
            part |= CodePart.FIRST
        if last:
            part |= CodePart.LAST
        properties = {BlockProperty.JOINED: True} if joined else {}
        self._begin(part, 0, language if first else "", properties)
        self._writer.text(code, self._style.code)

    def _begin(
        self, part: CodePart, left: float, language: str, properties: Mapping[BlockProperty, object]
    ) -> None:
        first = bool(part & CodePart.FIRST)
        self._writer.block(
            PARAGRAPH_GAP if first else 0,
            left=left + CODE_PADDING,
            right=CODE_PADDING,
            head=code_header(self._style.code_font) if first else 0,
            skirt=CODE_PADDING if part & CodePart.LAST else 0,
            line_height=CODE_LINE_HEIGHT,
            properties={
                **properties,
                BlockProperty.CODE: int(part),
                **({BlockProperty.LANGUAGE: language} if first else {}),
            },
            characters=self._style.code,
        )


def language_of(fence_words: str) -> str:
    """Return the language a fence names, "" for none."""
    words = fence_words.split()
    return words[0].strip("{}.").split(",")[0] if words else ""
