"""Which finished replies are worth a notification, and on which device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from chatdesk.config.options import NOTIFY_REPLIES
from chatdesk.domain.errors import ChatDeskError
from chatdesk.services.generation import GenerationService
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.preferences import PreferenceService


@dataclass(frozen=True, slots=True)
class ReplyAlert:
    """A reply has ended, well or not, in the conversation with this title (empty: it has none yet)."""

    conversation_id: str
    message_id: str
    title: str
    failed: bool


class ReplyAlerts(QObject):
    """Tells of the end of a reply, once, on the one instance that called the model for it.

    That is the instance in whose window Send was pressed: exactly one holds the lease of a reply, so no two
    processes and no two devices tell of the same one. Nothing is told while ``in_sight(conversation_id)``, of
    a reply that the user stopped, or with the option off. Signals: ``alerted(ReplyAlert)``.
    """

    alerted = Signal(object)

    def __init__(
        self,
        account: OpenAccount,
        generation: GenerationService,
        preferences: PreferenceService,
        in_sight: Callable[[str], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._account = account
        self._preferences = preferences
        self._in_sight = in_sight
        generation.reply_ended.connect(self._ended)

    def _ended(self, conversation_id: str, message_id: str, failed: bool) -> None:
        if self._preferences.get(NOTIFY_REPLIES) and not self._in_sight(conversation_id):
            self._account.start(self._tell(conversation_id, message_id, failed), "tell of a reply")

    async def _tell(self, conversation_id: str, message_id: str, failed: bool) -> None:
        try:
            entry = await self._account.store.entry(conversation_id)
        except ChatDeskError:
            return  # The store is closing or heals: a missing notification is not worth a failure.
        if entry is not None:
            self.alerted.emit(ReplyAlert(conversation_id, message_id, entry.conversation.title, failed))
