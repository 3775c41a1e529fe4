"""Why a message was not sent, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QWidget

from chatdesk.language.door import N_, _
from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.timeline.look import GLYPH, Look

_BUTTON_GAP = 6

_ACTIONS = (
    ("retry", N_("Retry"), N_("Try to send the message again")),
    ("edit", N_("Edit"), N_("Put the text back into the composer")),
    ("discard", N_("Discard"), N_("Remove the message")),
)


class FailureBar(QWidget):
    """A red mark, the reason, and Retry / Edit / Discard; ``chosen(str)`` says which one."""

    chosen = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._reason = ""
        self._text = QRect()
        self._buttons: list[QPushButton] = []
        for name, _label, _hint in _ACTIONS:
            button = QPushButton(self)
            button.setProperty("look", "link")
            button.setFlat(True)
            button.setObjectName(name)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _checked=False, name=name: self.chosen.emit(name))
            self._buttons.append(button)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Take other fonts and colours."""
        self._look = look
        font = QFont(look.small)
        # As the style sheet has it, which is not asked again when only the size changes.
        font.setWeight(QFont.Weight.DemiBold)
        for button in self._buttons:
            button.setFont(font)
        self.update()

    def set_reason(self, reason: str) -> None:
        """Say why, in the language in use."""
        for button, (_name, label, hint) in zip(self._buttons, _ACTIONS, strict=True):
            button.setText(_(label))
            button.setAccessibleDescription(_(hint))
            button.setToolTip(_(hint))
        self._reason = reason or _("The message was not sent.")
        self.setAccessibleName(_("Not sent: {reason}").format(reason=self._reason))
        self.update()

    def lay_out(self, width: int) -> int:
        """Arrange everything right-aligned in ``width``; return the height."""
        self.ensurePolished()
        sizes: list[QSize] = []
        for button in self._buttons:
            button.ensurePolished()
            sizes.append(button.sizeHint())
        metrics = QFontMetrics(self._look.small)
        room = width - GLYPH - 6
        bounds = metrics.boundingRect(QRect(0, 0, room, 10_000), int(Qt.TextFlag.TextWordWrap), self._reason)
        self._text = QRect(width - bounds.width() - 1, 2, bounds.width() + 1, bounds.height())
        x = width
        top = self._text.bottom() + 3
        for button, size in zip(reversed(self._buttons), reversed(sizes), strict=True):
            x -= size.width() + (_BUTTON_GAP if x < width else 0)
            button.setGeometry(x, top, size.width(), size.height())
        return top + max(size.height() for size in sizes)

    def place(self, left: int, y: int, width: int) -> int:
        """Arrange everything and stand at ``y``; return where what follows begins."""
        tall = self.lay_out(width)
        self.setGeometry(left, y, width, tall)
        return y + tall

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        tokens = self._look.tokens
        middle = self._text.top() + self._look.small_height / 2
        spot = QRectF(self._text.left() - GLYPH - 6, middle - GLYPH / 2, GLYPH, GLYPH)
        paint_icon(painter, "alert", tokens.danger, spot)
        painter.setFont(self._look.small)
        painter.setPen(QColor(tokens.danger))
        painter.drawText(self._text, int(Qt.TextFlag.TextWordWrap), self._reason)
