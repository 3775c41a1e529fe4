"""What can be done with one conversation, from wherever it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.message import DeliveryState
from chatdesk.language.door import _
from chatdesk.models.conversation_list import NEW_TITLE, ConversationListModel
from chatdesk.ui.actions.table import ActionId, conversation_menu
from chatdesk.ui.conversations.list_view import ConversationListView
from chatdesk.ui.sharing.verbs import SharingVerbs
from chatdesk.ui.theme.theme import Theme

if TYPE_CHECKING:
    from chatdesk.ui.dialogs.conversation_settings import ConversationSettings


class ConversationVerbs(QObject):
    """Turns a chosen action about a conversation into the matching request.

    Signals: ``pin_requested(id, pinned)``, ``archive_requested(id, archived)``, ``delete_requested(id)`` for
    a deletion that can be undone for a while, ``export_requested(ActionId, id)``, ``update_requested(id,
    dict)`` with what its settings change, ``retry_requested(id)``, ``discard_requested(id)``. Renaming starts
    in the list, which asks for the rest.
    """

    pin_requested = Signal(str, bool)
    archive_requested = Signal(str, bool)
    delete_requested = Signal(str)
    export_requested = Signal(object, str)
    retry_requested = Signal(str)
    update_requested = Signal(str, object)
    discard_requested = Signal(str)

    def __init__(
        self, window: QWidget, theme: Theme, conversations: ConversationListModel, view: ConversationListView
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._conversations = conversations
        self._view = view
        self.people: SharingVerbs | None = None
        """Who is asked first: what concerns people, and what a guest does instead of deleting."""
        self.settings: ConversationSettings | None = None
        """The dialog that was opened last."""
        view.menu_requested.connect(self.open_menu)
        view.delete_requested.connect(lambda which: self.carry_out(ActionId.DELETE_CHAT, which))

    def open_menu(self, conversation_id: str, at: QPoint) -> None:
        """Open the menu of a conversation at a global point."""
        from chatdesk.ui.actions.menus import open_target_menu

        entry = self._conversations.entry(conversation_id)
        if entry is None:
            return
        rows = conversation_menu(
            pinned=entry.membership.pinned,
            failed=entry.delivery is DeliveryState.FAILED,
            archived=entry.membership.archived,
            guest=entry.membership.role is not MemberRole.OWNER,
            reader=entry.membership.role is MemberRole.VIEWER,
        )
        title = entry.conversation.title or _(NEW_TITLE)
        open_target_menu(
            rows,
            self._theme.tokens,
            lambda action: self.carry_out(action, conversation_id),
            self._window,
            _("Menu of “{title}”").format(title=title),
            at,
        )

    def carry_out(self, action: ActionId, conversation_id: str) -> bool:
        """Do what ``action`` means for a conversation; False when it is not about conversations."""
        if self.people is not None and self.people.carry_out(action, conversation_id):
            return True
        match action:
            case ActionId.RENAME_CHAT:
                self._view.rename(conversation_id)
            case ActionId.CHAT_SETTINGS:
                self._open_settings(conversation_id)
            case ActionId.PIN_CHAT | ActionId.UNPIN_CHAT:
                self.pin_requested.emit(conversation_id, action is ActionId.PIN_CHAT)
            case ActionId.ARCHIVE_CHAT | ActionId.UNARCHIVE_CHAT:
                self._archive(conversation_id)
            case ActionId.EXPORT_MARKDOWN | ActionId.EXPORT_JSON:
                self.export_requested.emit(action, conversation_id)
            case ActionId.RETRY_CHAT:
                self.retry_requested.emit(conversation_id)
            case ActionId.DISCARD_CHAT:
                self.discard_requested.emit(conversation_id)
            case ActionId.DELETE_CHAT:
                if self._conversations.entry(conversation_id) is not None:
                    self.delete_requested.emit(conversation_id)
            case _:
                return False
        return True

    def _open_settings(self, conversation_id: str) -> None:
        from chatdesk.ui.dialogs.conversation_settings import ConversationSettings

        entry = self._conversations.entry(conversation_id)
        if entry is None:
            return
        self.settings = ConversationSettings(self._theme, entry.conversation, self._window)
        self.settings.save_requested.connect(
            lambda updates: self.update_requested.emit(conversation_id, updates)
        )
        self.settings.open()

    def _archive(self, conversation_id: str) -> None:
        """Into the archive or out of it: one shortcut serves both."""
        entry = self._conversations.entry(conversation_id)
        if entry is not None:
            self.archive_requested.emit(conversation_id, not entry.membership.archived)
