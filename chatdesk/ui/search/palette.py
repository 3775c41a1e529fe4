"""The palette: one field over the window that finds chats, messages and commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.search import parse_query
from chatdesk.language.door import _
from chatdesk.services.search import Coverage, SearchResults
from chatdesk.ui.search.row_delegate import PaletteRowDelegate
from chatdesk.ui.search.rows import (
    Command,
    PaletteModel,
    PaletteRole,
    PaletteRow,
    RowKind,
    caption,
    command_rows,
    conversation_rows,
    message_rows,
    title_rows,
)
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.metrics import ICON
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.announcement import announce
from chatdesk.ui.words import number, retell, say

WIDTH = 640
LIST_MOST = 440
MARGIN = 28
RECENT = 6
COMMANDS_FOUND = 6
PAGE = 6
ASK_AGAIN_MS = 1_500
"""While older messages are still being fetched, the open question is asked again."""

_KEYS = {
    Qt.Key.Key_Escape,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
}


class SearchPalette(QWidget):
    """Lies over the whole window; the keys never leave its field, so nothing below can be reached.

    ``entries`` gives the newest conversations, ``commands`` what can be done now; both are asked when it
    opens. Signals: ``search_requested(text)`` with every letter, answered by ``show_results``;
    ``conversation_chosen(id)``, ``message_chosen(conversation id, message id, text searched for)``,
    ``command_chosen(ActionId)``, each after it has closed; ``closed()``.
    """

    search_requested = Signal(str)
    conversation_chosen = Signal(str)
    message_chosen = Signal(str, str, str)
    command_chosen = Signal(object)
    closed = Signal()

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        entries: Callable[[int], Sequence[ConversationEntry]],
        commands: Callable[[], Sequence[Command]],
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(window)
        self._theme = theme
        self._entries = entries
        self._commands = commands
        self._now = now
        self._results = SearchResults("")
        self._before: QWidget | None = None
        say(self.setAccessibleName, "Search")
        self.field = QLineEdit()
        self.field.setProperty("look", "bare")
        self.field.setMaxLength(1_000)
        sized(self.field, 1.14)
        self.list = QListView()
        self.model = PaletteModel(self)
        self._glass = QLabel()
        self._nothing = QLabel()
        self._coverage = QLabel()
        self._hint = QLabel()
        self._again = QTimer(self)
        self._lay_out()
        self._connect()
        self._name()
        self._colour()
        self.hide()

    def _lay_out(self) -> None:
        self.card = QFrame(self)
        self.card.setProperty("look", "palette")
        head = QHBoxLayout()
        head.setContentsMargins(18, 12, 16, 11)
        head.setSpacing(10)
        head.addWidget(self._glass)
        head.addWidget(self.field, 1)
        self.list.setModel(self.model)
        self.list.setItemDelegate(PaletteRowDelegate(self._theme, self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setProperty("look", "palette")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._nothing.setTextFormat(Qt.TextFormat.PlainText)
        self._nothing.setContentsMargins(24, 30, 24, 34)
        foot = QHBoxLayout()
        foot.setContentsMargins(18, 8, 18, 9)
        foot.setSpacing(12)
        for label in (self._hint, self._coverage):
            sized(label, 0.84)
            label.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self._hint, self._coverage, self._nothing):
            label.setProperty("look", "muted")
        foot.addWidget(self._hint)
        foot.addStretch(1)
        foot.addWidget(self._coverage)
        column = QVBoxLayout(self.card)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._line())
        column.addWidget(self.list)
        column.addWidget(self._nothing)
        column.addWidget(self._line())
        column.addLayout(foot)

    @staticmethod
    def _line() -> QFrame:
        line = QFrame()
        line.setProperty("look", "line")
        line.setFixedHeight(1)
        return line

    def _connect(self) -> None:
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._edited)
        self.list.clicked.connect(self._choose)
        self._again.setSingleShot(True)
        self._again.setInterval(ASK_AGAIN_MS)
        self._again.timeout.connect(lambda: self.search_requested.emit(self.field.text()))
        self._theme.changed.connect(self._colour)
        retell(self._name)
        self.window().installEventFilter(self)

    # Opening and closing

    def open(self, text: str = "") -> None:
        """Show the palette with ``text`` in its field; with an empty one it offers what one may want most."""
        if self.isVisible():
            return
        self._before = self.window().focusWidget()
        self._results = SearchResults("")
        self.field.blockSignals(True)
        self.field.setText(text)
        self.field.blockSignals(False)
        self.setGeometry(self.window().rect())
        self._show_rows()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)
        self.search_requested.emit(text)

    def dismiss(self, restore_focus: bool = True) -> None:
        """Close it and give the keys back to what had them."""
        if not self.isVisible():
            return
        self._again.stop()
        self.hide()
        before, self._before = self._before, None
        if restore_focus and before is not None:
            before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.closed.emit()

    def show_results(self, results: SearchResults) -> None:
        """Show what was found; the answer to an earlier question is passed over."""
        if not self.isVisible() or results.query != self.field.text():
            return
        chosen = self._chosen_row()
        self._results = results
        self._show_rows(keep=chosen)
        if results.query.strip():
            count = len(results.hits) + len(results.conversations)
            announce(self.field, _("{count} found").format(count=number(count)))
        if not results.coverage.complete:
            self._again.start()

    # Rows

    def _edited(self, text: str) -> None:
        self._again.stop()
        self.search_requested.emit(text)
        if not parse_query(text):
            self._results = SearchResults(text, coverage=self._results.coverage)
            self._show_rows()

    def _show_rows(self, keep: PaletteRow | None = None) -> None:
        now, query = self._now(), parse_query(self._results.query)
        sections: list[tuple[str, list[PaletteRow]]]
        if query:
            sections = [
                (_("Chats"), title_rows(self._results.conversations, now)),
                (_("Messages"), message_rows(self._results.hits, now)),
                (_("Commands"), command_rows(self._commands(), query)[:COMMANDS_FOUND]),
            ]
        else:
            sections = [
                (_("Recent chats"), conversation_rows(self._entries(RECENT), now)),
                (_("Commands"), command_rows(self._commands(), query)),
            ]
        rows: list[PaletteRow] = []
        for title, found in sections:
            rows += [caption(title), *found] if found else []
        self.model.show_rows(rows)
        place = rows.index(keep) if keep is not None and keep in rows[2:] else self.model.step(-1, 1)
        self.list.setCurrentIndex(self.model.index(place) if place >= 0 else QModelIndex())
        self.list.scrollToTop() if place <= 1 else self.list.scrollTo(self.list.currentIndex())
        self._show_state(bool(rows))

    def _show_state(self, found: bool) -> None:
        coverage = self._results.coverage
        self.list.setVisible(found)
        self._nothing.setVisible(not found)
        if not found:
            words = [_("Nothing found for “{text}”").format(text=_short(self._results.query))]
            if not coverage.complete:
                words.append(_("Older messages are still being fetched; the search goes on by itself."))
            self._nothing.setText("\n".join(words))
        self._coverage.setText("" if coverage.complete else coverage_words(coverage))
        self._place()

    def _place(self) -> None:
        area = self.rect()
        width = min(self._theme.px(WIDTH), area.width() - 2 * MARGIN)
        top = max(MARGIN, min(area.height() // 8, 110))
        self.card.setFixedWidth(width)
        tall = sum(self.list.sizeHintForRow(row) for row in range(self.model.rowCount())) + 8
        # What the card needs besides its list: heights of labels depend on the font.
        rest = self.field.sizeHint().height() + 23 + 2 + self._hint.sizeHint().height() + 17 + 2
        room = max(120, min(LIST_MOST, area.height() - top - MARGIN - rest))
        self.list.setFixedHeight(min(tall, room))
        layout = self.card.layout()
        if layout is not None:
            layout.activate()
            tall = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else 0
            self.card.resize(width, max(tall, layout.totalMinimumSize().height()))
        self.card.move((area.width() - width) // 2, top)
        self.update()

    def _name(self) -> None:
        words = _("Search chats, messages and commands")
        self.field.setPlaceholderText(words)
        self.field.setAccessibleName(words)
        self.list.setAccessibleName(_("Results"))
        self._hint.setText(_("↑↓ choose   ↵ open   Esc close"))

    def _colour(self) -> None:
        muted = self._theme.tokens.text_muted
        side = self._theme.px(ICON)
        self._glass.setPixmap(icon("search", muted).pixmap(QSize(side, side), self.devicePixelRatioF()))
        self.update()

    # Choosing

    def _chosen_row(self) -> PaletteRow | None:
        row = self.list.currentIndex().data(PaletteRole.ROW)
        return row if isinstance(row, PaletteRow) else None

    def _go(self, place: int) -> None:
        if place < 0:
            return
        self.list.setCurrentIndex(self.model.index(place))
        if place == self.model.step(-1, 1):
            self.list.scrollToTop()  # with its caption
        row = self.model.row(place)
        if row is not None:
            announce(self.field, row.spoken)

    def _choose(self, index: QModelIndex) -> None:
        row = self.model.row(index.row())
        if row is None or row.kind is RowKind.CAPTION:
            return
        text = self._results.query
        self.dismiss(restore_focus=row.kind is RowKind.COMMAND)
        if row.action is not None:
            self.command_chosen.emit(row.action)
        elif row.message_id:
            self.message_chosen.emit(row.conversation_id, row.message_id, text)
        else:
            self.conversation_chosen.emit(row.conversation_id)

    # Events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self.field and isinstance(event, QKeyEvent) and event.key() in _KEYS:
            if kind == QEvent.Type.ShortcutOverride:
                event.accept()  # Esc stops a reply elsewhere; here it closes
                return True
            if kind == QEvent.Type.KeyPress:
                self._press(Qt.Key(event.key()))
                return True
        if watched is self.field and kind == QEvent.Type.FocusOut and isinstance(event, QFocusEvent):
            if event.reason() not in (
                Qt.FocusReason.ActiveWindowFocusReason,
                Qt.FocusReason.PopupFocusReason,
                Qt.FocusReason.MenuBarFocusReason,
            ):
                QTimer.singleShot(0, self, self._keep_focus)
        elif watched is self.window() and kind == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self.window().rect())
            self._place()
        return False

    def _keep_focus(self) -> None:
        """Something below took the keys, such as a chat that was opened elsewhere: take them back."""
        if self.isVisible() and not self.field.hasFocus():
            self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _press(self, key: Qt.Key) -> None:
        here = self.list.currentIndex().row()
        match key:
            case Qt.Key.Key_Escape:
                self.dismiss()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._choose(self.list.currentIndex())
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                self._go(self.model.step(here, -1 if key == Qt.Key.Key_Up else 1))
            case Qt.Key.Key_PageUp | Qt.Key.Key_PageDown:
                self._go(self.model.step(here, -PAGE if key == Qt.Key.Key_PageUp else PAGE))
            case _:
                self._go(self.model.section(here, -1 if key == Qt.Key.Key_Backtab else 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.card.geometry().contains(event.position().toPoint()):
            self.dismiss()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(0, 0, 0, 110 if self._theme.tokens.dark else 56))
        painter.setPen(Qt.PenStyle.NoPen)
        card = QRectF(self.card.geometry())
        for spread in range(22, 0, -1):
            painter.setBrush(QColor(0, 0, 0, 3))
            painter.drawRoundedRect(
                card.adjusted(-spread, -spread + 6, spread, spread + 6), 14 + spread, 14 + spread
            )


def coverage_words(coverage: Coverage) -> str:
    """Say how much of everything is here to be searched."""
    return _("Searching {here} of {known} messages on this device").format(
        here=number(coverage.here), known=number(coverage.known)
    )


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:59]}…"
