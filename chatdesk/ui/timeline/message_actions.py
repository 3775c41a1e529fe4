"""The small buttons of a message, and the switch between its versions."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolButton, QWidget

from chatdesk.language.door import _
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.timeline.look import ACTIONS_HEIGHT, Look
from chatdesk.ui.timeline.offers import FACES, MessageAction
from chatdesk.ui.words import say

BUTTON = 28
_ARROW = 22
_ICON = 15
_GAP = 2
_WORD_GAP = 8
OWN_ACTIONS = 4 * (BUTTON + _GAP)
"""How wide the buttons of an own message become: copy, get a reply, edit, delete."""

STANDS_OUT = 20
"""How far they may stand out of the column, into the room beside it."""

OVERHANG = 7
"""How far the first button's empty rim stands out, so that its picture is in line with the text."""


class MessageActions(QWidget):
    """A line of buttons: ``‹ 2/3 ›`` for versions, then what can be done.

    Buttons in ``always`` have words and stay; the others show while ``revealed``, by the mouse over the
    message or the focus in it, and are not even made before. ``chosen(MessageAction)`` tells which was
    pressed.
    """

    chosen = Signal(object)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._buttons: dict[MessageAction, QToolButton] = {}
        self._offered: tuple[MessageAction, ...] = ()
        self._always: frozenset[MessageAction] = frozenset()
        self._versions: tuple[int, int] | None = None
        self._fresh = False
        self._revealed = False
        self._count = QRect()
        self._places: dict[MessageAction, QRect] = {}
        self.hints: dict[MessageAction, str] = {}
        """What the mouse over a button tells beyond its name."""
        say(self.setAccessibleName, "Actions")

    def offer(
        self,
        offered: tuple[MessageAction, ...],
        always: frozenset[MessageAction],
        versions: tuple[int, int] | None,
        fresh: bool,
    ) -> None:
        """Offer these; ``versions`` is (place from 0, count), ``fresh`` that one of them was not seen yet."""
        self._offered, self._always = offered, always
        self._versions, self._fresh = versions, fresh
        self._show()

    def reveal(self, revealed: bool) -> None:
        """Show or hide the buttons that are not there all the time."""
        if revealed != self._revealed:
            self._revealed = revealed
            self._show()

    def button(self, action: MessageAction) -> QToolButton | None:
        """Return the button of an action, if it is there now."""
        return self._buttons[action] if action in self._present() else None

    def chain(self) -> list[QToolButton]:
        """Return the buttons that are there now, in the order of the Tab key."""
        return [self._buttons[action] for action in self._present()]

    @property
    def focused(self) -> MessageAction | None:
        """The action whose button has the focus."""
        return next((action for action, button in self._buttons.items() if button.hasFocus()), None)

    @property
    def lasting(self) -> bool:
        """Whether something of this shows all the time, so that it needs a line of its own."""
        return self._versions is not None or self.worded

    def set_look(self, look: Look) -> None:
        """Take other fonts and colours."""
        self._look = look
        for action, button in self._buttons.items():
            self._dress(action, button)
        self.update()

    @property
    def worded(self) -> bool:
        """Whether there are buttons with words, which need more room."""
        return bool(self._always.intersection(self._offered))

    @property
    def height_needed(self) -> int:
        """The height of the line, with what keeps it apart from the next message."""
        return BUTTON + 10 if self.worded else ACTIONS_HEIGHT

    @property
    def button_height(self) -> int:
        """The height of the buttons themselves."""
        return BUTTON if self.worded else ACTIONS_HEIGHT

    def width_needed(self) -> int:
        """Return the width of everything that is offered."""
        gaps = sum(_WORD_GAP if action in self._always else _GAP for action, _ in self._widths())
        return sum(width for _, width in self._widths()) + gaps + self._count_width()

    def lay_out(self, at: QPoint, *, mirrored: bool = False) -> None:
        """Place everything from ``at`` to the right, or ``mirrored`` so that it ends there."""
        width = self.width_needed()
        tall = self.button_height
        self.setGeometry(at.x() - width if mirrored else at.x(), at.y(), width, tall)
        versions = [(action, _ARROW) for action in self._arrows()]
        others = [each for each in self._widths() if each[0] not in self._arrows()]
        # Words stand at the edge of the text, where they stay when the others come.
        others.sort(key=lambda each: (each[0] in self._always) == mirrored)
        x = 0
        self._places.clear()
        # The switch stands at the outer edge of the text, where it does not move when the buttons come.
        for action, wide in [*others, *versions] if mirrored else [*versions, *others]:
            self._places[action] = QRect(x, 0, wide, tall)
            x += wide + (_WORD_GAP if action in self._always else _GAP)
            if action is MessageAction.PREVIOUS:
                self._count = QRect(x, 0, self._count_width() - _GAP, tall)
                x += self._count_width()
        self._put()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._versions is None:
            return
        tokens = self._look.tokens
        painter = QPainter(self)
        painter.setFont(self._look.small)
        painter.setPen(QColor(tokens.accent if self._fresh else tokens.text_muted))
        painter.drawText(self._count, int(Qt.AlignmentFlag.AlignCenter), self._count_text())
        if self._fresh:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent))
            painter.drawEllipse(QRect(self._count.right() - 2, self._count.top() + 5, 5, 5))

    def _arrows(self) -> tuple[MessageAction, ...]:
        return (MessageAction.PREVIOUS, MessageAction.NEXT) if self._versions is not None else ()

    def _count_text(self) -> str:
        return "" if self._versions is None else f"{self._versions[0] + 1}/{self._versions[1]}"

    def _count_width(self) -> int:
        if self._versions is None:
            return 0
        return QFontMetrics(self._look.small).horizontalAdvance(self._count_text()) + 8 + _GAP

    def _widths(self) -> list[tuple[MessageAction, int]]:
        found = [(action, _ARROW) for action in self._arrows()]
        for action in self._offered:
            wide = self._made(action).sizeHint().width() if action in self._always else BUTTON
            found.append((action, wide))
        return found

    def _present(self) -> tuple[MessageAction, ...]:
        kept = (each for each in self._offered if self._revealed or each in self._always)
        return (*self._arrows(), *kept)

    def _made(self, action: MessageAction) -> QToolButton:
        button = self._buttons.get(action)
        if button is None:
            button = self._buttons[action] = QToolButton(self)
            button.setObjectName(action.value)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.setIconSize(QSize(_ICON, _ICON))
            button.clicked.connect(lambda _checked=False: self.chosen.emit(action))
            button.hide()
        self._dress(action, button)
        return button

    def _dress(self, action: MessageAction, button: QToolButton) -> None:
        face, worded = FACES[action], action in self._always
        look = "pill" if worded else "glyph"
        if button.property("look") != look:
            button.setProperty("look", look)
            button.style().polish(button)
        ink = self._look.tokens.text if worded else self._look.tokens.text_muted
        button.setIcon(icon(face.icon, ink))
        button.setText(_(face.word) if worded else "")
        button.setFont(self._look.small)
        style = Qt.ToolButtonStyle
        button.setToolButtonStyle(style.ToolButtonTextBesideIcon if worded else style.ToolButtonIconOnly)
        button.setAccessibleName(_(face.name))
        button.setToolTip(self.hints.get(action) or _(face.name))

    def _show(self) -> None:
        present = self._present()
        for action in present:
            self._made(action)
        for action, button in self._buttons.items():
            button.setVisible(action in present)
        if self._versions is not None:
            place, count = self._versions
            said = _("Version {place} of {count}").format(place=place + 1, count=count)
            for action, possible in (
                (MessageAction.PREVIOUS, place > 0),
                (MessageAction.NEXT, place < count - 1),
            ):
                self._buttons[action].setEnabled(possible)
                self._buttons[action].setAccessibleDescription(said)
        self._put()
        self.setVisible(bool(present))
        self.update()

    def _put(self) -> None:
        for action, place in self._places.items():
            if action in self._buttons:
                self._buttons[action].setGeometry(place)
