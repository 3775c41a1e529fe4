"""One feed from its birth to its end: opened with a fresh token, joined, listened to for its heartbeat."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from chatdesk.backend.base import ChannelListener, ChannelState, Feed, FeedFactory, FrameListener, TokenSource
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Retryable
from chatdesk.domain.token import token_life
from chatdesk.runtime.tasks import TaskScope
from chatdesk.sync.deadline import deadline
from chatdesk.sync.link_table import LinkEvent
from chatdesk.sync.part import Part

_log = logging.getLogger(__name__)

BEAT_EVERY = 10.0
BEAT_DEADLINE = 10.0
LOOKS_PER_TOKEN = 16
"""How often at least a token is looked at during its life: a short one is renewed in time too."""

STEP_DEADLINE = 15.0
"""Seconds for each step of making a connection: token, socket, the user's channel."""

CLOSE_DEADLINE = 5.0

Report = Callable[["Connection", LinkEvent, str | None, float | None], None]
"""Called with (connection, event, reason, the server's wish in seconds)."""


def user_topic(user_id: str) -> str:
    return f"user:{user_id}"


class Connection(Part):
    """A feed and the promise to say when it is of no more use.

    Everything it has to tell goes to ``report``: ``JOINED`` (again after each join of the user's channel),
    ``BROKEN`` or ``SIGN_IN_NEEDED``. It repairs nothing; after a bad word its owner throws it away. The
    client library calls itself connected on a dead socket, so only an answered beat is a sign of life.
    """

    def __init__(
        self,
        *,
        user_id: str,
        factory: FeedFactory,
        tokens: TokenSource,
        clock: Clock,
        random: Random,
        report: Report,
        on_frame: FrameListener,
        on_channel: ChannelListener,
        on_new_token: Callable[[], None],
        predecessors_closed: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        super().__init__("connection", clock, random)
        self.topic = user_topic(user_id)
        self.last_beat: float | None = None
        self.joined = False
        self._factory = factory
        self._tokens = tokens
        self._report = report
        self._on_frame = on_frame
        self._on_other_channel = on_channel
        self._on_new_token = on_new_token
        self._predecessors_closed = predecessors_closed
        self._feed: Feed | None = None
        self._token = ""
        self._dropped = False
        self._check_due = False

    @property
    def feed(self) -> Feed | None:
        """The feed while it is of use."""
        return None if self._dropped else self._feed

    def drop(self) -> None:
        """Be silent from now on; ``close`` follows."""
        self._dropped = True

    def check(self) -> None:
        """Ask for a sign of life now."""
        self._check_due = True
        self.ring()

    async def round(self) -> None:
        """Make the connection, then listen to its heartbeat until it fails."""
        try:
            await self._connect()
            while True:
                await self.pause(0.0 if self._check_due else self._beat_after())
                self._check_due = False
                await self._beat()
        except NeedsSignIn as over:
            self._say(LinkEvent.SIGN_IN_NEEDED, over.message)
        except ChatDeskError as broken:
            wish = broken.retry_after if isinstance(broken, Retryable) else None
            self._say(LinkEvent.BROKEN, broken.message, wish)
        except Exception as failure:
            self.report(failure)
            self._say(LinkEvent.BROKEN, "The connection failed in an unexpected way.")
        while True:
            await self.pause()

    async def close(self) -> None:
        """Close the feed and every task; never raises, never takes longer than the deadline."""
        self.drop()
        await super().close()
        if self._feed is None:
            return
        closing = TaskScope("closing")
        try:
            async with deadline(closing, self.clock, CLOSE_DEADLINE, "The connection did not close."):
                await self._feed.close()
        except Exception:
            _log.warning("A feed did not close in order", exc_info=True)
        finally:
            await closing.close()

    async def _connect(self) -> None:
        self._busy_since = self.clock.monotonic()
        await self._predecessors_closed()
        async with deadline(self.scope, self.clock, STEP_DEADLINE, "The sign-in server did not answer."):
            self._token = await self._tokens.access_token()
        self.touch()
        self._feed = self._factory(self._take_frame, self._take_channel)
        async with deadline(self.scope, self.clock, STEP_DEADLINE, "No connection to the server."):
            await self._feed.open(self._token)
        self.touch()
        async with deadline(self.scope, self.clock, STEP_DEADLINE, "The server did not let us in."):
            await self._feed.join(self.topic)
            while not self.joined:
                await self.pause()

    def _beat_after(self) -> float:
        life = token_life(self._token)
        return BEAT_EVERY if life is None else min(BEAT_EVERY, life / LOOKS_PER_TOKEN)

    async def _beat(self) -> None:
        assert self._feed is not None
        await self._renew_token()
        async with deadline(self.scope, self.clock, BEAT_DEADLINE, "The server stopped answering."):
            await self._feed.beat()
        self.last_beat = self.clock.monotonic()
        self.touch()

    async def _renew_token(self) -> None:
        """Hand a renewed token to the channels well before the old one ends.

        The source's tokens are good for a minute at least, short ones for a third of their life, and this
        runs more often than that, so the server never meets an expired one. A source that cannot be asked
        just now is no reason to drop the feed.
        """
        assert self._feed is not None
        try:
            async with deadline(self.scope, self.clock, STEP_DEADLINE, "The sign-in server did not answer."):
                token = await self._tokens.access_token()
        except Retryable:
            return
        if token != self._token:
            async with deadline(self.scope, self.clock, STEP_DEADLINE, "The server stopped answering."):
                await self._feed.renew(token)
            self._token = token
            self._on_new_token()

    def _take_frame(self, frame: Any) -> None:
        if not self._dropped:
            self._on_frame(frame)

    def _take_channel(self, topic: str, state: str, reason: str | None) -> None:
        if self._dropped:
            return
        if topic != self.topic:
            self._on_other_channel(topic, state, reason)
        elif state == ChannelState.JOINED:
            self.joined = True
            self.ring()
            self._say(LinkEvent.JOINED, None)
        elif state == ChannelState.REFUSED:
            self._say(LinkEvent.BROKEN, reason or "The server refused the live channel.")
        else:
            self._say(LinkEvent.BROKEN, reason or "The connection to the server was lost.")

    def _say(self, event: LinkEvent, reason: str | None, wish: float | None = None) -> None:
        if not self._dropped:
            self._report(self, event, reason, wish)
