"""Which channels this instance should be in, and the road from there to here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from enum import StrEnum
from random import Random

from chatdesk.backend.base import ChannelState, Feed
from chatdesk.domain.change import ChangeSet, Verb
from chatdesk.domain.clock import Clock
from chatdesk.domain.conversation import Conversation
from chatdesk.domain.errors import Offline
from chatdesk.store.store import Store
from chatdesk.sync.deadline import deadline
from chatdesk.sync.part import Part

_log = logging.getLogger(__name__)

STAY = 0.15
"""Seconds the user must stay in a conversation before its channels are joined."""

MOST_LIVE = 4
"""Conversations whose channels are held at once, when a process has several windows; the others follow by
hints and pulls."""

STEP_DEADLINE = 15.0


class Standing(StrEnum):
    """How a channel stands here."""

    JOINING = "joining"
    JOINED = "joined"
    REFUSED = "refused"
    LEAVING = "leaving"


def conversation_topics(conversation: Conversation) -> tuple[str, str]:
    """Return the topic of a conversation's rows and the topic of what is never stored."""
    rows = f"conversation:{conversation.id}:{conversation.epoch}"
    return rows, rows + ":live"


def is_rows_topic(topic: str, conversation_id: str) -> bool:
    """Tell whether ``topic`` carries the rows of this conversation, in whatever epoch."""
    return topic.startswith(f"conversation:{conversation_id}:") and not topic.endswith(":live")


class Channels(Part):
    """Joins and leaves, one step at a time, until the feed's channels are the wanted ones.

    A topic is never joined before the server confirmed that it was left (the client library takes the late
    close of the old channel for the new one's), and never more are held than the wanted ones and the user's
    own. A refused topic is left alone until ``forgive``. A loss of a wanted topic is not repaired here:
    the whole feed is thrown away, since a second channel object of one topic on one socket is not reliable.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        random: Random,
        own_topic: str,
        on_joined: Callable[[str], None],
        on_lost: Callable[[str], None],
        on_moved: Callable[[], None],
    ) -> None:
        super().__init__("channels", clock, random)
        self._store = store
        self._own_topic = own_topic
        self._on_joined = on_joined
        self._on_lost = on_lost
        self._on_moved = on_moved
        self._feed: Feed | None = None
        self._standing: dict[str, Standing] = {}
        self._since: dict[str, float] = {}
        self._asked: tuple[str, ...] = ()
        self._asked_at = 0.0
        self._settled: tuple[str, ...] = ()
        self._topics: dict[str, tuple[str, str]] = {}
        """Of each conversation in which the user has stayed: the topic of its rows, and the live one."""

    @property
    def standing(self) -> dict[str, str]:
        """Each known topic and how it stands."""
        return {topic: standing.value for topic, standing in self._standing.items()}

    def live_topic(self, conversation_id: str) -> tuple[Feed, str] | None:
        """Return the feed and the joined ``:live`` topic of this conversation, or None."""
        if self._feed is None or conversation_id not in self._topics:
            return None
        live = self._topics[conversation_id][1]
        return (self._feed, live) if self._standing.get(live) is Standing.JOINED else None

    def attach(self, feed: Feed) -> None:
        """Use this feed, whose own channel is joined."""
        if feed is not self._feed:
            self._feed = feed
            self._standing = {self._own_topic: Standing.JOINED}
        self.forgive()

    def detach(self) -> None:
        """Forget the feed and all that was joined on it."""
        self._feed = None
        self._standing = {}

    def open(self, conversation_ids: Sequence[str]) -> None:
        """Want the channels of the first ``MOST_LIVE`` of these once the user has stayed with them."""
        asked = tuple(conversation_ids[:MOST_LIVE])
        if asked != self._asked:
            self._asked = asked
            self._asked_at = self.clock.monotonic()
            self.ring()

    def observe(self, changes: ChangeSet) -> None:
        """Follow the epochs of the open conversations, and their ends."""
        for change in changes.conversations:
            if change.entry.id in self._settled:
                gone = change.verb is Verb.REMOVED
                self._want(change.entry.id, None if gone else change.entry.conversation)

    def word(self, topic: str, state: str, reason: str | None) -> None:
        """Take the feed's word about a channel that is not the user's own."""
        if topic not in self._standing:
            return
        if state == ChannelState.JOINED:
            if self._standing[topic] is Standing.JOINING:
                self._standing[topic] = Standing.JOINED
                self._on_moved()
                for conversation_id, (rows, _live) in self._topics.items():
                    if topic == rows:
                        self._on_joined(conversation_id)
        elif state == ChannelState.REFUSED:
            self._standing[topic] = Standing.REFUSED
        elif self._standing[topic] is Standing.LEAVING:
            return
        elif topic in self._wanted():
            self._on_lost(reason or "A channel of the server was lost.")
            return
        else:
            del self._standing[topic]
        self.ring()

    def forgive(self) -> None:
        """Let refused topics be tried again: something changed since."""
        for topic in [t for t, standing in self._standing.items() if standing is Standing.REFUSED]:
            del self._standing[topic]
        self.ring()

    def stalled(self) -> str | None:
        now = self.clock.monotonic()
        for topic, standing in self._standing.items():
            if standing is Standing.JOINING and now - self._since.get(topic, now) > STEP_DEADLINE:
                return "a channel was neither joined nor refused"
        return super().stalled()

    async def round(self) -> None:
        await self._settle()
        while self._feed is not None and await self._step(self._feed):
            self.touch()

    async def _settle(self) -> None:
        """Wait for a word, and then until the user has stayed where they are."""
        await self.pause()
        while self._asked != self._settled:
            rest = self._asked_at + STAY - self.clock.monotonic()
            if rest > 0:
                await self.pause(rest)
                continue
            asked = self._asked
            entries = {each: await self._store.entry(each) for each in asked if each not in self._settled}
            self._settled = asked
            self._topics = {each: topics for each, topics in self._topics.items() if each in asked}
            for conversation_id, entry in entries.items():
                self._want(conversation_id, None if entry is None else entry.conversation)
            self.ring()

    def _wanted(self) -> tuple[str, ...]:
        """The topics to be in, those of the conversation that was looked at last first."""
        return tuple(topic for each in self._settled for topic in self._topics.get(each, ()))

    def _want(self, conversation_id: str, conversation: Conversation | None) -> None:
        before = self._topics.pop(conversation_id, None)
        after = None
        if conversation is not None and conversation.revision != 0 and conversation.deleted_at is None:
            after = self._topics[conversation_id] = conversation_topics(conversation)
        if after != before:
            self.ring()

    async def _step(self, feed: Feed) -> bool:
        """Join or leave one channel; tell whether there was one."""
        wanted = self._wanted()
        missing = [topic for topic in wanted if topic not in self._standing]
        surplus = [
            topic
            for topic, standing in self._standing.items()
            if topic not in wanted and topic != self._own_topic and standing is not Standing.LEAVING
        ]
        held = sum(standing is not Standing.REFUSED for standing in self._standing.values())
        try:
            if missing and held <= len(wanted):
                await self._join(feed, missing[0])
            elif surplus:
                await self._leave(feed, surplus[0])
            else:
                return False
        except Offline as lost:
            if feed is self._feed:
                self._on_lost(lost.message)
            return False
        return True

    async def _join(self, feed: Feed, topic: str) -> None:
        self._standing[topic] = Standing.JOINING
        self._since[topic] = self.clock.monotonic()
        async with deadline(self.scope, self.clock, STEP_DEADLINE, "The server stopped answering."):
            await feed.join(topic)

    async def _leave(self, feed: Feed, topic: str) -> None:
        if self._standing[topic] is Standing.REFUSED:
            del self._standing[topic]
            return
        self._standing[topic] = Standing.LEAVING
        self._on_moved()
        async with deadline(self.scope, self.clock, STEP_DEADLINE, "The server stopped answering."):
            await feed.leave(topic)
        if feed is self._feed:
            self._standing.pop(topic, None)
            self._since.pop(topic, None)
