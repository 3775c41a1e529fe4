"""One client's way to the model server: what goes wrong on it, and what was counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatdesk.domain.errors import ChatDeskError
from tests.support.fake_faults import Faults

if TYPE_CHECKING:
    from tests.support.fake_feed import FakeFeed

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
