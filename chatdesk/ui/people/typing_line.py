"""Who is typing, above the composer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QWidget

from chatdesk.language.door import _
from chatdesk.ui.elided_label import ElidedLabel
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.metrics import COLUMN, MARGIN
from chatdesk.ui.words import retell


def typing_words(names: Sequence[str]) -> str:
    """Say who is typing, "" for nobody."""
    if not names:
        return ""
    if len(names) == 1:
        return _("{name} is typing…").format(name=names[0])
    if len(names) == 2:
        return _("{first} and {second} are typing…").format(first=names[0], second=names[1])
    return _("Several people are typing…")


class TypingLine(QWidget):
    """One quiet line that keeps its room in a shared conversation, so that nothing jumps when it speaks.

    A screen reader finds it but is told nothing: somebody who begins and ends again and again must not
    interrupt whoever listens to a message.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self.label = ElidedLabel()
        self.label.setProperty("look", "muted")
        self.label.setMaximumWidth(COLUMN)
        sized(self.label, 0.88)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN + 14, 0, MARGIN, 0)
        row.addStretch(1)
        row.addWidget(self.label, 1000)
        row.addStretch(1)
        retell(self._speak)
        self.keep_room(False)

    def keep_room(self, kept: bool) -> None:
        """Be there, even without a word, or not at all."""
        self.setVisible(kept)
        self._speak()

    def show_names(self, names: Sequence[str]) -> None:
        """Say that these people are typing."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            self._speak()

    def _speak(self) -> None:
        words = " ".join(typing_words(self._names).split())
        # An empty label would give up its height.
        self.label.setText(words or " ")
        self.label.setAccessibleName(words)
