"""The link's supervisor: walks the state table, one connection at a time, for as long as the engine lives."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from random import Random
from typing import Protocol

from chatdesk.backend.base import ChannelListener, Feed, FeedFactory, FrameListener, TokenSource
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.session import LinkState
from chatdesk.runtime.tasks import TaskScope
from chatdesk.sync.connection import Connection
from chatdesk.sync.link_table import TABLE, LinkAction, LinkEvent
from chatdesk.sync.needs import Done
from chatdesk.sync.retry import HOPEFUL, Backoff

_log = logging.getLogger(__name__)

HEALTHY_AFTER = 60.0
"""Seconds of being connected after which the next loss starts again from the shortest wait."""

_DOWN = frozenset({LinkState.OFFLINE, LinkState.CONNECTING})
"""Between these ``since`` stays: an attempt in vain does not make the outage a new one."""

EASED = 2
"""Attempts that still count once a connection has caught up: the next loss waits 4 seconds at most. A server
that lets us in is there; more is only for one that does not."""

LOOK_EVERY = 3.0
"""Seconds between two looks for a server that does not answer at all. With ``SPREAD`` and a connection's own
time this finds one that is back within ten, however long the wait has become."""

SPREAD = 5.0
"""Seconds over which those who found the server back return to it: 200 of them make 40 joins a second."""

RETURNED = 3
"""Attempts that still count against a server that was away and is back."""

_KEEPS_REASON = frozenset({LinkState.CONNECTING})


class LinkOwner(Protocol):
    """What the link asks of the engine; every call returns at once."""

    def link_changed(self) -> None:
        """``state``, ``reason`` or ``since`` of the link changed."""
        ...

    def feed_ready(self, feed: Feed) -> None:
        """The user's channel of this feed is joined; other channels may follow."""
        ...

    def feed_dropped(self) -> None:
        """The feed is of no more use."""
        ...

    def catch_up(self, done: Done | None, at_once: bool) -> None:
        """Pull everything newer than the cursors; call ``done`` when that has ended, or failed."""
        ...

    def token_renewed(self) -> None:
        """The channels have a fresh token."""
        ...


class Link:
    """Keeps one living feed, whatever happens to it.

    ``post`` is the only way in. It looks up the cell of the state table and carries out its action; actions
    only start work, so a word never waits for another.
    """

    def __init__(
        self,
        *,
        user_id: str,
        feed_factory: FeedFactory,
        tokens: TokenSource,
        clock: Clock,
        random: Random,
        owner: LinkOwner,
        on_frame: FrameListener,
        on_channel: ChannelListener,
    ) -> None:
        self.state = LinkState.STARTING
        self.reason: str | None = None
        self.since: datetime = clock.now()
        self._user_id = user_id
        self._factory = feed_factory
        self._tokens = tokens
        self._clock = clock
        self._random = random
        self._owner = owner
        self._on_frame = on_frame
        self._on_channel = on_channel
        self._backoff = Backoff(random, HOPEFUL)
        self._scope = TaskScope("link")
        self._connection: Connection | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.Task[None] | None = None
        self._healthy_since: float | None = None
        self._joins = 0
        self._pass_outstanding = False
        self._wish: float | None = None

    @property
    def attempts(self) -> int:
        """Attempts since the link was last healthy."""
        return self._backoff.attempts

    @property
    def connection(self) -> Connection | None:
        return self._connection

    @property
    def task_count(self) -> int:
        return self._scope.count

    def seconds_since_beat(self) -> float | None:
        """Seconds since the server last answered a beat of this connection."""
        beat = self._connection.last_beat if self._connection is not None else None
        return None if beat is None else round(self._clock.monotonic() - beat, 1)

    def post(self, event: LinkEvent, reason: str | None = None) -> None:
        """Tell the link what happened."""
        cell = TABLE[self.state, event]
        if cell.state is self.state and cell.action is LinkAction.NOTHING:
            return
        _log.debug("Link: %s in %s: %s, %s", event, self.state, cell.state, cell.action)
        changed = cell.state is not self.state
        if changed and not (self.state in _DOWN and cell.state in _DOWN):
            self.since = self._clock.now()
        new_reason = reason if reason is not None or cell.state not in _KEEPS_REASON else self.reason
        changed = changed or new_reason != self.reason
        self.state, self.reason = cell.state, new_reason
        self._act(cell.action)
        if changed:
            self._owner.link_changed()

    async def close(self) -> None:
        """Stop for good and wait until nothing of it is left."""
        self.post(LinkEvent.STOPPED)
        await self._wait_for_closings()
        await self._scope.close()

    def _act(self, action: LinkAction) -> None:
        match action:
            case LinkAction.CONNECT:
                self._drop()
                self._connect()
            case LinkAction.CATCH_UP:
                self._joins += 1
                self._pass_outstanding = False
                if self._connection is not None and self._connection.feed is not None:
                    self._owner.feed_ready(self._connection.feed)
                self._pull(at_once=True)
            case LinkAction.CHECK:
                self._probe()
                self._pull(at_once=True)
            case LinkAction.PROBE:
                self._probe()
                self._pull(at_once=False)
            case LinkAction.SETTLE:
                self._healthy_since = self._clock.monotonic()
                self._backoff.ease(EASED)
            case LinkAction.WAIT:
                self._drop()
                self._timer = self._scope.start(self._wait(self._backoff.next(self._wish)), "wait")
            case LinkAction.HOLD | LinkAction.END:
                self._drop()
            case LinkAction.NOTHING:
                pass

    def _connect(self) -> None:
        self._connection = Connection(
            user_id=self._user_id,
            factory=self._factory,
            tokens=self._tokens,
            clock=self._clock,
            random=self._random,
            report=self._heard,
            on_frame=self._on_frame,
            on_channel=self._on_channel,
            on_new_token=self._owner.token_renewed,
            predecessors_closed=self._wait_for_closings,
        )
        self._connection.start()

    def _drop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._healthy_since is not None:
            if self._clock.monotonic() - self._healthy_since >= HEALTHY_AFTER:
                self._backoff.reset()
            self._healthy_since = None
        self._pass_outstanding = False
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.drop()
        closing = self._scope.start(connection.close(), "close")
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        self._owner.feed_dropped()

    async def _wait_for_closings(self) -> None:
        """Let feeds thrown away be gone first: there is never more than one websocket."""
        while self._closing:
            await asyncio.wait(set(self._closing))

    async def _wait(self, seconds: float) -> None:
        """Wait, but no longer than it takes to notice that a server that was away is back.

        One that listens and refuses is left in peace for the whole wait; only who does not listen is looked
        for, since nobody else would tell that it is back.
        """
        ends, away = self._clock.monotonic() + seconds, False
        while (left := ends - self._clock.monotonic()) > SPREAD:
            there = await self._factory.reachable()
            if there and away:
                self._backoff.ease(RETURNED)
                left = min(left, self._random.uniform(0, SPREAD))
                break
            away = not there
            await self._clock.sleep(min(LOOK_EVERY, left))
        await self._clock.sleep(left)
        self._timer = None
        self.post(LinkEvent.DUE)

    def _heard(self, source: Connection, event: LinkEvent, reason: str | None, wish: float | None) -> None:
        if source is self._connection:
            self._wish = wish
            self.post(event, reason)
            self._wish = None

    def _probe(self) -> None:
        if self._connection is not None:
            self._connection.check()

    def _pull(self, at_once: bool) -> None:
        """Ask for a catch-up whose end counts only if no later join made it stale."""
        if self.state is not LinkState.CATCHING_UP:
            self._owner.catch_up(None, at_once)
            return
        joins = self._joins

        def done(failure: ChatDeskError | None) -> None:
            if joins == self._joins and self._pass_outstanding:
                self._pass_outstanding = False
                if failure is None:
                    self.post(LinkEvent.CAUGHT_UP)

        if self._pass_outstanding:
            self._owner.catch_up(None, at_once)
        else:
            self._pass_outstanding = True
            self._owner.catch_up(done, at_once)
