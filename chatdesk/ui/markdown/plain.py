"""What a selection means as plain text."""

from __future__ import annotations

from PySide6.QtGui import QTextCursor

from chatdesk.ui.markdown.properties import BOX, TICKED_BOX, BlockProperty

_TYPED = {BOX: "[ ]", TICKED_BOX: "[x]"}


def selected_text(cursor: QTextCursor) -> str:
    """Return the selected text with list marks, tabs between table cells, and no line ends of our making."""
    start, end = cursor.selectionStart(), cursor.selectionEnd()
    document = cursor.document()
    block = document.findBlock(start)
    pieces: list[str] = []
    row: tuple[object, int] | None = None
    while block.isValid() and (block.position() < end or not pieces):
        look = block.blockFormat()
        if look.property(BlockProperty.SPACER):
            block = block.next()
            continue
        table = QTextCursor(block).currentTable()
        here = (table, table.cellAt(block.position()).row()) if table is not None else None
        if pieces and not look.property(BlockProperty.JOINED):
            pieces.append("\t" if here is not None and here == row else "\n")
        row = here
        marker = look.property(BlockProperty.MARKER)
        if marker and block.position() >= start and pieces:
            pieces.append(f"{_TYPED.get(str(marker), marker)} ")
        begin = max(0, start - block.position())
        pieces.append(
            block.text()[_units(block.text(), begin) : _units(block.text(), end - block.position())]
        )
        block = block.next()
    return "".join(pieces).replace("\u2028", "\n").replace("\xa0", " ")


def _units(text: str, units: int) -> int:
    """Convert a place counted in UTF-16 units, as Qt counts, to one counted in characters."""
    if text.isascii() or units <= 0:
        return max(0, units)
    place = 0
    for place, character in enumerate(text):
        if units <= 0:
            return place
        units -= 2 if ord(character) > 0xFFFF else 1
    return place + 1
