"""Puts blocks into a text document, and takes the unfinished end back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument

from chatdesk.ui.markdown.properties import BlockProperty
from chatdesk.ui.markdown.style import LINE_HEIGHT

# In a cursor's text a line end is a new block; this is a new line in the same block.
LINE_SEPARATOR = "\u2028"
NO_WIDTH = "\u200b"


@dataclass(frozen=True, slots=True)
class Seam:
    """Where finished blocks end: what is needed to go on from there as if nothing had followed."""

    position: int = 0
    unused_block: bool = True
    gap: float = 0
    skirt: float = 0
    format: QTextBlockFormat | None = None


class BlockWriter:
    """Appends blocks to ``document``; distances between blocks are kept as top margins.

    ``gap`` is the distance a block wants to its neighbours (the greater one counts), ``head`` and ``skirt``
    are room inside its own painted card, above and below its text.
    """

    def __init__(self, document: QTextDocument) -> None:
        self.document = document
        self.cursor = QTextCursor(document)
        self._unused_block = True
        self._gap = 0.0
        self._skirt = 0.0

    def seam(self) -> Seam:
        """Return the present end, to come back to it with ``cut``."""
        return Seam(
            self.cursor.position(), self._unused_block, self._gap, self._skirt, self.cursor.blockFormat()
        )

    def cut(self, seam: Seam) -> None:
        """Take away everything that was written after ``seam``."""
        self.cursor = QTextCursor(self.document)
        self.cursor.setPosition(seam.position)
        if not self.cursor.atEnd():
            self.cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            self.cursor.removeSelectedText()
        # Qt may leave the format of the block that went.
        look = seam.format or QTextBlockFormat()
        if self.cursor.blockFormat() != look:
            self.cursor.setBlockFormat(look)
        self._unused_block, self._gap, self._skirt = seam.unused_block, seam.gap, seam.skirt
        if seam.position == 0:
            self._pad_top(0)

    def block(
        self,
        gap: float,
        *,
        left: float = 0,
        right: float = 0,
        head: float = 0,
        skirt: float = 0,
        line_height: float = LINE_HEIGHT,
        alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        properties: Mapping[BlockProperty, object] | None = None,
        characters: QTextCharFormat | None = None,
        gap_below: float | None = None,
        tight: bool = False,
    ) -> None:
        """Begin a block after the last one; ``gap_below`` is its wish for the next one if that is another.

        ``tight``: the block goes on with what the last one began, so there is no distance between them.
        """
        made = QTextBlockFormat()
        made.setLeftMargin(left)
        made.setRightMargin(right)
        made.setAlignment(alignment)
        made.setLineHeight(line_height, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        for key, value in (properties or {}).items():
            made.setProperty(int(key), value)
        distance = 0 if tight else max(self._gap, gap)
        first = self._unused_block and self.cursor.position() == 0
        # Qt ignores the top margin of the very first block; the frame's counts.
        if first:
            self._pad_top(head)
        elif self._unused_block:
            self._space(distance + head)
        else:
            made.setTopMargin(self._skirt + distance + head)
        characters = characters or QTextCharFormat()
        if self._unused_block:
            self.cursor.setBlockFormat(made)
            self.cursor.setBlockCharFormat(characters)
        else:
            self.cursor.insertBlock(made, characters)
        self._unused_block, self._skirt = False, skirt
        self._gap = gap if gap_below is None else gap_below

    def text(self, text: str, characters: QTextCharFormat) -> None:
        """Write into the block that was begun last; line ends stay inside the block."""
        self.cursor.insertText(text.replace("\n", LINE_SEPARATOR), characters)

    def after_table(self, gap: float) -> None:
        """Go on in the empty block that Qt keeps after every table."""
        self.cursor = QTextCursor(self.document)
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        self._unused_block, self._gap, self._skirt = True, gap, 0.0

    def before_table(self, gap: float) -> float:
        """Make room above a table; return its top margin. Qt keeps an empty block above a first one."""
        if not self._unused_block:
            return self._skirt + max(self._gap, gap)
        self._space(self._gap if self.cursor.position() else 1)
        return 0.0

    @property
    def skirt(self) -> float:
        """The room that the last block's card needs below the document, as Qt ignores its bottom margin.

        Not a margin of the root frame: to change that lays the whole document out again.
        """
        return self._skirt

    def _space(self, room: float) -> None:
        """Use the block after a table as room below it: Qt ignores margins and empty blocks there."""
        made = QTextBlockFormat()
        made.setLineHeight(max(1.0, room), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        made.setProperty(int(BlockProperty.SPACER), True)
        self.cursor.setBlockFormat(made)
        if self.cursor.position():
            self.cursor.insertText(NO_WIDTH, QTextCharFormat())
        self._unused_block = False

    def _pad_top(self, head: float) -> None:
        frame = self.document.rootFrame()
        made = frame.frameFormat()
        if made.topMargin() != head:
            made.setTopMargin(head)
            frame.setFrameFormat(made)
