"""The way back to the newest message."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from chatdesk.language.door import _, ngettext
from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.timeline.look import Look
from chatdesk.ui.words import retell, say

_SIDE = 38
_MARGIN = 4


class _Pill(QAbstractButton):
    """A raised pill with an icon, and words beside it."""

    def __init__(self, look: Look, icon: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._icon = icon
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def set_look(self, look: Look) -> None:
        """Take other fonts and colours."""
        self._look = look
        self.resize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        text = QFontMetrics(self._look.small).horizontalAdvance(self._label())
        return QSize(_SIDE + (text + 10 if text else 0) + 2 * _MARGIN, _SIDE + 2 * _MARGIN)

    def _label(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pill = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN - 1, -_MARGIN, -_MARGIN - 1)
        painter.setPen(Qt.PenStyle.NoPen)
        for spread in (3, 2, 1):
            painter.setBrush(QColor(0, 0, 0, 26 if tokens.dark else 10))
            shade = pill.adjusted(-spread, -spread + 1, spread, spread + 1)
            painter.drawRoundedRect(shade, shade.height() / 2, shade.height() / 2)
        ring = tokens.focus if self.hasFocus() else tokens.border
        painter.setPen(QPen(QColor(ring), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(tokens.hover if self.underMouse() else tokens.raised))
        painter.drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), pill.height() / 2, pill.height() / 2)
        side = 18.0
        left = pill.left() + (_SIDE - side) / 2
        spot = QRectF(left, pill.center().y() - side / 2, side, side)
        paint_icon(painter, self._icon, tokens.text, spot)
        if label := self._label():
            painter.setFont(self._look.small)
            painter.setPen(QColor(tokens.accent))
            text = QRectF(left + side + 6, pill.top(), pill.width(), pill.height())
            painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter), label)


class UnreadButton(_Pill):
    """The way up to the first unread message."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, "chevron-up", parent)
        say(self.setToolTip, "Go to the first unread message")
        say(self.setAccessibleName, "Go to the first unread message")

    def _label(self) -> str:
        return _("New messages")


class JumpButton(_Pill):
    """A round button with an arrow, and a badge that counts the messages that came meanwhile."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, "arrow-down", parent)
        self._count = 0
        say(self.setToolTip, "Jump to the newest message")
        retell(self._retell)
        self.set_count(0)

    @property
    def count(self) -> int:
        """How many messages came."""
        return self._count

    def stand(self, room: QSize, shown: bool) -> None:
        """Stand at the bottom of a view of this size, or go."""
        self.setVisible(shown)
        if shown:
            self.move((room.width() - self.width()) // 2, room.height() - self.height() - 12)
            self.raise_()

    def set_count(self, count: int) -> None:
        """Say how many messages came."""
        self._count = count
        name = _("Jump to the newest message")
        self.setAccessibleName(f"{name}, {self._label()}" if count else name)
        self.resize(self.sizeHint())
        self.update()

    def _retell(self) -> None:
        self.set_count(self._count)

    def _label(self) -> str:
        if not self._count:
            return ""
        count = "99+" if self._count > 99 else str(self._count)
        return ngettext("{count} new", "{count} new", self._count).format(count=count)
