"""The right side of the window: header, timeline or empty state, composer."""

from __future__ import annotations

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from chatdesk.ui.archive_bar import ArchiveBar
from chatdesk.ui.composer.composer import Composer
from chatdesk.ui.conversation_header import ConversationHeader
from chatdesk.ui.empty_state import EmptyState
from chatdesk.ui.model_notice import ModelNotice
from chatdesk.ui.people.typing_line import TypingLine
from chatdesk.ui.search.find_bar import FindBar
from chatdesk.ui.sharing.lines import AnswerLine, ReaderLine
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import say


class ChatPane(QWidget):
    """Holds the parts in their order.

    ``header``, ``find_bar``, ``composer``, ``notice``, ``archived``, ``answers``, ``typing`` and ``reader``
    are public. Files may be dropped on all of it.
    """

    def __init__(self, theme: Theme, timeline: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = ConversationHeader(theme)
        self.find_bar = FindBar(theme)
        self.composer = Composer(theme)
        self.notice = ModelNotice(theme)
        self.archived = ArchiveBar(theme)
        self.answers = AnswerLine(theme)
        self.reader = ReaderLine(theme)
        self.typing = TypingLine()
        self._timeline = timeline
        self.setAcceptDrops(True)
        say(timeline.setAccessibleName, "Messages")
        self._empty = EmptyState()
        self._middle = QStackedWidget()
        self._middle.addWidget(self._empty)
        self._middle.addWidget(timeline)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.find_bar)
        column.addWidget(self._middle, 1)
        column.addWidget(self.archived)
        column.addWidget(self.notice)
        column.addWidget(self.answers)
        column.addWidget(self.typing)
        column.addWidget(self.composer)
        column.addWidget(self.reader)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.composer.isVisible():
            self.composer.dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self.composer.dropEvent(event)

    def show_timeline(self, shown: bool) -> None:
        """Show the timeline, or where no conversation is open the invitation to start one."""
        self._middle.setCurrentWidget(self._timeline if shown else self._empty)
