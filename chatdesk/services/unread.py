"""How many conversations have something unread."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.change import ChangeSet, Verb
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.services.loaded import EntriesLoaded
from chatdesk.services.open_account import OpenAccount


class Unread(QObject):
    """Counts them for the whole process; those in the archive do not count. Signals: ``changed(int)``."""

    changed = Signal(int)

    def __init__(self, account: OpenAccount, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._unread: set[str] = set()
        account.entries_loaded.connect(self._load)
        account.changes_applied.connect(self._apply)
        account.closed.connect(lambda: self._become(set()))

    @property
    def count(self) -> int:
        return len(self._unread)

    def _load(self, loaded: EntriesLoaded) -> None:
        self._become({entry.id for entry in loaded.entries if _counts(entry)})

    def _apply(self, changes: ChangeSet) -> None:
        unread = set(self._unread)
        for change in changes.conversations:
            counts = change.verb is not Verb.REMOVED and _counts(change.entry)
            (unread.add if counts else unread.discard)(change.entry.id)
        self._become(unread)

    def _become(self, unread: set[str]) -> None:
        before, self._unread = len(self._unread), unread
        if len(unread) != before:
            self.changed.emit(len(unread))


def _counts(entry: ConversationEntry) -> bool:
    return entry.unread and not entry.membership.archived and entry.conversation.deleted_at is None
