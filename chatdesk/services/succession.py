"""Chats that became the user's: whoever owned one handed it over or has no account any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.change import ChangeSet, Verb
from chatdesk.domain.conversation import MemberRole
from chatdesk.services.open_account import OpenAccount


class Once(Protocol):
    """What was told on this computer, by whichever window. Both block."""

    def first(self, conversation_id: str) -> bool:
        """Note it, and say whether it was not noted before."""
        ...

    def forget(self, conversation_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Inherited:
    """A conversation that is the user's now."""

    conversation_id: str
    title: str


class Succession(QObject):
    """Tells of it once on a computer: ``inherited(Inherited)``.

    A role that grew while nobody was here is seen like any other, by the first catch-up after it: the row
    that is replaced says what it was. A conversation that comes as the user's own is no news.
    """

    inherited = Signal(object)

    def __init__(self, account: OpenAccount, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._account = account
        self._once: Once | None = None
        account.changes_applied.connect(self._take)

    def attach(self, once: Once) -> None:
        """Serve the account that is about to be open."""
        self._once = once

    def _take(self, changes: ChangeSet) -> None:
        once = self._once
        for change in changes.conversations:
            if once is None or change.verb is not Verb.CHANGED or "role" not in change.fields:
                continue
            about, title = change.entry.id, change.entry.conversation.title
            if change.entry.membership.role is MemberRole.OWNER:
                self._account.start(self._tell(once, Inherited(about, title)), "tell of an inheritance")
            else:
                self._account.start(asyncio.to_thread(once.forget, about), "forget an inheritance")

    async def _tell(self, once: Once, what: Inherited) -> None:
        if await asyncio.to_thread(once.first, what.conversation_id):
            self.inherited.emit(what)
