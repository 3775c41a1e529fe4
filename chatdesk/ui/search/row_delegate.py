"""How a row of the palette is painted."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from chatdesk.domain.search import Ranges
from chatdesk.ui.search.rows import PaletteRole, PaletteRow, RowKind
from chatdesk.ui.theme.fonts import scaled
from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.utf16 import units

_EDGE = 8
_PAD = 10
_ICON = 17
_GAP = 10

AnyIndex = QModelIndex | QPersistentModelIndex


class PaletteRowDelegate(QStyledItemDelegate):
    """Paints captions, conversations, messages (two lines) and commands."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        row = index.data(PaletteRole.ROW)
        tall = QFontMetricsF(option.font).height()
        if not isinstance(row, PaletteRow) or row.kind is RowKind.CAPTION:
            return QSize(120, round(tall + 14))
        return QSize(120, round(tall * 1.9 + 20 if row.kind is RowKind.MESSAGE else tall + 19))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        row = index.data(PaletteRole.ROW)
        if not isinstance(row, PaletteRow):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.kind is RowKind.CAPTION:
            self._paint_caption(painter, option, row.text)
        else:
            self._paint_row(painter, option, row)
        painter.restore()

    def _paint_caption(self, painter: QPainter, option: QStyleOptionViewItem, text: str) -> None:
        painter.setFont(scaled(option.font, 0.82, QFont.Weight.DemiBold))
        painter.setPen(QColor(self._theme.tokens.text_muted))
        rect = option.rect.adjusted(_EDGE + _PAD, 0, -_EDGE, -4)
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, text)

    def _paint_row(self, painter: QPainter, option: QStyleOptionViewItem, row: PaletteRow) -> None:
        tokens = self._theme.tokens
        box = QRectF(option.rect).adjusted(_EDGE, 1, -_EDGE, -1)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QColor(tokens.focus), 1.2))
            painter.setBrush(QColor(tokens.accent_soft))
            painter.drawRoundedRect(box.adjusted(0.6, 0.6, -0.6, -0.6), 8, 8)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.hover))
            painter.drawRoundedRect(box, 8, 8)
        small = scaled(option.font, 0.86)
        two_lines = bool(row.above)
        middle = box.center().y()
        if two_lines:
            tall = QFontMetricsF(option.font).height()
            above, below = QFontMetricsF(small).height(), tall
            top = middle - (above + 3 + below) / 2
            first, second = top + above / 2, top + above + 3 + below / 2
        else:
            first = second = middle
        left = box.left() + _PAD
        if row.icon:
            spot = QRectF(left, (first if two_lines else middle) - _ICON / 2, _ICON, _ICON)
            paint_icon(painter, row.icon, tokens.text_muted, spot)
        left += _ICON + _GAP
        right = box.right() - _PAD
        limit = self._paint_aside(painter, row, small, right, first, box)
        if two_lines:
            self._paint_line(painter, row.above, (), small, QRectF(left, first, limit - left, 0), muted=True)
            self._paint_line(
                painter, row.text, row.ranges, option.font, QRectF(left, second, right - left, 0)
            )
        else:
            self._paint_line(
                painter, row.text, row.ranges, option.font, QRectF(left, middle, limit - left, 0)
            )

    def _paint_aside(
        self, painter: QPainter, row: PaletteRow, font: QFont, right: float, middle: float, box: QRectF
    ) -> float:
        """Paint the time or the keys at the right; returns where the text has to end."""
        if not row.aside:
            return right
        tokens = self._theme.tokens
        wide = QFontMetricsF(font).horizontalAdvance(row.aside)
        tall = QFontMetricsF(font).height()
        painter.setFont(font)
        if row.kind is RowKind.COMMAND:
            key = QRectF(right - wide - 14, middle - tall / 2 - 3, wide + 14, tall + 6)
            painter.setPen(QPen(QColor(tokens.border), 1))
            painter.setBrush(QColor(tokens.window))
            painter.drawRoundedRect(key, 5, 5)
            painter.setPen(QColor(tokens.text_muted))
            painter.drawText(key, int(Qt.AlignmentFlag.AlignCenter), row.aside)
            return key.left() - 12
        painter.setPen(QColor(tokens.text_muted))
        place = QRectF(right - wide - 1, middle - tall / 2, wide + 2, tall)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), row.aside)
        return right - wide - 12

    def _paint_line(
        self, painter: QPainter, text: str, ranges: Ranges, font: QFont, place: QRectF, muted: bool = False
    ) -> None:
        """Paint one line, shortened at its end, vertically centred on the top of ``place``."""
        tokens = self._theme.tokens
        metrics = QFontMetricsF(font)
        words = text.replace("\n", " ")
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(0.0, place.width()))
        kept = len(shown) if shown == words else max(0, len(shown) - 1)
        found = QTextCharFormat()
        found.setForeground(QColor(tokens.text))
        found.setBackground(QColor(tokens.selection))
        found.setFontWeight(QFont.Weight.DemiBold)
        formats = []
        for start, end in ranges:
            if start >= kept:
                break
            each = QTextLayout.FormatRange()
            each.start = units(shown, start)
            each.length = units(shown, min(end, kept)) - each.start
            each.format = found
            formats.append(each)
        layout = QTextLayout(shown, font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(option)
        layout.setFormats(formats)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(1e6)
        layout.endLayout()
        painter.save()
        painter.setClipRect(
            QRectF(place.left(), place.top() - metrics.height(), place.width(), 2 * metrics.height())
        )
        painter.setPen(QColor(tokens.text_muted if muted else tokens.text))
        layout.draw(painter, QPointF(place.left(), place.top() - line.height() / 2))
        painter.restore()
