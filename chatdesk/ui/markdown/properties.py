"""What ChatDesk writes on text blocks beside Qt's own properties."""

from __future__ import annotations

from enum import IntEnum, IntFlag

from PySide6.QtGui import QTextFormat


class BlockProperty(IntEnum):
    """Keys of ``QTextBlockFormat.property``; painted by ``decorations``, read by ``plain``."""

    MARKER = QTextFormat.Property.UserProperty + 1
    """str: what stands before a list entry: a bullet, a number, a box."""

    QUOTE_DEPTH = QTextFormat.Property.UserProperty + 2
    """int: how many quotes the block is in."""

    QUOTE_LEFT = QTextFormat.Property.UserProperty + 3
    """int: where the bar of the outermost quote stands, in pixels."""

    CODE = QTextFormat.Property.UserProperty + 4
    """int: ``CodePart`` flags."""

    LANGUAGE = QTextFormat.Property.UserProperty + 5
    """str: the word after the fence, on the first block of a code block."""

    RULE = QTextFormat.Property.UserProperty + 6
    """bool: a horizontal rule; the block has no text."""

    JOINED = QTextFormat.Property.UserProperty + 7
    """bool: continues the line of the block before, which was too long to lay out in one go."""

    SPACER = QTextFormat.Property.UserProperty + 8
    """bool: only keeps a distance; its text is not the message's."""


class CodePart(IntFlag):
    """Which part of a code block a text block is; a short one is all of it."""

    INSIDE = 1
    FIRST = 2
    LAST = 4


BULLETS = ("•", "◦", "▪")
BOX, TICKED_BOX = "☐", "☑"
