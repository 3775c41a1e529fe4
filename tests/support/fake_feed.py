"""The live feed of the model server: sockets that are killed, freeze and go deaf."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatdesk.backend.base import ChannelListener, ChannelState, FrameListener
from chatdesk.domain.change import RemoteChange
from chatdesk.domain.ephemeral import Broadcast, Ephemeral
from chatdesk.domain.errors import Offline
from chatdesk.domain.presence import Sign
from chatdesk.runtime.tasks import TaskScope
from tests.support.fake_network import NO_CONNECTION, Network

if TYPE_CHECKING:
    from tests.support.fake_backend import FakeBackend


class FakeFeed:
    """One socket; ``kill``, ``freeze`` and ``deafen`` are the ways it goes wrong."""

    def __init__(
        self,
        backend: FakeBackend,
        user_id: str,
        network: Network,
        on_frame: FrameListener,
        on_channel: ChannelListener,
    ) -> None:
        self._backend = backend
        self._user = user_id
        self._network = network
        self._on_frame = on_frame
        self._on_channel = on_channel
        self._scope = TaskScope("fake feed")
        self._token = ""
        self.joined: set[str] = set()
        self.sent: list[tuple[str, Broadcast]] = []
        self.is_open = False
        self.frozen = False
        self.deaf = False
        self.dead = False
        self.beats = 0
        self.joined_with_expired_token = 0
        network.feeds.append(self)

    async def open(self, token: str) -> None:
        await self._travel()
        if self._network.sockets_blocked:
            raise Offline(NO_CONNECTION)
        self._token = token
        self.is_open = True
        self._network.most_open_feeds = max(self._network.most_open_feeds, len(self._network.open_feeds))

    async def join(self, topic: str) -> None:
        await self._travel()
        self._network.joins[topic] += 1
        if topic in self.joined:
            self._network.rejoined_too_early += 1
        self._scope.start(self._answer_join(topic), "join")

    async def leave(self, topic: str) -> None:
        await self._travel()
        self._left(topic)
        await self._travel()

    async def renew(self, token: str) -> None:
        await self._travel()
        self._token = token

    async def send(self, topic: str, change: Broadcast) -> None:
        await self._travel()
        self.sent.append((topic, change))
        self._backend.broadcast(topic, change, self)

    async def track(self, topic: str, sign: Sign | None) -> None:
        await self._travel()
        if topic in self.joined and not self._backend.presence.track(self, topic, sign):
            self._left(topic)
            self._on_channel(topic, ChannelState.LOST, "Client presence rate limit exceeded")

    def _left(self, *topics: str) -> None:
        for topic in topics:
            self.joined.discard(topic)
            self._backend.presence.leave(self, topic)

    async def beat(self) -> None:
        self.beats += 1
        await self._travel()

    async def close(self) -> None:
        if self.is_open:
            await self._backend.clock.sleep(1.0 if self.frozen else self._network.latency)
        self.is_open = False
        self._left(*self.joined)
        await self._scope.close()

    def deliver(self, frame: RemoteChange | Ephemeral) -> None:
        """Send a frame on its way, with the network's faults."""
        if self.deaf or self.frozen or not self.is_open or self._network.down:
            return
        faults, chance = self._network.faults, self._backend.random.random
        if chance() < faults.drop_frame:
            return
        times = 2 if chance() < faults.repeat_frame else 1
        for _ in range(times):
            late = self._backend.random.uniform(0, 2) if chance() < faults.reorder_frame else 0.0
            self._scope.start(self._arrive(frame, self._network.latency + late), "frame")

    def kill(self, reason: str | None = None) -> None:
        """The server or the way to it ends the socket."""
        was_joined, self.is_open, self.dead = sorted(self.joined), False, True
        self._left(*was_joined)
        for topic in was_joined:
            self._on_channel(topic, ChannelState.LOST, reason)

    def freeze(self) -> None:
        """Half open: nothing comes, nothing goes, nobody says so."""
        self.frozen = True

    def deafen(self) -> None:
        """Beats are answered, but no frame comes any more."""
        self.deaf = True

    def word(self, topic: str, state: str, reason: str | None = None) -> None:
        """Say something about a channel."""
        self._on_channel(topic, state, reason)

    async def check_token(self) -> None:
        """End the channels when the token has expired, as the server does."""
        if self.is_open and self._backend.expires[self._token] <= self._backend.clock.monotonic():
            self.kill("The token has expired.")

    async def _answer_join(self, topic: str) -> None:
        await self._backend.clock.sleep(self._network.latency)
        if not self.is_open or self.frozen or self._network.down:
            return
        if self._backend.expires[self._token] <= self._backend.clock.monotonic():
            self.joined_with_expired_token += 1
            self._on_channel(topic, ChannelState.REFUSED, "The token has expired.")
        elif self._backend.server.may_join(self._user, topic):
            self.joined.add(topic)
            self._network.most_channels = max(self._network.most_channels, len(self.joined))
            self._on_channel(topic, ChannelState.JOINED, None)
            self._backend.presence.join(self, topic)
        else:
            self._on_channel(topic, ChannelState.REFUSED, "You may not read this topic.")

    async def _arrive(self, frame: RemoteChange | Ephemeral, delay: float) -> None:
        await self._backend.clock.sleep(delay)
        if self.is_open and not self.frozen and not self.deaf:
            self._on_frame(frame)

    async def _travel(self) -> None:
        await self._backend.clock.sleep(self._network.latency)
        while self.frozen:
            await asyncio.Event().wait()
        if self._network.down or self.dead:
            raise Offline(NO_CONNECTION)


@dataclass
class FakeFeeds:
    """``FeedFactory`` for one client."""

    backend: FakeBackend
    user_id: str
    network: Network

    def __call__(self, on_frame: FrameListener, on_channel: ChannelListener) -> FakeFeed:
        return FakeFeed(self.backend, self.user_id, self.network, on_frame, on_channel)

    async def reachable(self) -> bool:
        self.network.looks += 1
        return not self.network.down
