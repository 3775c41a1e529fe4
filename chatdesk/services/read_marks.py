"""Read marks, not more often than they are worth."""

from __future__ import annotations

from chatdesk.domain.change import ChangeSet
from chatdesk.domain.clock import Clock
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.mutations import MutationMaker
from chatdesk.sync.engine import SyncEngine

PAUSE_SECONDS = 2.0
"""One mark per conversation in this time: a mark costs a row, a counter and a frame for every own device."""


class ReadMarks:
    """Sends how far each conversation was read, merged over two seconds and only forwards."""

    def __init__(self, make: MutationMaker, engine: SyncEngine, clock: Clock, scope: TaskScope) -> None:
        self._make = make
        self._engine = engine
        self._clock = clock
        self._scope = scope
        self._known: dict[str, int] = {}
        self._wanted: dict[str, int] = {}

    def take_changes(self, changes: ChangeSet) -> None:
        """Learn how far other devices have read."""
        for change in changes.conversations:
            membership = change.entry.membership
            self._known[change.entry.id] = max(self._known.get(change.entry.id, 0), membership.last_read_seq)

    def seen(self, conversation_id: str) -> int:
        """Return the number up to which a conversation was read here or elsewhere, sent already or not."""
        return max(self._known.get(conversation_id, 0), self._wanted.get(conversation_id, 0))

    def read(self, conversation_id: str, seq: int) -> None:
        """Note that message number ``seq`` was seen."""
        if seq <= self.seen(conversation_id):
            return
        waiting = conversation_id in self._wanted
        self._wanted[conversation_id] = seq
        if not waiting:
            self._scope.start(self._send_later(conversation_id), "mark read")

    async def _send_later(self, conversation_id: str) -> None:
        await self._clock.sleep(PAUSE_SECONDS)
        seq = self._wanted.pop(conversation_id)
        if seq > self._known.get(conversation_id, 0):
            self._known[conversation_id] = seq
            await self._engine.submit(self._make.update_membership(conversation_id, {"last_read_seq": seq}))
