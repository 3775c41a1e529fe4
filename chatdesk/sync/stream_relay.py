"""Ephemerals on their way out: reply deltas and requests to stop, for whoever looks at the conversation."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from chatdesk.backend.base import Feed
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Broadcast, Delta
from chatdesk.domain.errors import ChatDeskError
from chatdesk.sync.deadline import deadline
from chatdesk.sync.part import Part

SEND_DEADLINE = 10.0

LONGEST_DELTA = 16_000
"""Characters to which deltas are joined while the one before is still being sent."""

MOST_WAITING = 256

LiveTopic = Callable[[str], tuple[Feed, str] | None]
"""Returns the feed and the joined ``:live`` topic of a conversation, or None."""


class StreamRelay(Part):
    """Sends what is never stored, in order, and loses it without regret.

    What cannot be sent now is worthless later: the row itself follows by the durable road. Deltas that wait
    are joined, so a slow link gets fewer and longer ones instead of a growing queue.
    """

    def __init__(self, *, clock: Clock, random: Random, live_topic: LiveTopic) -> None:
        super().__init__("stream relay", clock, random)
        self._live_topic = live_topic
        self._waiting: list[Broadcast] = []

    def send(self, change: Broadcast) -> None:
        """Queue ``change`` if anybody could hear it; never raises."""
        if not self.running or self._live_topic(change.conversation_id) is None:
            return
        last = self._waiting[-1] if self._waiting else None
        if isinstance(change, Delta) and isinstance(last, Delta) and _follows(change, last):
            self._waiting[-1] = Delta(
                last.conversation_id, last.message_id, last.offset, last.text + change.text
            )
        elif len(self._waiting) < MOST_WAITING:
            self._waiting.append(change)
        self.ring()

    async def round(self) -> None:
        await self.pause()
        while self._waiting:
            change = self._waiting.pop(0)
            live = self._live_topic(change.conversation_id)
            if live is None:
                continue
            feed, topic = live
            try:
                async with deadline(self.scope, self.clock, SEND_DEADLINE, "The server stopped answering."):
                    await feed.send(topic, change)
            except ChatDeskError:
                self._waiting.clear()
            self.touch()


def _follows(change: Delta, last: Delta) -> bool:
    return (
        change.message_id == last.message_id
        and change.offset == last.offset + len(last.text)
        and len(last.text) + len(change.text) <= LONGEST_DELTA
    )
