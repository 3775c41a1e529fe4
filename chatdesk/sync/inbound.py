"""What the feed tells: taken in bunches, put in order, stored in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from random import Random

from chatdesk.domain.change import ChangeSet, EntityChanged, EntityKind, MessageChanged, RemoteChange
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Ephemeral
from chatdesk.store.store import Store
from chatdesk.sync.part import Part

_log = logging.getLogger(__name__)

FRAME = 0.016
"""Seconds between two transactions: one screen refresh."""

MOST_WAITING = 10_000
"""Frames kept while the store is busy; beyond that they are dropped and pulled instead."""


def in_order(events: Iterable[RemoteChange]) -> list[RemoteChange]:
    """Sort a bunch so that contiguous revisions follow each other.

    The user's channel and a conversation's channel race. Entities go by user revision; the messages of a
    conversation go before the first entity that already counts them, the others at the end.
    """
    entities = sorted(
        (event for event in events if isinstance(event, EntityChanged)), key=lambda e: e.user_revision
    )
    waiting: dict[str, list[MessageChanged]] = {}
    messages = (event for event in events if isinstance(event, MessageChanged))
    for message in sorted(messages, key=lambda m: m.revision):
        waiting.setdefault(message.conversation_id, []).append(message)
    ordered: list[RemoteChange] = []
    for entity in entities:
        if entity.kind is EntityKind.CONVERSATION:
            ahead = waiting.get(entity.entity_id, [])
            while ahead and ahead[0].revision <= entity.entity_revision:
                ordered.append(ahead.pop(0))
        ordered.append(entity)
    for rest in waiting.values():
        ordered += rest
    return ordered


class Inbound(Part):
    """The queue between the feed's callbacks and the store.

    ``take`` only queues, so nothing that happens here can harm the feed's reader. The first frame after a
    silence is stored at once; while frames keep coming, one transaction per screen refresh takes all of them.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        random: Random,
        publish: Callable[[ChangeSet], None],
        forward: Callable[[Ephemeral], None],
        on_user_gap: Callable[[int], None],
        on_conversation_gap: Callable[[str, int], None],
        on_loss: Callable[[], None],
    ) -> None:
        super().__init__("inbound", clock, random)
        self._store = store
        self._publish = publish
        self._forward = forward
        self._on_user_gap = on_user_gap
        self._on_conversation_gap = on_conversation_gap
        self._on_loss = on_loss
        self._waiting: list[RemoteChange | Ephemeral] = []
        self.last_event: tuple[float, str] | None = None

    def take(self, frame: RemoteChange | Ephemeral) -> None:
        """Queue a frame; called by the feed, never raises."""
        if not self.running:
            return
        self.last_event = (self.clock.monotonic(), _kind(frame))
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self._on_loss()
        self._waiting.append(frame)
        self.ring()

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()

    async def round(self) -> None:
        await self.pause()
        began = self.clock.monotonic()
        bunch, self._waiting = self._waiting, []
        events = [frame for frame in bunch if isinstance(frame, EntityChanged | MessageChanged)]
        if events:
            try:
                await self._store_events(in_order(events))
            except BaseException:
                self._on_loss()
                raise
        for frame in bunch:
            if not isinstance(frame, EntityChanged | MessageChanged):
                self._forward(frame)
        self._busy_since = None
        rest = FRAME - (self.clock.monotonic() - began)
        if rest > 0:
            await self.clock.sleep(rest)

    async def _store_events(self, events: Sequence[RemoteChange]) -> None:
        changes, gaps = await self._store.apply_events(events)
        self._publish(changes)
        if gaps.user:
            self._on_user_gap(max(e.user_revision for e in events if isinstance(e, EntityChanged)))
        for conversation_id in sorted(gaps.conversations):
            self._on_conversation_gap(conversation_id, _highest(conversation_id, events))


def _highest(conversation_id: str, events: Sequence[RemoteChange]) -> int:
    """The newest revision of the conversation that the events know of."""
    highest = 0
    for event in events:
        if isinstance(event, MessageChanged):
            if event.conversation_id == conversation_id:
                highest = max(highest, event.revision)
        elif event.kind is EntityKind.CONVERSATION and event.entity_id == conversation_id:
            highest = max(highest, event.entity_revision)
    return highest


def _kind(frame: RemoteChange | Ephemeral) -> str:
    if isinstance(frame, EntityChanged):
        return "hint" if frame.last_seq is not None else str(frame.kind)
    if isinstance(frame, MessageChanged):
        return "message"
    return type(frame).__name__
