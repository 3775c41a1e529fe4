"""What a user does with a whole conversation, beside opening, naming and deleting it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.clock import Clock
from chatdesk.domain.mutation import Mutation
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.deletions import Deletions
from chatdesk.services.mutations import MutationMaker


class ConversationEdits(QObject):
    """Pins, archives, deletes with a way back, and chooses models.

    A deletion is held back in memory for ``UNDO_SECONDS`` and becomes a change like any other when they are
    over, or when the account is closed. Who is killed meanwhile has deleted nothing: the conversation is
    there again at the next start. So nothing is ever deleted that could not be taken back for all of the
    promised time, and other windows see it go when it is final.

    ``leaving_changed(frozenset)`` tells the ids of the conversations that are about to be deleted.
    """

    leaving_changed = Signal(object)

    def __init__(
        self, submit: Callable[[Mutation], asyncio.Task[Any] | None], clock: Clock, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._submit = submit
        self._clock = clock
        self._leaving: frozenset[str] = frozenset()
        self._going: set[str] = set()
        """No longer to be undone, and not yet on the disk."""
        self._make: MutationMaker | None = None
        self._deletions: Deletions | None = None

    def attach(self, make: MutationMaker, scope: TaskScope) -> None:
        """Serve an account."""
        self._make = make
        self._deletions = Deletions(self._clock, scope, self._delete, self._tell)

    def detach(self) -> None:
        """Stop serving; what was to be deleted is deleted now."""
        if self._deletions is not None:
            self._deletions.flush()
        self._make = self._deletions = None

    def pin(self, conversation_id: str, pinned: bool) -> None:
        """Keep a conversation at the top of the own list, or no longer."""
        self._change_membership(conversation_id, "pinned", pinned)

    def archive(self, conversation_id: str, archived: bool) -> None:
        """Put a conversation into the own archive, or take it out again; other members keep it as it is."""
        self._change_membership(conversation_id, "archived", archived)

    def choose_model(self, conversation_id: str, model: str) -> None:
        """Have replies in a conversation come from ``model``, in every window and on every device."""
        if self._make is not None:
            self._submit(self._make.update_conversation(conversation_id, {"model": model}))

    def delete_soon(self, conversation_id: str) -> None:
        """Delete a conversation in a few seconds; ``leaving_changed`` follows at once."""
        if self._deletions is not None:
            self._deletions.delete(conversation_id, conversation_id)

    def undo_delete(self, conversation_id: str) -> None:
        """Keep a conversation that is about to be deleted; too late is nothing to do."""
        if self._deletions is not None:
            self._deletions.undo(conversation_id)

    def _change_membership(self, conversation_id: str, name: str, value: bool) -> None:
        if self._make is not None:
            self._submit(self._make.update_membership(conversation_id, {name: value}))

    def _delete(self, conversation_id: str, _same: str) -> None:
        if self._make is None:
            return
        self._going.add(conversation_id)
        writing = self._submit(self._make.delete_conversation(conversation_id))
        if writing is not None:
            writing.add_done_callback(lambda _writing: self._gone(conversation_id))

    def _gone(self, conversation_id: str) -> None:
        """It is off the list because of the change itself now; or it comes back, if the disk refused it."""
        self._going.discard(conversation_id)
        self._tell(self._leaving)

    def _tell(self, leaving: frozenset[str]) -> None:
        self._leaving = leaving
        self.leaving_changed.emit(leaving | self._going)
