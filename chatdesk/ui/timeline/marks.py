"""Marks on what was searched for: its words in every message on screen, and a glow behind the one found."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QAbstractAnimation, QObject, QRectF, Qt, QVariantAnimation
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from chatdesk.domain.search import Query, parse_query
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.body import BodyView
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.view import TimelineView
from chatdesk.ui.utf16 import units

GLOW_MS = 1_800
_MOST_LETTERS = 30_000
"""Characters of one message in which words are marked: more would hold up the painting."""

_MOST_MARKS = 200


class SearchMarks(QObject):
    """Follows a timeline: what comes into sight is marked as well, and goes unmarked when it leaves.

    ``show_words`` sets what is marked; ``show_message`` scrolls to a message, to the place of its first
    marked word, and lets it glow for a moment.
    """

    def __init__(self, view: TimelineView, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme
        self._query = Query()
        self._marked: dict[BodyView, tuple[str, int, int, bool]] = {}
        self._found = ""
        self._seeking = ""
        self._glow: Glow | None = None
        view.laid_out.connect(self._follow)
        theme.changed.connect(self._recolour)

    def show_words(self, text: str) -> None:
        """Mark these words from now on; nothing for an empty text."""
        query = parse_query(text)
        if query != self._query:
            self._query, self._found = query, ""
            self._follow()

    def show_message(self, message_id: str) -> bool:
        """Bring a message on screen and let it glow; False when the view does not have it."""
        if not self._view.show_message(message_id):
            return False
        self._view.unfold(message_id)  # What was found may be in the part that is not shown.
        self._found = self._seeking = message_id
        self._follow()
        row = self._view.row(message_id)
        if row is not None:
            # It may have gone with its row, which Qt deletes without asking Python.
            if self._glow is not None and shiboken6.isValid(self._glow):
                self._glow.end()
            self._glow = Glow(row, self._theme.tokens.accent)
        return True

    def marks(self, message_id: str) -> int:
        """Return how many places of a message on screen are marked."""
        row = self._view.row(message_id)
        return 0 if row is None else len(row.body.extraSelections())

    def _follow(self) -> None:
        """Mark the rows on screen, as far as they are not; called after each laying out, so it is cheap."""
        on_screen = self._view.on_screen()
        rows = [row for row in map(self._view.row, on_screen) if row is not None]
        if not self._query and not self._marked:
            self._seek()
            return
        for row in rows:
            found = row.message_id == self._found
            state = (row.message_id, row.body.document().revision(), hash(self._query), found)
            if self._marked.get(row.body) != state:
                self._marked[row.body] = state
                row.body.setExtraSelections(self._selections(row.body, found))
        shown = {row.body for row in rows}
        for body in [each for each in self._marked if each not in shown]:
            del self._marked[body]
            body.setExtraSelections([])
        if not self._query:
            self._marked.clear()
        self._seek()

    def _seek(self) -> None:
        """Once the found message is written, bring the first marked word of it on screen."""
        if not self._seeking:
            return
        row = self._view.row(self._seeking)
        top = self._view.top_of(self._seeking)
        if row is None or top is None:
            self._seeking = ""
            return
        places = row.body.extraSelections()
        if not places and row.unfinished:
            return
        self._seeking = ""
        if places:
            # PySide types the fields of ExtraSelection as plain attributes.
            spot = row.body.cursorRect(places[0].cursor)
            y = top + row.body.y() + spot.center().y()
            room = self._view.viewport().height()
            if not room // 8 <= y <= room - room // 4:
                self._view.scroll_by(y - room // 2)

    def _selections(self, body: BodyView, found: bool) -> list[QTextEdit.ExtraSelection]:
        if not self._query:
            return []
        tokens = self._theme.tokens
        ink, paper = (tokens.on_accent, tokens.accent) if found else (tokens.text, tokens.selection)
        text = body.document().toPlainText()[:_MOST_LETTERS]
        made = []
        for start, end in self._query.ranges(text, _MOST_MARKS):
            cursor = QTextCursor(body.document())
            cursor.setPosition(units(text, start))
            cursor.setPosition(units(text, end), QTextCursor.MoveMode.KeepAnchor)
            mark = QTextEdit.ExtraSelection()
            look = QTextCharFormat()
            look.setBackground(QColor(paper))
            look.setForeground(QColor(ink))
            mark.cursor = cursor
            mark.format = look
            made.append(mark)
        return made

    def _recolour(self) -> None:
        self._marked.clear()
        self._follow()


class Glow(QWidget):
    """A soft light behind a row that fades away; it never takes the mouse."""

    def __init__(self, row: RowView, colour: str) -> None:
        super().__init__(row)
        self._row = row
        self._message_id = row.message_id
        self._colour = QColor(colour)
        self._strength = 1.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("glow")
        self.setGeometry(row.rect())
        self.lower()
        self.show()
        self._fading = QVariantAnimation(self)
        self._fading.setStartValue(1.0)
        self._fading.setKeyValueAt(0.55, 1.0)
        self._fading.setEndValue(0.0)
        self._fading.setDuration(GLOW_MS)
        self._fading.valueChanged.connect(self._fade)
        self._fading.finished.connect(self.end)
        self._fading.start(QAbstractAnimation.DeletionPolicy.KeepWhenStopped)

    def end(self) -> None:
        """Go out at once."""
        self._fading.stop()
        self.hide()
        self.deleteLater()

    def _fade(self, strength: float) -> None:
        if self._row.message_id != self._message_id:  # the row shows another message by now
            self.end()
            return
        self._strength = strength
        if self.geometry() != self._row.rect():
            self.setGeometry(self._row.rect())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        ink = QColor(self._colour)
        ink.setAlphaF(0.13 * self._strength)
        painter.setBrush(ink)
        column = min(self.width() - 16, 720 + 40)
        left = (self.width() - column) / 2
        painter.drawRoundedRect(QRectF(left, 4, column, self.height() - 4), 12, 12)
