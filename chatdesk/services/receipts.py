"""How far others have read, and whether there are others."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.ephemeral import Ephemeral, MemberMarks
from chatdesk.services.circle import Circle, Switch
from chatdesk.services.open_account import OpenAccount


class ReceiptService(QObject):
    """Keeps the last answer about each conversation while the account is open.

    Signal ``changed(str)``: a conversation whose marks, or whose members, are others now.
    """

    changed = Signal(str)

    def __init__(self, account: OpenAccount, circle: Circle, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._circle = circle
        self._known: dict[str, MemberMarks] = {}
        account.company_told.connect(self._take)
        account.closed.connect(self._known.clear)
        circle.changed.connect(self._recheck)

    def marks(self, conversation_id: str) -> Mapping[str, int]:
        """Return how far each of the others has read who shows it, while the user does."""
        known = self._known.get(conversation_id)
        marks = known.marks if known is not None else {}
        return {each: seq for each, seq in marks.items() if self._circle.shown(each, Switch.READING)}

    def in_company(self, conversation_id: str) -> bool:
        """Tell whether the conversation is known to have other members."""
        known = self._known.get(conversation_id)
        return known is not None and known.members > 1

    def _take(self, change: Ephemeral) -> None:
        if isinstance(change, MemberMarks) and self._known.get(change.conversation_id) != change:
            self._known[change.conversation_id] = change
            self.changed.emit(change.conversation_id)

    def _recheck(self) -> None:
        for conversation_id in list(self._known):
            self.changed.emit(conversation_id)
