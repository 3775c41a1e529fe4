"""What can be searched for from the window: everything in the palette, the open chat in the find bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from heapq import nlargest
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import DeliveryState
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.services.search import FindResults, SearchResults
from chatdesk.ui.actions.action_set import ActionSet
from chatdesk.ui.actions.groups import plain
from chatdesk.ui.actions.table import ACTIONS, ActionId, conversation_menu
from chatdesk.ui.search.find_bar import FindBar
from chatdesk.ui.theme.theme import Theme

if TYPE_CHECKING:
    from chatdesk.ui.search.palette import SearchPalette
    from chatdesk.ui.search.rows import Command

MARKED_MS = 8_000
"""How long the words of a message that was opened from the palette stay marked."""

_NOT_OFFERED = {ActionId.SEARCH, ActionId.FIND_OLDER, ActionId.FIND_NEWER, ActionId.FOCUS_COMPOSER}
_ABOUT_A_CHAT = {
    ActionId.RENAME_CHAT,
    ActionId.CHAT_SETTINGS,
    ActionId.PIN_CHAT,
    ActionId.UNPIN_CHAT,
    ActionId.ARCHIVE_CHAT,
    ActionId.UNARCHIVE_CHAT,
    ActionId.RETRY_CHAT,
    ActionId.DISCARD_CHAT,
    ActionId.DELETE_CHAT,
}


class SearchVerbs(QObject):
    """Opens palette and find bar, and says what is wanted of them.

    Signals: ``search_requested(text)`` and ``find_requested(conversation id, text)``, answered by
    ``show_results`` and ``show_found`` · ``open_requested(id)`` · ``message_requested(conversation id,
    message id)`` to be brought on screen · ``words_changed(text)`` what is to be marked in the messages.
    """

    search_requested = Signal(str)
    find_requested = Signal(str, str)
    open_requested = Signal(str)
    message_requested = Signal(str, str)
    words_changed = Signal(str)

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        conversations: ConversationListModel,
        actions: ActionSet,
        bar: FindBar,
        focus_composer: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(window)
        self._conversations = conversations
        self._actions = actions
        self._focus_composer = focus_composer
        self._conversation = ""
        self._sought = ""
        self._unmark = QTimer(self)
        self._unmark.setSingleShot(True)
        self._unmark.setInterval(MARKED_MS)
        self._unmark.timeout.connect(lambda: self.words_changed.emit(bar.query))
        self.bar = bar
        self._palette: SearchPalette | None = None
        self._window, self._theme, self._now = window, theme, now
        bar.find_requested.connect(self._find)
        bar.match_wanted.connect(lambda which: self.message_requested.emit(self._conversation, which))
        bar.closed.connect(self._bar_closed)
        actions.chosen.connect(self._other_chosen)

    @property
    def palette(self) -> SearchPalette:
        """The palette; made when it is needed first."""
        from chatdesk.ui.search.palette import SearchPalette

        if self._palette is None:
            made = SearchPalette(self._window, self._theme, self._recent, self._commands, self._now)
            made.search_requested.connect(self.search_requested)
            made.conversation_chosen.connect(self.open_requested)
            made.message_chosen.connect(self._show_hit)
            # Queued: the palette is gone, and the focus back, before the command is carried out.
            made.command_chosen.connect(self._trigger, Qt.ConnectionType.QueuedConnection)
            self._palette = made
        return self._palette

    # Facts

    def show_results(self, results: SearchResults) -> None:
        """Show what a search of everything found."""
        if self._palette is not None:
            self._palette.show_results(results)

    def show_found(self, found: FindResults) -> None:
        """Show which messages of the open chat match."""
        if found.conversation_id == self._conversation:
            self.bar.show_results(found)

    def conversation_shown(self, conversation_id: str) -> None:
        """Another chat is open: an open find bar searches it, or goes where there is none."""
        if conversation_id == self._conversation:
            return
        self._conversation = conversation_id
        if self._sought != conversation_id:
            self._sought = ""
            self.words_changed.emit(self.bar.query)
        if self.bar.isHidden():
            return
        if conversation_id:
            self.bar.ask()
        else:
            self.bar.dismiss()

    # What the user does

    def search_messages(self, text: str) -> None:
        """Open the palette with what was looked for among the titles."""
        self.palette.open(text)

    def carry_out(self, action: ActionId) -> bool:
        """Do what ``action`` means for the search; False when it is not about that."""
        match action:
            case ActionId.SEARCH:
                self.palette.dismiss() if self.palette.isVisible() else self.palette.open()
            case ActionId.FIND:
                self.bar.open()
            case ActionId.FIND_OLDER | ActionId.FIND_NEWER:
                if self.bar.isHidden():
                    self.bar.open()
                else:
                    self.bar.go(1 if action is ActionId.FIND_OLDER else -1)
            case _:
                return False
        return True

    def _show_hit(self, conversation_id: str, message_id: str, text: str) -> None:
        self._sought = conversation_id
        self._focus_composer()
        if self.bar.isHidden():
            self.words_changed.emit(text)
            self._unmark.start()
        self.message_requested.emit(conversation_id, message_id)

    def _find(self, text: str) -> None:
        self._sought = ""
        self._unmark.stop()
        self.words_changed.emit(text)
        self.find_requested.emit(self._conversation, text)

    def _bar_closed(self) -> None:
        self.words_changed.emit("")
        self.find_requested.emit(self._conversation, "")
        self._focus_composer()

    def _trigger(self, action: ActionId) -> None:
        self._actions[action].trigger()

    def _other_chosen(self, action: ActionId) -> None:
        if action is not ActionId.SEARCH and self._palette is not None:
            self._palette.dismiss()

    def _recent(self, most: int) -> Sequence[ConversationEntry]:
        """The chats one may want to go back to: the newest ones, without the one that is open."""
        active = self._conversations.active
        others = (entry for entry in self._conversations.current() if entry.id != active)
        return nlargest(most, others, key=lambda entry: entry.conversation.updated_at)

    def _commands(self) -> Sequence[Command]:
        from chatdesk.ui.search.rows import Command

        entry = self._conversations.entry(self._conversations.active)
        about = set(
            ()
            if entry is None
            else conversation_menu(
                pinned=entry.membership.pinned,
                failed=entry.delivery is DeliveryState.FAILED,
                archived=entry.membership.archived,
            )
        )
        offered = []
        for which, row in ACTIONS.items():
            action = self._actions[which]
            fits = which not in _ABOUT_A_CHAT or which in about
            if fits and which not in _NOT_OFFERED and action.isEnabled():
                keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                offered.append(Command(which, plain(action.text()), row.icon or "chevron-right", keys))
        return offered
