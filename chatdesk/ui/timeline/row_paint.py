"""What a row paints itself, as functions of a place and a look."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from chatdesk.domain.message import DeliveryState, Role
from chatdesk.language.door import N_, _
from chatdesk.ui.people.readers import read_words
from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.timeline.avatars import Avatars
from chatdesk.ui.timeline.content import NEW_MESSAGES, RowContent
from chatdesk.ui.timeline.look import BUBBLE_RADIUS, Look

DELIVERY = {
    DeliveryState.PENDING: ("clock", N_("Waiting to be sent")),
    DeliveryState.SENDING: ("clock", N_("Being sent")),
    DeliveryState.SENT: ("check", N_("Sent")),
    DeliveryState.FAILED: ("alert", N_("Not sent")),
}
"""The mark of each state and the words for it."""


def spoken(content: RowContent) -> str:
    """Return what a screen reader says behind the text: of what is painted, what is no text."""
    state = _(DELIVERY[content.delivery][1]) if content.own else ""
    said = (state, content.failure or content.status_line, content.left_out_line)
    return ": ".join(filter(None, (*said, read_words(content.readers))))


@dataclass(slots=True)
class Places:
    """Where a row paints what; empty for what it does not have."""

    day: QRect = field(default_factory=QRect)
    unread: QRect = field(default_factory=QRect)
    avatar: QRect = field(default_factory=QRect)
    heading: QRect = field(default_factory=QRect)
    bubble: QRect = field(default_factory=QRect)
    glyph: QRect = field(default_factory=QRect)


def paint_row(
    painter: QPainter, look: Look, avatars: Avatars, at: Places, content: RowContent, clip: QRect
) -> None:
    """Paint what touches ``clip`` of a row, as far as it is no widget of its own."""
    # What is smoothed may reach a pixel beyond its place.
    clip = clip.adjusted(-2, -2, 2, 2)
    if at.day.intersects(clip):
        paint_day(painter, look, at.day, content.day)
    if at.unread.intersects(clip):
        paint_unread(painter, look, at.unread)
    if at.avatar.intersects(clip):
        paint_author(painter, look, avatars, at.avatar, content)
    if at.heading.intersects(clip):
        paint_heading(painter, look, at.heading, content)
    if at.bubble.intersects(clip):
        paint_bubble(painter, look, at.bubble, content)
    if at.glyph.intersects(clip):
        paint_glyph(painter, look, at.glyph, content)


def paint_day(painter: QPainter, look: Look, place: QRect, day: str) -> None:
    """Paint the heading of a new day between two lines."""
    tokens = look.tokens
    painter.setFont(look.small)
    text = QFontMetrics(look.small).horizontalAdvance(day)
    middle = place.center().y() + 0.5
    half = text / 2 + 14
    centre = place.center().x()
    painter.setPen(QPen(QColor(tokens.border), 1))
    painter.drawLine(QPointF(place.left(), middle), QPointF(centre - half, middle))
    painter.drawLine(QPointF(centre + half, middle), QPointF(place.right(), middle))
    painter.setPen(QColor(tokens.text_muted))
    painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), day)


def paint_unread(painter: QPainter, look: Look, place: QRect) -> None:
    """Paint the line above the first unread message."""
    tokens = look.tokens
    words = _(NEW_MESSAGES)
    painter.setFont(look.small)
    wide = QFontMetrics(look.small).horizontalAdvance(words) + 20
    pill = QRectF(place.center().x() - wide / 2, place.center().y() - 10, wide, 21)
    middle = place.center().y() + 0.5
    painter.setPen(QPen(QColor(tokens.accent), 1))
    painter.drawLine(QPointF(place.left(), middle), QPointF(pill.left(), middle))
    painter.drawLine(QPointF(pill.right(), middle), QPointF(place.right(), middle))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.accent_soft))
    painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
    painter.setPen(QColor(tokens.accent))
    painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), words)


def paint_author(painter: QPainter, look: Look, avatars: Avatars, place: QRect, content: RowContent) -> None:
    """Paint the author's picture, or the mark of a model."""
    circle = QRectF(place)
    if content.role is Role.ASSISTANT:
        avatars.paint_model(painter, circle, look.tokens)
        return
    avatars.paint(painter, circle, content.avatar, content.author, content.author_key, look.tokens, look.name)


def paint_bubble(painter: QPainter, look: Look, place: QRect, content: RowContent) -> None:
    """Paint the ground of a person's message."""
    tokens, area = look.tokens, QRectF(place)
    if content.deleted:
        painter.setPen(QPen(QColor(tokens.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), BUBBLE_RADIUS, BUBBLE_RADIUS)
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.accent_soft if content.own else tokens.bubble_user))
    painter.drawRoundedRect(area, BUBBLE_RADIUS, BUBBLE_RADIUS)


def mark_of(content: RowContent) -> str:
    """Return the icon that says whether an own message got there, "" for none.

    What failed says so, with its mark, below the bubble.
    """
    if content.own and not content.deleted and content.delivery is not DeliveryState.FAILED:
        return DELIVERY[content.delivery][0]
    return ""


def paint_glyph(painter: QPainter, look: Look, place: QRect, content: RowContent) -> None:
    """Paint the mark of an own message."""
    if mark := mark_of(content):
        paint_icon(painter, mark, look.tokens.text_muted, QRectF(place))


def paint_heading(painter: QPainter, look: Look, place: QRect, content: RowContent) -> None:
    """Paint the author's name and the time."""
    tokens = look.tokens
    middle = int(Qt.AlignmentFlag.AlignVCenter)
    names, times = QFontMetrics(look.name), QFontMetrics(look.small)
    shown = content.time if look.times else ""
    time = times.horizontalAdvance(shown)
    # In the middle: the word behind a copied name must not be what gives way.
    name = names.elidedText(content.author, Qt.TextElideMode.ElideMiddle, place.width() - time - 12)
    wide = names.horizontalAdvance(name)
    x = place.right() - wide - 8 - time if content.own else place.left()
    height = place.height() - 5
    painter.setFont(look.name)
    painter.setPen(QColor(tokens.text_muted if content.own else tokens.text))
    painter.drawText(QRect(x, place.top(), wide + 2, height), middle, name)
    painter.setFont(look.small)
    painter.setPen(QColor(tokens.text_muted))
    painter.drawText(QRect(x + wide + 8, place.top(), time + 2, height), middle, shown)
