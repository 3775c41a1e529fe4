"""The ports of the back end over the model server, with every fault a network has, on virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from chatdesk.backend.base import FeedFactory
from chatdesk.domain.change import RemoteChange
from chatdesk.domain.ephemeral import Broadcast, Ephemeral
from tests.support.fake_feed import FakeFeed, FakeFeeds
from tests.support.fake_network import Network
from tests.support.fake_presence import FakePresence
from tests.support.fake_remote import FakeRemote, FakeTokens
from tests.support.fake_server import FakeServer
from tests.support.virtual_clock import VirtualClock


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
