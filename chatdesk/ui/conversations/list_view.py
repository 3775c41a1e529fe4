"""The list of conversations in the sidebar."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from chatdesk.language.door import N_, _
from chatdesk.models.conversation_list import AnyIndex, ConversationListModel, ConversationRole
from chatdesk.models.conversation_sections import ConversationSections
from chatdesk.ui.conversations.row_delegate import ConversationRowDelegate
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import say

EMPTY = N_("No chats yet.\nWrite a message to start one.")
EMPTY_ARCHIVE = N_("The archive is empty.")
NOTHING_FOUND = N_("No title has these words.")

_UNPAINTED = frozenset({ConversationRole.UPDATED_AT, ConversationRole.MODEL, ConversationRole.ENTRY})
"""What may change of a conversation without its row looking otherwise."""


class ConversationListView(QListView):
    """Shows the conversations and asks for what the user wants of them.

    Signals: ``open_requested(id, by_pointer)``; ``rename_requested(id, title)`` when an edit in place ended;
    ``delete_requested(id)`` for the Delete key; ``menu_requested(id, global point)``; ``left_upwards()`` for
    the key up in the first row. The row that is open is the one the model calls active; choosing a row with
    the arrow keys opens it.
    """

    open_requested = Signal(str, bool)
    rename_requested = Signal(str, str)
    delete_requested = Signal(str)
    menu_requested = Signal(str, QPoint)
    left_upwards = Signal()

    def __init__(
        self, conversations: ConversationListModel, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._conversations = conversations
        self._theme = theme
        self._sections = ConversationSections(conversations, parent=self)
        self._rows = ConversationRowDelegate(theme, self)
        # The view asks for the number of rows once per row whenever one moves. A proxy keeps that number
        # outside of Python: it lets everything through, in the same order.
        self._counted = QSortFilterProxyModel(self)
        self._counted.setDynamicSortFilter(False)
        self._counted.setSourceModel(self._sections)
        self.setModel(self._counted)
        self.setItemDelegate(self._rows)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(18)
        say(self.setAccessibleName, "Chats")
        self._rows.renamed.connect(self.rename_requested)
        theme.changed.connect(self._repaint)
        conversations.dataChanged.connect(self._follow_active)
        self._counted.modelReset.connect(self.show_active)

    # What others may ask

    def current_id(self) -> str:
        """Return the conversation under the keyboard cursor, or an empty string."""
        return self._sections.id_at(self.currentIndex().row())

    def show_active(self) -> None:
        """Bring keyboard cursor and selection to the open conversation, and into view."""
        row = self._sections.row_of(self._conversations.active)
        if row < 0:
            self.setCurrentIndex(QModelIndex())
            self.clearSelection()
        elif self.currentIndex().row() != row:
            self.setCurrentIndex(self._counted.index(row, 0))

    def rename(self, conversation_id: str) -> None:
        """Start renaming a conversation in its row."""
        row = self._sections.row_of(conversation_id)
        if row >= 0:
            index = self._counted.index(row, 0)
            self.scrollTo(index)
            self.setFocus()
            self.edit(index)

    def neighbour(self, step: int) -> str:
        """Return the conversation ``step`` places below the open one, going round at the ends."""
        count = self._conversations.rowCount()
        if count == 0:
            return ""
        row = self._conversations.row_of(self._conversations.active)
        start = row if row >= 0 else (-1 if step > 0 else 0)
        return self._conversations.entry_at((start + step) % count).id

    def enter(self) -> None:
        """Take the keyboard and open the first conversation, as going on with the arrow keys would."""
        if first := self._sections.id_at(self._sections.row_of(self.first())):
            self.setFocus(Qt.FocusReason.OtherFocusReason)
            self.setCurrentIndex(self._counted.index(self._sections.row_of(first), 0))
            self.open_requested.emit(first, False)

    def first(self) -> str:
        """Return the first conversation of the list, or an empty string."""
        return self._conversations.entry_at(0).id if self._conversations.rowCount() else ""

    def regroup(self) -> None:
        """Put the captions where they belong today."""
        self._sections.regroup()

    # Events

    def dataChanged(self, top_left: AnyIndex, bottom_right: AnyIndex, roles: Sequence[int] = ()) -> None:
        """Paint the rows that changed. ``QListView`` would lay out all rows, in case one has another size."""
        if not roles or not _UNPAINTED.issuperset(roles):
            QAbstractItemView.dataChanged(self, top_left, bottom_right, list(roles))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        before = self.current_id()
        if self.state() == QAbstractItemView.State.EditingState and not self.hasFocus():
            # The Enter that ended an edit in place comes through here as well.
            super().keyPressEvent(event)
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and before:
            self.open_requested.emit(before, key != Qt.Key.Key_Space)
            return
        if key == Qt.Key.Key_Delete and before:
            self.delete_requested.emit(before)
            return
        if key == Qt.Key.Key_Up and before == self.first():
            self.left_upwards.emit()
            return
        super().keyPressEvent(event)
        after = self.current_id()
        if after and after != before:
            self.open_requested.emit(after, False)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # Qt selects when pressed; here a click opens, so that another row's menu can be used.
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        index = self.indexAt(point)
        conversation_id = self._sections.id_at(index.row())
        if event.button() != Qt.MouseButton.LeftButton or not conversation_id:
            return
        more = self._rows.more_rect(self.visualRect(index))
        if more.contains(point):
            self.menu_requested.emit(conversation_id, self.viewport().mapToGlobal(more.bottomLeft()))
        else:
            self.open_requested.emit(conversation_id, True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.indexAt(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(QModelIndex())
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
            point = self.visualRect(index).bottomLeft() + QPoint(16, 0)
        else:
            index, point = self.indexAt(event.pos()), event.pos()
        if conversation_id := self._sections.id_at(index.row()):
            self.menu_requested.emit(conversation_id, self.viewport().mapToGlobal(point))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._sections.rowCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(self._theme.tokens.text_muted))
            rect = QRect(0, 24, self.viewport().width(), 80).adjusted(16, 0, -16, 0)
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(rect, int(flags), self._empty_words())

    def _empty_words(self) -> str:
        if self._conversations.narrowed:
            return _(NOTHING_FOUND)
        return _(EMPTY_ARCHIVE) if self._conversations.in_archive else _(EMPTY)

    def _hover(self, index: QModelIndex) -> None:
        if not self._sections.id_at(index.row()):
            index = QModelIndex()
        if self._rows.hovered == index:
            return
        for touched in (self._counted.index(self._rows.hovered.row(), 0), index):
            self.viewport().update(self.visualRect(touched))
        self._rows.hovered = QPersistentModelIndex(index)

    def _repaint(self) -> None:
        # A method, not a lambda: Qt disconnects it when the view goes and the theme stays.
        self.viewport().update()

    def _follow_active(self, _first: QModelIndex, _last: QModelIndex, roles: list[int]) -> None:
        if ConversationRole.ACTIVE in roles:
            self.show_active()
