"""What is known of a reply beside its text: its model, what it read and wrote, how long it took."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from chatdesk.domain.usage import Usage
from chatdesk.language.door import _, ngettext
from chatdesk.ui.round_corners import RoundCorners
from chatdesk.ui.words import number

Fact = tuple[str, str]


def tokens(count: int) -> str:
    """Return a number of tokens in words."""
    return ngettext("{count} token", "{count} tokens", count).format(count=number(count))


def facts_of(model: str, usage: Usage, left_out: str) -> list[Fact]:
    """Return names and values, in the language in use; nothing is said that nobody told."""
    found: list[Fact] = [(_("Model"), model)] if model else []
    if usage.read is not None:
        cached = _("{count} of them from its cache").format(count=number(usage.cached or 0))
        found.append((_("Read"), f"{tokens(usage.read)}, {cached}" if usage.cached else tokens(usage.read)))
    if usage.written is not None:
        thought = _("{count} of them for thinking").format(count=number(usage.thought or 0))
        told = tokens(usage.written)
        found.append((_("Written"), f"{told}, {thought}" if usage.thought else told))
    if usage.total is not None and usage.read is None and usage.written is None:
        found.append((_("Together"), tokens(usage.total)))
    if usage.seconds is not None:
        found.append((_("Time"), _("{seconds} seconds").format(seconds=number(usage.seconds))))
    if left_out:
        found.append((_("Left out"), left_out))
    return found


def summary_of(facts: Sequence[Fact]) -> str:
    """Return the facts as lines for a tooltip."""
    return "\n".join(f"{name}: {value}" for name, value in facts)


class MessageDetails(QWidget):
    """A small window beside a reply; Escape or a click elsewhere closes it.

    The frame is a widget inside: Qt paints no style sheet background on a translucent window itself.
    """

    def __init__(self, facts: Sequence[Fact], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("messageDetails")
        self.setAccessibleName(_("Details of the reply"))
        self.setAccessibleDescription(summary_of(facts))
        RoundCorners(self, 10)
        title = QLabel(_("Details of the reply"))
        title.setProperty("look", "title")
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self.values: dict[str, QLabel] = {}
        for row, (name, value) in enumerate(facts):
            label, said = QLabel(name), QLabel(value)
            label.setProperty("look", "muted")
            flags = Qt.TextInteractionFlag
            said.setTextFormat(Qt.TextFormat.PlainText)
            said.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
            said.setWordWrap(len(value) > 40)
            said.setAccessibleName(name)
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(said, row, 1)
            self.values[name] = said
        frame = QFrame()
        frame.setProperty("look", "popover")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        column = QVBoxLayout(frame)
        column.setContentsMargins(18, 14, 18, 16)
        column.setSpacing(10)
        column.addWidget(title)
        column.addLayout(grid)

    def open_at(self, anchor: QRect) -> None:
        """Show it above ``anchor``, a place on the screen, or below it where there is no room."""
        self.adjustSize()
        room = self.screen().availableGeometry()
        x = max(room.left() + 4, min(anchor.left(), room.right() - self.width() - 4))
        y = anchor.top() - self.height() - 6
        self.move(QPoint(x, y if y >= room.top() else anchor.bottom() + 6))
        self.show()
        first = next(iter(self.values.values()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)
