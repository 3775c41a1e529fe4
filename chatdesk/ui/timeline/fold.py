"""Very long messages show their beginning until somebody asks for all of them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from chatdesk.language.door import _
from chatdesk.ui.timeline.look import Look
from chatdesk.ui.words import number

LONG = 40_000
"""Longer texts are folded: laying out a megabyte takes seconds, in pieces between which the window lives."""

SHOWN = 12_000
"""How much of a folded text is shown, cut at the end of a line if one is near."""

_NEAR = 2_000


def beginning(text: str) -> str:
    """Return what is shown of a folded text."""
    cut = text.rfind("\n", SHOWN - _NEAR, SHOWN)
    return text[: cut if cut >= 0 else SHOWN]


class UnfoldButton(QPushButton):
    """Offers the rest of a folded text."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("look", "link")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Take another font."""
        self.setFont(look.name)

    def place(self, left: int, top: int, length: int) -> int:
        """Stand at this place and say how long the whole text is; return the first pixel below."""
        self.setText(_("Show all {count} characters").format(count=number(length)))
        self.adjustSize()
        self.move(QPoint(left, top))
        self.show()
        return top + self.height()
