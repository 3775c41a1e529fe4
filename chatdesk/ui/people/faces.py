"""The others who look at the open conversation, in its header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from chatdesk.domain.presence import Attention
from chatdesk.language.door import _
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.avatars import Avatars
from chatdesk.ui.words import retell

MOST = 4
_SIDE = 26
_STEP = 22
_DOT = 9
_MORE = 30
_EDGE = 3


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody with the key of their picture, "" for none."""

    user_id: str
    name: str
    avatar: str
    attention: Attention

    @property
    def words(self) -> str:
        """The name and whether they are at it."""
        shape = _("{name}, here now") if self.attention is Attention.ONLINE else _("{name}, idle")
        return shape.format(name=self.name)


class Faces(QWidget):
    """Round pictures with a dot: filled for somebody who is at it, hollow for somebody who is idle.

    Names are in the tool tip of each, and all of them in that of the number behind the fourth and for a
    screen reader. Nobody: hidden.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._avatars = Avatars()
        self._faces: tuple[Face, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        retell(self._speak)
        self.hide()

    @property
    def faces(self) -> tuple[Face, ...]:
        """Who is shown."""
        return self._faces

    def set_picture(self, key: str, picture: QImage) -> None:
        """Show ``picture`` for whoever has this key."""
        self._avatars.put(key, picture)
        self.update()

    def show_faces(self, faces: Sequence[Face]) -> None:
        """Show these people, in this order."""
        if tuple(faces) == self._faces:
            return
        self._faces = tuple(faces)
        self._speak()
        self.setFixedSize(self.sizeHint())
        self.setVisible(bool(faces))
        self.update()

    def sizeHint(self) -> QSize:
        shown = min(len(self._faces), MOST)
        more = _MORE if len(self._faces) > MOST else 0
        return QSize(_STEP * max(0, shown - 1) + _SIDE + 2 * _EDGE + more, _SIDE + 2 * _EDGE)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = (event.pos().x() - _EDGE) // _STEP
            one = self._faces[place].words if place < min(len(self._faces), MOST) else self._everybody()
            QToolTip.showText(event.globalPos(), one, self)
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), self._everybody(), self)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), self._theme.tokens
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, face in reversed(list(enumerate(self._faces[:MOST]))):
            circle = QRectF(_EDGE + place * _STEP, _EDGE, _SIDE, _SIDE)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.surface))
            painter.drawEllipse(circle.adjusted(-2, -2, 2, 2))
            painter.setOpacity(1.0 if face.attention is Attention.ONLINE else 0.6)
            self._avatars.paint(painter, circle, face.avatar, face.name, face.user_id, tokens, painter.font())
            painter.setOpacity(1.0)
        for place, face in enumerate(self._faces[:MOST]):
            middle = QPointF(_EDGE + place * _STEP + _SIDE - 5, _EDGE + _SIDE - 3)
            paint_dot(painter, self._theme, middle, face.attention)
        if len(self._faces) > MOST:
            painter.setPen(QColor(tokens.text_muted))
            flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(self.rect().adjusted(0, 0, -_EDGE, 0), flags, f"+{len(self._faces) - MOST}")
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.focus), 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)

    def _everybody(self) -> str:
        return "\n".join(face.words for face in self._faces)

    def _speak(self) -> None:
        names = "; ".join(face.words for face in self._faces)
        self.setAccessibleName(_("Also in this chat: {people}").format(people=names) if names else "")


def paint_dot(painter: QPainter, theme: Theme, middle: QPointF, attention: Attention | None) -> None:
    """Paint whether somebody is at it (filled), idle (hollow) or offline (grey and hollow)."""
    tokens = theme.tokens
    ink = QColor(tokens.text_muted if attention is None else tokens.success)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.surface))
    painter.drawEllipse(middle, _DOT / 2 + 1.5, _DOT / 2 + 1.5)
    painter.setPen(QPen(ink, 2))
    painter.setBrush(ink if attention is Attention.ONLINE else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(middle, _DOT / 2 - 1, _DOT / 2 - 1)
