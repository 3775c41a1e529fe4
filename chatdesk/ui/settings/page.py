"""What every page of the settings window is made of: a heading, cards and rows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import say

_WIDEST = 620
_LABEL = 210


class Row(QWidget):
    """A text with a hint on the left and a control on the right, or below where there is no room beside."""

    def __init__(self, theme: Theme, text: str, control: QWidget, hint: str = "") -> None:
        super().__init__()
        self._theme = theme
        self._control = control
        self.label = plain_label()
        say(self.label.setText, text)
        self.label.setBuddy(control)
        self.hint = plain_label("muted")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.label)
        words.addWidget(self.hint)
        self.hint.setVisible(bool(hint))
        if hint:
            say(self.hint.setText, hint)
            say(control.setAccessibleDescription, hint)
        if not control.accessibleName():
            say(control.setAccessibleName, text)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(16, 12, 16, 12)
        self._line.setSpacing(12)
        self._line.addLayout(words, 1)
        self._line.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() - self._control.sizeHint().width() - 44 >= self._theme.px(_LABEL)
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._line.direction() != direction:
            self._line.setDirection(direction)
            side = Qt.AlignmentFlag.AlignVCenter if beside else Qt.AlignmentFlag.AlignLeft
            self._line.setAlignment(self._control, side)


class Fact(QWidget):
    """A value under its quiet caption, or above it; for what is only told."""

    def __init__(self, value: QLabel, caption: str, *, above: bool = False) -> None:
        super().__init__()
        self.caption = plain_label("muted")
        say(self.caption.setText, caption)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(2)
        for widget in (value, self.caption) if above else (self.caption, value):
            column.addWidget(widget)


class Card(QFrame):
    """A frame around rows, with a line between them."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)

    def add(self, widget: QWidget) -> None:
        """Put ``widget`` below what is there."""
        if self.column.count():
            line = QFrame()
            line.setProperty("look", "line")
            line.setFixedHeight(1)
            self.column.addWidget(line)
        self.column.addWidget(widget)


class Page(QScrollArea):
    """One page under its heading; it scrolls up and down only."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setObjectName("settingsPage")
        centred = QBoxLayout(QBoxLayout.Direction.LeftToRight, inside)
        centred.setContentsMargins(28, 24, 28, 28)
        self._body = QWidget()
        self.column = QVBoxLayout(self._body)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)
        centred.addWidget(self._body, 1000, Qt.AlignmentFlag.AlignTop)
        centred.addStretch(1)
        heading = QLabel()
        sized(heading, 1.4, QFont.Weight.DemiBold)
        say(heading.setText, title)
        say(self.setAccessibleName, title)
        self.column.addWidget(heading)
        self.column.addSpacing(6)
        self.setWidget(inside)
        self._fit()
        theme.changed.connect(self._fit)

    def section(self, title: str) -> None:
        """Begin a part of the page under a heading of its own."""
        head = plain_label("title")
        say(head.setText, title)
        self.column.addSpacing(10)
        self.column.addWidget(head)

    def note(self, text: str) -> None:
        """Add a quiet paragraph."""
        said = plain_label("muted")
        say(said.setText, text)
        self.column.addWidget(said)

    def card(self) -> Card:
        """Add a frame for rows."""
        made = Card()
        self.column.addWidget(made)
        return made

    def _fit(self) -> None:
        self._body.setMaximumWidth(self.theme.px(_WIDEST))


def plain_label(look: str = "") -> QLabel:
    """Return a label that shows its text as it is and wraps it."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if look:
        label.setProperty("look", look)
    return label


def value_label(*, by_keyboard: bool = True) -> QLabel:
    """Return a label for a value to be copied by mouse, and ``by_keyboard``, which reaches it then."""
    label = plain_label("value")
    label.setIndent(0)  # Qt indents the text of a label with a border
    flags = Qt.TextInteractionFlag
    if by_keyboard:
        label.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
        label.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    else:
        label.setTextInteractionFlags(flags.TextSelectableByMouse)
    return label
