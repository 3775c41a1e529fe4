"""What a core's listener keeps: the screen as the change sets build it, and every rule they broke."""

from __future__ import annotations

import time
from collections import Counter

from chatdesk.domain.change import ChangeSet, MessageChange, Verb
from chatdesk.domain.ephemeral import Ephemeral
from chatdesk.domain.message import DeliveryState, Message
from chatdesk.domain.session import LinkState, SyncState
from tests.faults.accept_log import fingerprint


class Watch:
    """A ``SyncListener`` that builds the timeline from changes alone and judges each of them.

    ``faults`` are the broken rules: a bubble that is there twice, an older text after a newer one, a deleted
    message that comes back, a number that changes. ``raising`` makes the next changes fail in the listener.
    """

    def __init__(self) -> None:
        self.shown: dict[str, Message] = {}
        self.faults: list[str] = []
        self.states: list[tuple[float, SyncState]] = []
        self.seen: dict[str, float] = {}
        """When each text (by hash) came first, on ``time.monotonic``."""
        self.moves: Counter[str] = Counter()
        """How often the place of each message changed after it was first shown."""
        self.raising = 0
        self.changes = 0
        self.longest_stall = 0.0
        self._texts: dict[str, str] = {}
        self._waits_since: float | None = None

    def load(self, message: Message) -> None:
        """Take what the store already has at the start."""
        self.shown[message.id] = message
        self._texts[fingerprint(message.content)] = message.id

    def changes_applied(self, changes: ChangeSet) -> None:
        self.changes += 1
        self._progress()
        for conversation in changes.conversations:
            if conversation.verb is Verb.REMOVED:
                gone = conversation.entry.id
                self.shown = {k: m for k, m in self.shown.items() if m.conversation_id != gone}
        for change in changes.messages:
            self._judge(change)
        if self.raising:
            self.raising -= 1
            raise RuntimeError("a listener that fails")

    def state_changed(self, state: SyncState) -> None:
        self.states.append((time.monotonic(), state))
        self._progress()

    def ephemeral_received(self, change: Ephemeral) -> None:
        return

    @property
    def state(self) -> SyncState:
        """The newest state."""
        return self.states[-1][1] if self.states else SyncState(LinkState.STARTING)

    def stall(self) -> float:
        """Return the longest time with a healthy link and waiting changes in which nothing moved."""
        if self._waits_since is not None:
            self.longest_stall = max(self.longest_stall, time.monotonic() - self._waits_since)
        return self.longest_stall

    def _progress(self) -> None:
        self.stall()
        waits = self.state.link is LinkState.CONNECTED and self.state.pending > 0
        self._waits_since = time.monotonic() if waits else None

    def _judge(self, change: MessageChange) -> None:
        message, before = change.message, self.shown.get(change.message.id)
        if change.verb is Verb.REMOVED:
            self.shown.pop(message.id, None)
            return
        if change.verb is Verb.ADDED and before is not None:
            self.faults.append(f"{message.id} was added though it was there")
        self.shown[message.id] = message
        if before is not None:
            self._judge_next(before, message)
        if message.deleted_at is None and message.role == "user":
            mark = fingerprint(message.content)
            self.seen.setdefault(mark, time.monotonic())
            other = self._texts.setdefault(mark, message.id)
            if other != message.id and other in self.shown and self.shown[other].content == message.content:
                self.faults.append(f"one text in two bubbles: {other} and {message.id}")

    def _judge_next(self, before: Message, after: Message) -> None:
        if after.revision < before.revision:
            self.faults.append(f"{after.id} went back from revision {before.revision} to {after.revision}")
        self.moves[after.id] += after.seq != before.seq
        if before.seq is not None and after.seq != before.seq:
            self.faults.append(f"{after.id} moved from {before.seq} to {after.seq}")
        sure = before.delivery is after.delivery is DeliveryState.SENT
        if sure and before.deleted_at is not None and after.deleted_at is None:
            self.faults.append(f"{after.id} came back from the dead")
