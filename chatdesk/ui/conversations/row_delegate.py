"""How a conversation's row is painted and renamed."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from chatdesk.domain.message import DeliveryState
from chatdesk.domain.text import MAX_TITLE, storable
from chatdesk.language.door import _
from chatdesk.models.conversation_face import RowFace
from chatdesk.models.conversation_list import ConversationRole
from chatdesk.models.conversation_sections import FACE_ROLE
from chatdesk.ui.theme.fonts import scaled
from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.theme.metrics import ROW
from chatdesk.ui.theme.theme import Theme

_EDGE = 8
_PAD = 10
_MOST_COUNTED = 99
_MARK = 16
_FILLED = "filled"
_TITLE_FLAGS = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)

AnyIndex = QModelIndex | QPersistentModelIndex


class ConversationRowDelegate(QStyledItemDelegate):
    """Paints captions and conversations at one height; the title is edited in place.

    ``renamed(id, title)`` is emitted when an edit ended with another title that is not blank. ``hovered`` is
    the row under the pointer, set by the view, where the button for more is painted.
    """

    renamed = Signal(str, str)

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.hovered = QPersistentModelIndex()

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(120, max(ROW, QFontMetrics(option.font).height() + 16))

    def more_rect(self, row: QRect) -> QRect:
        """Return where the button for more is within the row at ``row``."""
        side = 24
        return QRect(row.right() - _EDGE - 4 - side, row.center().y() - side // 2 + 1, side, side)

    # Painting

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        face = index.data(FACE_ROLE)
        if isinstance(face, str):
            self._paint_caption(painter, option, face)
        elif face is not None:
            self._paint_row(painter, option, index, face)
        painter.restore()

    def _paint_caption(self, painter: QPainter, option: QStyleOptionViewItem, caption: str) -> None:
        painter.setFont(scaled(option.font, 0.82, QFont.Weight.DemiBold))
        painter.setPen(QColor(self._theme.tokens.text_muted))
        rect = option.rect.adjusted(_EDGE + _PAD, 0, -_EDGE, -6)
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, caption)

    def _paint_row(
        self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex, face: RowFace
    ) -> None:
        tokens = self._theme.tokens
        active = face.active
        hovered = self.hovered.isValid() and self.hovered == index
        box = QRectF(option.rect).adjusted(_EDGE, 1, -_EDGE, -1)
        if active or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent_soft if active else tokens.hover))
            painter.drawRoundedRect(box, 8, 8)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(tokens.focus), 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0.8, 0.8, -0.8, -0.8), 8, 8)
        right = box.right() - 6
        if hovered:
            more = QRectF(self.more_rect(option.rect))
            paint_icon(painter, "more", tokens.text_muted, more.adjusted(3, 3, -3, -3))
            right = more.left() - 2
        right = self._paint_marks(painter, face, right, box.center().y())
        unread = bool(face.unread) and not active
        font = QFont(option.font)
        if unread or active:
            font.setWeight(QFont.Weight.DemiBold if unread else QFont.Weight.Medium)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        left = box.left() + _PAD
        room = max(0, int(right - left - 4))
        title = face.title.replace("\n", " ")
        title = QFontMetrics(font).elidedText(title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, box.top(), room, box.height()), _TITLE_FLAGS, title)

    def _paint_marks(self, painter: QPainter, face: RowFace, right: float, middle: float) -> float:
        """Paint the marks from right to left; returns where the title has to end."""
        tokens = self._theme.tokens
        marks: list[tuple[str, str]] = []
        if face.unread and not face.active:
            right = self._paint_count(painter, face.unread, right, middle)
        if face.replying:
            marks.append(("dots", tokens.accent))
        if face.delivery is DeliveryState.FAILED:
            marks.append(("alert", tokens.danger))
        elif face.delivery is not DeliveryState.SENT:
            marks.append(("clock", tokens.text_muted))
        if face.shared:
            marks.append(("users", tokens.text_muted))
        for name, colour in marks:
            place = QRectF(right - _MARK, middle - _MARK / 2, _MARK, _MARK)
            if name == "dots":
                _paint_dots(painter, colour, place)
            else:
                paint_icon(painter, name, colour, place)
            right -= _MARK + 4
        return right

    def _paint_count(self, painter: QPainter, count: int, right: float, middle: float) -> float:
        """Paint how many messages are unread; returns where the title has to end."""
        words = str(count) if count <= _MOST_COUNTED else f"{_MOST_COUNTED}+"
        font = QFont(painter.font())
        font.setPointSizeF(font.pointSizeF() * 0.78)
        font.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(font)
        tall = metrics.height() + 2
        wide = max(tall, metrics.horizontalAdvance(words) + 10)
        pill = QRectF(right - wide, middle - tall / 2, wide, tall)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.tokens.accent))
        painter.drawRoundedRect(pill, tall / 2, tall / 2)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.tokens.on_accent))
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), words)
        return right - wide - 4

    # Renaming in place

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> QWidget:
        editor = QLineEdit(parent)
        editor.setProperty("look", "rename")
        editor.setMaxLength(MAX_TITLE)
        editor.setAccessibleName(_("Name of the chat"))
        return editor

    def setEditorData(self, editor: QWidget, index: AnyIndex) -> None:
        # Called again whenever the row changes; what is being typed must not be lost to that.
        if isinstance(editor, QLineEdit) and not editor.property(_FILLED):
            editor.setProperty(_FILLED, True)
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole)))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: AnyIndex) -> None:
        if not isinstance(editor, QLineEdit):
            return
        title = " ".join(storable(editor.text()).split())
        if title and title != index.data(Qt.ItemDataRole.EditRole):
            self.renamed.emit(index.data(ConversationRole.ID), title)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        editor.setGeometry(option.rect.adjusted(_EDGE, 1, -_EDGE, -1))


def _paint_dots(painter: QPainter, colour: str, place: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    middle = place.center()
    for number in (-1, 0, 1):
        painter.drawEllipse(QPointF(middle.x() + number * 5.4, middle.y()), 1.9, 1.9)
