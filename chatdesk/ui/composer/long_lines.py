"""Very long lines in the text field: broken into pieces for Qt, whole again for everybody else.

Qt lays out a line of text anew, all of it, for each letter typed in it: a second at a megabyte. So a long
line is put in pieces, each a block of its own, with a joint at the end of a piece: characters that are not
seen and that nobody types. They are text, so they go through undo, cut and paste like any other.
"""

from __future__ import annotations

from PySide6.QtGui import QTextCursor, QTextDocument

JOINT = "\u2060\ufeff\u2060"
"""Three characters without width; together they stand in no language."""

LONGEST = 20_000
"""Lines up to this length are left as they are."""

PIECE = 4_000

# QTextDocument's own separators: block, line, and the marks around embedded frames.
_SEPARATORS = str.maketrans({"\u2029": "\n", "\u2028": "\n", "\ufdd0": "\n", "\ufdd1": "\n"})


def broken(text: str) -> str:
    """Return ``text`` with joints in its long lines; one that holds a joint itself is left as it is."""
    if len(text) <= LONGEST or JOINT in text:
        return text
    return "\n".join(map(_pieces, text.split("\n")))


def _pieces(line: str) -> str:
    if len(line) <= LONGEST:
        return line
    return f"{JOINT}\n".join(line[at : at + PIECE] for at in range(0, len(line), PIECE))


def mended(raw: str) -> str:
    """Return what was written from what a document or a cursor holds.

    A joint whose line end was deleted joins nothing any more and goes as well.
    """
    text = raw.translate(_SEPARATORS)
    return text.replace(f"{JOINT}\n", "").replace(JOINT, "") if JOINT in text else text


def outside(document: QTextDocument, position: int, forward: bool) -> int:
    """Return the place beside a joint for one within it or behind it, where nobody may write.

    What is written between a joint and its line end would make a line of what follows.
    """
    block = document.findBlock(position)
    begin = block.position() + block.length() - 1 - len(JOINT)
    if position <= begin or not block.text().endswith(JOINT) or not block.next().isValid():
        return position
    return block.next().position() if forward else begin


def step_over(cursor: QTextCursor, forward: bool) -> None:
    """Bring a cursor that is about to delete a character over the joint that is in its way."""
    block = cursor.block()
    at, text = cursor.position(), block.text()
    if forward:
        if text.endswith(JOINT) and at == block.position() + block.length() - 1 - len(JOINT):
            cursor.movePosition(QTextCursor.MoveOperation.NextBlock)
    elif at == block.position() and block.previous().text().endswith(JOINT):
        cursor.setPosition(at - 1 - len(JOINT))
