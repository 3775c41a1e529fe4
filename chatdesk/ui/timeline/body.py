"""The text of one message: read-only, selectable; it loads and opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRect, QRectF, QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextCursor,
    QTextDocument,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from chatdesk.ui.markdown.decorations import CodeCard, code_card, code_of, visible_blocks
from chatdesk.ui.markdown.document import MarkdownDocument
from chatdesk.ui.timeline.look import COLUMN, Look

_SCROLL_KEYS = {
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Space,
}


class InertDocument(QTextDocument):
    """A document that loads nothing: Qt's own reads local files, even when the view refuses to."""

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        return None


class BodyView(QTextBrowser):
    """Shows one Markdown text at its full height; scrolling is the timeline's.

    Signals: ``code_copied(str)`` the code whose copy button was pressed · ``menu_wanted(QPoint, str, str)``
    global position, address and code under it · ``dragged(QPoint)`` the pointer while selecting ·
    ``drawn()`` after each painting · ``chosen_anew()`` a selection begins here, by the
    left button or by keys.
    """

    code_copied = Signal(str)
    menu_wanted = Signal(QPoint, str, str)
    dragged = Signal(QPoint)
    drawn = Signal()
    chosen_anew = Signal()

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setDocument(InertDocument(self))
        self._look = look
        self._hovered: int | None = None
        self._copied: int | None = None
        self._pressed = False
        self._muted = False
        self._caret = QRect()
        self._caret_phase = 0
        self._ideal = (-1, -1, 0)
        """The greatest width and the count of written pieces it was found out for, and what was found."""
        self.streaming = False
        self.spanned: Callable[[], str] = str
        """Returns what is selected here and in other messages; nothing when only this one is concerned."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The row sets the width; with the usual mode Qt goes back to the width of the widget, old or hidden.
        self.setLineWrapMode(QTextBrowser.LineWrapMode.FixedPixelWidth)
        # The first text is written before the row is laid out: at Qt's width of 0 each letter is a line.
        self.setLineWrapColumnOrWidth(COLUMN)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.DefaultContextMenu)
        self.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setMouseTracking(True)
        # Nothing in it moves as it becomes higher: what was painted stays.
        for part in (self, self.viewport()):
            part.setAttribute(Qt.WidgetAttribute.WA_StaticContents)
        self.setFont(look.font)
        self.markdown = MarkdownDocument(self.document(), look.text)
        self._colour()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def set_look(self, look: Look) -> None:
        """Take other fonts and colours; the text has to be written again by ``markdown``."""
        self._look = look
        self.setFont(look.font)
        self._colour()
        self.markdown.set_style(look.text)

    def wrap_at(self, width: int) -> None:
        """Break lines at ``width`` pixels."""
        # Qt lays the whole document out again, whether the width is another one or not.
        if width != self.lineWrapColumnOrWidth():
            self.setLineWrapColumnOrWidth(width)

    def ideal_width(self, most: int) -> int:
        """Return how wide the text wants to be, ``most`` pixels at most; it is found out once."""
        if self._ideal[:2] != (most, self.markdown.pieces):
            self.wrap_at(most)
            least = 260 if self.code_cards() else 12
            wide = min(most, max(least, int(self.document().idealWidth()) + 1))
            self._ideal = (most, self.markdown.pieces, wide)
        return self._ideal[2]

    def height_needed(self) -> float:
        """Return the height of the text with everything that is painted behind it."""
        return self.document().size().height() + self.markdown.skirt

    def set_muted(self, muted: bool) -> None:
        """Show the text in the quiet colour."""
        if muted != self._muted:
            self._muted = muted
            self._colour()

    def _colour(self) -> None:
        tokens, muted = self._look.tokens, self._muted
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Text, QColor(tokens.text_muted if muted else tokens.text))
        palette.setColor(QPalette.ColorRole.Base, QColor(0, 0, 0, 0))
        palette.setColor(QPalette.ColorRole.Highlight, QColor(tokens.selection))
        palette.setColor(QPalette.ColorRole.HighlightedText, QColor(tokens.text))
        self.setPalette(palette)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Load nothing: a text must not make this computer open a file or a connection."""
        return None

    def doSetSource(
        self, name: QUrl | str, kind: QTextDocument.ResourceType = QTextDocument.ResourceType.UnknownResource
    ) -> None:
        """Go nowhere: links are only reported."""

    def createMimeDataFromSelection(self) -> QMimeData:
        made = QMimeData()
        made.setText(self.spanned() or self.selected())
        return made

    def selected(self) -> str:
        """Return the selected text as it is to be pasted."""
        from chatdesk.ui.markdown.plain import selected_text

        return selected_text(self.textCursor())

    def has_selection(self) -> bool:
        """Whether some of the text is selected."""
        return self.textCursor().hasSelection()

    def clear_selection(self) -> None:
        """Select nothing."""
        cursor = self.textCursor()
        if cursor.hasSelection():
            cursor.clearSelection()
            self.setTextCursor(cursor)

    def blink(self, phase: int) -> None:
        """Show the next phase of the streaming mark."""
        self._caret_phase = phase
        if self.streaming and not self._caret.isNull():
            self.viewport().update(self._caret.adjusted(-2, -2, 2, 2))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        self._look.decorations.paint(
            painter, self.document(), QRectF(event.rect()), hovered=self._hovered, copied=self._copied
        )
        painter.end()
        super().paintEvent(event)
        if self.streaming:
            self._paint_caret()
        self.drawn.emit()

    def _paint_caret(self) -> None:
        end = QTextCursor(self.document())
        end.movePosition(QTextCursor.MoveOperation.End)
        at = self.cursorRect(end)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.document().isEmpty():
            self._caret = QRect(0, at.top(), 40, max(20, at.height()))
            for dot in range(3):
                ink = QColor(self._look.tokens.text_muted)
                ink.setAlphaF(0.9 if self._caret_phase % 3 == dot else 0.35)
                painter.setBrush(ink)
                painter.drawEllipse(2 + dot * 12, self._caret.center().y() - 3, 7, 7)
        else:
            side = 9
            self._caret = QRect(at.right() + 3, at.bottom() - side - 4, side, side)
            ink = QColor(self._look.tokens.accent)
            ink.setAlphaF(1.0 if self._caret_phase % 2 == 0 else 0.45)
            painter.setBrush(ink)
            painter.drawEllipse(self._caret)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in _SCROLL_KEYS and not shifted:
            event.ignore()
        elif event.matches(QKeySequence.StandardKey.Cancel) and self.has_selection():
            self.chosen_anew.emit()
            self.clear_selection()
        else:
            before = self.textCursor()
            super().keyPressEvent(event)
            if (before.anchor(), before.position()) != (
                self.textCursor().anchor(),
                self.textCursor().position(),
            ):
                self.chosen_anew.emit()

    def card_at(self, place: QPoint) -> CodeCard | None:
        """Return the code card whose copy button is at ``place``, in the coordinates of the text."""
        point = place.toPointF()
        clip = QRectF(point.x(), point.y(), 1, 1)
        for block, rect in visible_blocks(self.document(), clip):
            card = code_card(block, rect, self.document().textWidth())
            if card is not None and card.copy.contains(point):
                return card
        return None

    def code_cards(self) -> list[CodeCard]:
        """Return every code block's first card, from the top."""
        everything = QRectF(0, 0, self.width(), self.document().size().height())
        width = self.document().textWidth()
        cards = (code_card(block, rect, width) for block, rect in visible_blocks(self.document(), everything))
        return [card for card in cards if card is not None and not card.copy.isNull()]

    def code_at(self, place: QPoint) -> str:
        """Return the code of the block at ``place``, "" beside code."""
        point = place.toPointF()
        for block, rect in visible_blocks(self.document(), QRectF(point.x(), point.y(), 1, 1)):
            card = code_card(block, rect, self.document().textWidth())
            if card is not None and card.rect.contains(point):
                return code_of(self.document(), block.position())
        return ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        card = self.card_at(event.position().toPoint())
        self._hover(card.position if card else None)
        if card is not None and not event.buttons():
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
            return
        super().mouseMoveEvent(event)
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(event.globalPosition().toPoint())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        card = self.card_at(event.position().toPoint())
        if card is not None and event.button() == Qt.MouseButton.LeftButton:
            self._copied, self._pressed = card.position, True
            self.viewport().update(card.rect.toAlignedRect())
            self.code_copied.emit(code_of(self.document(), card.position))
            return
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen_anew.emit()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed:
            self._pressed = False
        else:
            super().mouseReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._copied = None
        self._hover(None)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = event.pos()
        self.menu_wanted.emit(event.globalPos(), self.anchorAt(place), self.code_at(place))

    def _hover(self, position: int | None) -> None:
        if position != self._hovered:
            if position is None:
                self._copied = None
            self._hovered = position
            self.viewport().update()
