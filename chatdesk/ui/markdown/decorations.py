"""Paints what stands behind and beside the text: code cards, quote bars, list marks, rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QTextBlock,
    QTextBlockFormat,
    QTextDocument,
)

from chatdesk.language.door import _
from chatdesk.ui.markdown.properties import BOX, TICKED_BOX, BlockProperty, CodePart
from chatdesk.ui.markdown.style import (
    CODE_HEADER,
    CODE_HEADER_MOST,
    CODE_PADDING,
    QUOTE_INDENT,
    MarkdownStyle,
    code_header,
)
from chatdesk.ui.theme.icons import paint_icon

_RADIUS = 10.0
_MARK_GAP = 8.0
_BOX_SIDE = 14.0
_COPY_WIDTH = 88.0


@dataclass(frozen=True, slots=True)
class CodeCard:
    """The painted card of a code block's part; ``copy`` is where its copy button is, if it has one."""

    position: int
    part: CodePart
    language: str
    rect: QRectF
    copy: QRectF


def visible_blocks(document: QTextDocument, clip: QRectF) -> Iterator[tuple[QTextBlock, QRectF]]:
    """Yield the blocks whose text or card may touch ``clip``, with the rectangle of their text."""
    layout = document.documentLayout()
    place = layout.hitTest(QPointF(0, max(0.0, clip.top() - CODE_HEADER_MOST)), Qt.HitTestAccuracy.FuzzyHit)
    block = document.findBlock(max(0, place))
    while block.isValid():
        rect = layout.blockBoundingRect(block)
        if rect.top() - CODE_HEADER_MOST > clip.bottom():
            return
        yield block, rect
        block = block.next()


def code_card(block: QTextBlock, rect: QRectF, width: float) -> CodeCard | None:
    """Return the card of ``block`` if it is code; ``rect`` is its text's, ``width`` the document's."""
    look = block.blockFormat()
    flags = look.property(BlockProperty.CODE)
    if not flags:
        return None
    part = CodePart(flags)
    first, last = bool(part & CodePart.FIRST), bool(part & CodePart.LAST)
    left = look.leftMargin() - CODE_PADDING
    head = code_header(block.charFormat().font()) if first else 0
    top = rect.top() - head
    bottom = rect.bottom() + (CODE_PADDING if last else 0)
    card = QRectF(left, top, width - left, bottom - top)
    wide = _COPY_WIDTH * head / CODE_HEADER
    copy = QRectF(card.right() - wide - 6, card.top() + 4, wide, head - 6)
    language = str(look.property(BlockProperty.LANGUAGE) or "")
    return CodeCard(block.position(), part, language, card, copy if first else QRectF())


def code_of(document: QTextDocument, position: int) -> str:
    """Return the code of the block that starts at ``position``, all its parts joined."""
    block = document.findBlock(position)
    pieces: list[str] = []
    while block.isValid():
        look = block.blockFormat()
        if pieces and not look.property(BlockProperty.JOINED):
            pieces.append("\n")
        pieces.append(block.text().replace("\u2028", "\n"))
        if CodePart(look.property(BlockProperty.CODE) or 0) & CodePart.LAST:
            break
        block = block.next()
    return "".join(pieces)


class DecorationPainter:
    """Paints one document's decorations with the colours of ``style``."""

    def __init__(self, style: MarkdownStyle, card: str | None = None) -> None:
        self._style = style
        self._tokens = style.tokens
        self._card = QColor(card or style.tokens.code_background)
        self._metrics = QFontMetricsF(style.font)

    def paint(
        self,
        painter: QPainter,
        document: QTextDocument,
        clip: QRectF,
        *,
        hovered: int | None = None,
        copied: int | None = None,
    ) -> None:
        """Paint what touches ``clip``; ``hovered`` and ``copied`` are positions of code blocks."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = document.textWidth()
        above: QRectF | None = None
        for block, rect in visible_blocks(document, clip):
            look = block.blockFormat()
            card = code_card(block, rect, width)
            if card is not None:
                self._code(painter, card, card.position == hovered, card.position == copied)
            depth = look.property(BlockProperty.QUOTE_DEPTH) or 0
            if depth:
                self._quote(painter, block, look, rect, above, int(depth))
            if look.property(BlockProperty.RULE):
                painter.setPen(QPen(QColor(self._tokens.border), 1))
                middle = round(rect.center().y()) + 0.5
                painter.drawLine(QPointF(look.leftMargin(), middle), QPointF(width, middle))
            marker = look.property(BlockProperty.MARKER)
            if marker:
                self._marker(painter, block, look, rect, str(marker))
            above = rect

    def _code(self, painter: QPainter, card: CodeCard, hovered: bool, copied: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(self._card))
        painter.drawPath(_card_path(card))
        if not card.part & CodePart.FIRST:
            return
        font = self._style.small_font
        painter.setFont(font)
        painter.setPen(QColor(self._tokens.text_muted))
        label = QRectF(
            card.rect.left() + CODE_PADDING, card.copy.top(), card.rect.width() / 2, card.copy.height()
        )
        painter.drawText(label, int(Qt.AlignmentFlag.AlignVCenter), card.language or _("text"))
        ink = self._tokens.text if hovered or copied else self._tokens.text_muted
        if hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._tokens.hover))
            painter.drawRoundedRect(card.copy, 6, 6)
        painter.setPen(QColor(ink))
        text = _("Copied") if copied else _("Copy")
        side = 14.0
        total = side + 6 + QFontMetricsF(font).horizontalAdvance(text)
        left = card.copy.right() - 8 - total
        spot = QRectF(left, card.copy.center().y() - side / 2, side, side)
        paint_icon(painter, "check" if copied else "copy", ink, spot)
        painter.drawText(
            QRectF(left + side + 6, card.copy.top(), total, card.copy.height()),
            int(Qt.AlignmentFlag.AlignVCenter),
            text,
        )

    def _quote(
        self,
        painter: QPainter,
        block: QTextBlock,
        look: QTextBlockFormat,
        rect: QRectF,
        above: QRectF | None,
        depth: int,
    ) -> None:
        left = float(look.property(BlockProperty.QUOTE_LEFT) or 0)
        previous = block.previous()
        shared = int(previous.blockFormat().property(BlockProperty.QUOTE_DEPTH) or 0)
        painter.setPen(Qt.PenStyle.NoPen)
        ink = QColor(self._tokens.border_strong)
        ink.setAlphaF(0.45)
        painter.setBrush(ink)
        for level in range(depth):
            top = above.bottom() if above is not None and level < shared else rect.top()
            if level < shared and above is None:
                top = rect.top() - look.topMargin()
            painter.drawRect(QRectF(left + level * QUOTE_INDENT, top, 3, rect.bottom() - top))

    def _marker(
        self, painter: QPainter, block: QTextBlock, look: QTextBlockFormat, rect: QRectF, marker: str
    ) -> None:
        line = block.layout().lineAt(0)
        baseline = rect.top() + line.y() + line.ascent() if line.isValid() else rect.top()
        right = look.leftMargin() - _MARK_GAP
        if marker in (BOX, TICKED_BOX):
            middle = baseline - self._metrics.capHeight() / 2
            box = QRectF(right - _BOX_SIDE, middle - _BOX_SIDE / 2, _BOX_SIDE, _BOX_SIDE)
            self._box(painter, box, marker)
            return
        painter.setFont(self._style.font)
        painter.setPen(QColor(self._tokens.text_muted))
        painter.drawText(QPointF(right - self._metrics.horizontalAdvance(marker), baseline), marker)

    def _box(self, painter: QPainter, box: QRectF, marker: str) -> None:
        if marker == TICKED_BOX:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._tokens.accent))
            painter.drawRoundedRect(box, 4, 4)
            paint_icon(painter, "check", self._tokens.on_accent, box.adjusted(1, 1, -1, -1))
        else:
            painter.setPen(QPen(QColor(self._tokens.border_strong), 1.3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


def _card_path(card: CodeCard) -> QPainterPath:
    path = QPainterPath()
    rect, part = card.rect, card.part
    if part & CodePart.FIRST and part & CodePart.LAST:
        path.addRoundedRect(rect, _RADIUS, _RADIUS)
        return path
    path.setFillRule(Qt.FillRule.WindingFill)
    if part & (CodePart.FIRST | CodePart.LAST):
        path.addRoundedRect(rect, _RADIUS, _RADIUS)
        half = rect.height() / 2
        path.addRect(rect.adjusted(0, half, 0, 0) if part & CodePart.FIRST else rect.adjusted(0, 0, 0, -half))
    else:
        path.addRect(rect)
    return path
