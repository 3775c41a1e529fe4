"""The ports of the back end over the model server, with every fault a network has, on virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from chatdesk.backend.base import (
    ChangesPage,
    ChannelListener,
    ChannelState,
    FeedFactory,
    FrameListener,
    GenerationReply,
    MessagesPage,
)
from chatdesk.domain.change import RemoteChange, RowBatch
from chatdesk.domain.ephemeral import Broadcast, Ephemeral, MemberMarks
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Offline, Refused, Retryable
from chatdesk.domain.mutation import Mutation
from chatdesk.domain.presence import Sign
from chatdesk.runtime.tasks import TaskScope
from tests.support.fake_faults import Faults
from tests.support.fake_presence import FakePresence
from tests.support.fake_server import FakeServer
from tests.support.virtual_clock import VirtualClock

T = TypeVar("T")

NO_CONNECTION = "No connection to the server."


@dataclass
class Network:
    """One client's way to the server."""

    latency: float = 0.01
    down: bool = False
    looks: int = 0
    """How often somebody looked whether the server is there."""

    sockets_blocked: bool = False
    faults: Faults = field(default_factory=Faults)
    next_failures: list[ChatDeskError] = field(default_factory=list)
    """Raised by the next requests, in turn, before they reach the server."""

    fail_requests: dict[str, list[ChatDeskError]] = field(default_factory=dict)
    """The same for the next requests of one name."""

    lose_next_responses: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    feeds: list[FakeFeed] = field(default_factory=list)
    most_open_feeds: int = 0
    most_channels: int = 0
    joins: Counter[str] = field(default_factory=Counter)
    rejoined_too_early: int = 0
    """Joins of a topic that this socket had not left: the client library loses the channel over that."""

    @property
    def feed(self) -> FakeFeed:
        """The newest feed."""
        return self.feeds[-1]

    @property
    def open_feeds(self) -> list[FakeFeed]:
        return [feed for feed in self.feeds if feed.is_open]


class FakeTokens:
    """Tokens with a life time; a token is renewed in its last minute."""

    def __init__(self, backend: FakeBackend, network: Network, life: float) -> None:
        self._backend = backend
        self._network = network
        self._life = life
        self._token = ""
        self.over = False
        self.issued = 0

    async def access_token(self) -> str:
        now = self._backend.clock.monotonic()
        if self.over:
            raise NeedsSignIn("The session ended.", "Sign in again.")
        if not self._token or self._backend.expires[self._token] - now < 60:
            if self._network.down:
                raise Offline(NO_CONNECTION)
            self.issued += 1
            self._token = f"token-{len(self._backend.expires) + 1}"
            self._backend.expires[self._token] = now + self._life
        return self._token


class FakeRemote:
    """``Remote`` for one user."""

    def __init__(self, backend: FakeBackend, user_id: str, network: Network, tokens: FakeTokens) -> None:
        self._backend = backend
        self._server = backend.server
        self._user = user_id
        self._network = network
        self._tokens = tokens

    async def push(self, mutation: Mutation) -> RowBatch:
        return await self._ask("push", lambda: self._server.push(mutation))

    async def pull_changes(self, after: int, limit: int = 200) -> ChangesPage:
        return await self._ask("pull_changes", lambda: self._server.pull_changes(self._user, after, limit))

    async def pull_messages(self, conversation_id: str, after: int, limit: int = 200) -> MessagesPage:
        return await self._ask(
            f"pull_messages {conversation_id}",
            lambda: self._server.pull_messages(self._user, conversation_id, after, limit),
        )

    async def page_messages(
        self, conversation_id: str, before_seq: int | None, limit: int = 100
    ) -> MessagesPage:
        return await self._ask(
            f"page_messages {conversation_id}",
            lambda: self._server.page_messages(self._user, conversation_id, before_seq, limit),
        )

    async def claim_generation(
        self, *, generation_id: str, message_id: str, reply_to: str, attempt: int, holder: str, model: str
    ) -> GenerationReply:
        return await self._ask(
            "claim_generation",
            lambda: self._server.claim(
                self._user,
                generation_id=generation_id,
                message_id=message_id,
                reply_to=reply_to,
                attempt=attempt,
                holder=holder,
                model=model,
            ),
        )

    async def renew_generation(self, generation_id: str, fence: int, content: str | None) -> GenerationReply:
        return await self._ask("renew_generation", lambda: self._server.renew(generation_id, content))

    async def finish_generation(
        self,
        generation_id: str,
        fence: int,
        *,
        status: str,
        content: str,
        usage: Mapping[str, Any] | None,
        error: str | None,
    ) -> GenerationReply:
        return await self._ask(
            "finish_generation", lambda: self._server.finish(generation_id, status, content, error)
        )

    async def put_file(self, path: str, content: bytes, media_type: str) -> None:
        def put() -> None:
            self._server.files[path] = content
            self._server.puts += 1

        await self._ask("put_file", put)

    async def get_file(self, path: str) -> bytes:
        def get() -> bytes:
            if path not in self._server.files:
                raise Refused("This file is not there.", code="404")
            return self._server.files[path]

        return await self._ask("get_file", get)

    async def stop_generation(self, message_id: str) -> GenerationReply:
        raise NotImplementedError

    async def reap_generations(self, conversation_id: str) -> GenerationReply:
        raise NotImplementedError

    async def member_marks(self, conversation_id: str) -> MemberMarks:
        return await self._ask("member_marks", lambda: self._server.marks(self._user, conversation_id))

    async def _ask(self, name: str, answer: Callable[[], T]) -> T:
        network, chance, faults = self._network, self._backend.random.random, self._network.faults
        network.requests[name] += 1
        await self._backend.clock.sleep(network.latency)
        if network.next_failures:
            raise network.next_failures.pop(0)
        if network.fail_requests.get(name):
            raise network.fail_requests[name].pop(0)
        if network.down or chance() < faults.drop_request:
            raise Offline(NO_CONNECTION)
        await self._tokens.access_token()
        if chance() < faults.server_error:
            raise Retryable("The server has a problem of its own.", code="503")
        result = answer()
        if chance() < faults.send_twice:
            result = answer()
        await self._backend.clock.sleep(network.latency)
        if network.lose_next_responses > 0:
            network.lose_next_responses -= 1
            raise Offline(NO_CONNECTION)
        if network.down or chance() < faults.drop_response:
            raise Offline(NO_CONNECTION)
        return result


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


@dataclass
class FakeClient:
    """What one engine is given."""

    user_id: str
    network: Network
    tokens: FakeTokens
    remote: FakeRemote
    feed_factory: FeedFactory


class FakeBackend:
    """The server and everybody's way to it."""

    def __init__(self, clock: VirtualClock, random: Random | None = None) -> None:
        self.clock = clock
        self.random = random or Random(1)
        self.expires: dict[str, float] = {}
        self.server = FakeServer(clock, self._emit)
        self.presence = FakePresence(clock, FakeFeed.deliver)
        self._clients: list[FakeClient] = []

    def client(self, user_id: str, token_life: float = 3600.0) -> FakeClient:
        """Make one more instance's way to the server; the user is signed up when new."""
        if user_id not in self.server.profiles:
            self.server.sign_up(user_id)
        network = Network()
        tokens = FakeTokens(self, network, token_life)
        remote = FakeRemote(self, user_id, network, tokens)

        client = FakeClient(user_id, network, tokens, remote, FakeFeeds(self, user_id, network))
        self._clients.append(client)
        return client

    async def check_tokens(self) -> None:
        """Let the server look at every socket's token."""
        for client in self._clients:
            for feed in client.network.open_feeds:
                await feed.check_token()

    def broadcast(self, topic: str, change: Broadcast, sender: FakeFeed) -> None:
        for feed in self._feeds(topic):
            if feed is not sender:
                feed.deliver(change)

    def _emit(self, topic: str, frame: RemoteChange | Ephemeral) -> None:
        for feed in self._feeds(topic):
            feed.deliver(frame)

    def _feeds(self, topic: str) -> list[FakeFeed]:
        return [
            feed for client in self._clients for feed in client.network.open_feeds if topic in feed.joined
        ]
