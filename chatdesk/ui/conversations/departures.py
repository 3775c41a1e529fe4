"""Chats that just left the list: each can be brought back for a while."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from chatdesk.language.door import _
from chatdesk.models.conversation_list import NEW_TITLE, ConversationListModel
from chatdesk.ui.conversation_verbs import ConversationVerbs
from chatdesk.ui.notices import NoticeStack, Toast


class Departures(QObject):
    """Says of each chat that was deleted or archived here that it went, and offers to undo it.

    ``undo_requested(id)``: keep this chat, whose deletion is not final yet. ``open_chat(id)`` is called with
    nothing when the open one is deleted, and with the chat when that is undone.
    """

    undo_requested = Signal(str)

    def __init__(
        self,
        verbs: ConversationVerbs,
        conversations: ConversationListModel,
        notices: NoticeStack,
        open_chat: Callable[[str], None],
    ) -> None:
        super().__init__(verbs)
        self._verbs = verbs
        self._conversations = conversations
        self._notices = notices
        self._open = open_chat
        self._ways_back: list[tuple[str, Callable[[], None], Toast | None]] = []
        verbs.delete_requested.connect(self._deleting)
        verbs.archive_requested.connect(self._archiving)
        conversations.removed.connect(self._forget)

    def undo_last(self) -> None:
        """Bring back the chat that left last, as far as that is still possible."""
        if self._ways_back:
            _id, undo, notice = self._ways_back[-1]
            undo()
            if notice is not None and notice in self._notices.toasts:
                notice.dismiss()

    def _deleting(self, conversation_id: str) -> None:
        was_open = self._conversations.active == conversation_id

        def undo() -> None:
            self._forget(conversation_id)
            self.undo_requested.emit(conversation_id)
            if was_open and not self._conversations.active:
                self._open(conversation_id)

        self._offer(conversation_id, _("“{title}” was deleted."), undo)
        if was_open:
            self._open("")

    def _archiving(self, conversation_id: str, archived: bool) -> None:
        self._forget(conversation_id)
        if not archived:
            return

        def undo() -> None:
            self._forget(conversation_id)
            self._verbs.archive_requested.emit(conversation_id, False)

        self._offer(conversation_id, _("“{title}” was archived."), undo)

    def _offer(self, conversation_id: str, words: str, undo: Callable[[], None]) -> None:
        entry = self._conversations.entry(conversation_id)
        title = (entry.conversation.title if entry is not None else "") or _(NEW_TITLE)
        notice = self._notices.tell(words.format(title=title), action=(_("Undo"), undo), again=True)
        self._ways_back.append((conversation_id, undo, notice))

    def _forget(self, conversation_id: str) -> None:
        self._ways_back = [way for way in self._ways_back if way[0] != conversation_id]
