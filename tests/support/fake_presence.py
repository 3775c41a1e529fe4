"""Presence on the model server: who is shown where, and a count of the calls as Supabase counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatdesk.domain.clock import Clock
from chatdesk.domain.presence import Sighting, Sign

if TYPE_CHECKING:
    from tests.support.fake_feed import FakeFeed

CALLS = 5
WINDOW = 30.0


class FakePresence:
    """``deliver`` sends a sighting to a feed; ``calls`` are the times of each socket's calls."""

    def __init__(self, clock: Clock, deliver: Callable[[FakeFeed, Sighting], None]) -> None:
        self._clock = clock
        self._deliver = deliver
        self._shown: dict[str, dict[FakeFeed, Sign]] = {}
        self._listening: dict[str, set[FakeFeed]] = {}
        self.calls: dict[FakeFeed, list[float]] = {}

    def join(self, feed: FakeFeed, topic: str) -> None:
        """A channel is joined: it is told who is there."""
        if topic.startswith("user:") or topic.endswith(":live"):
            self._listening.setdefault(topic, set()).add(feed)
            self._deliver(feed, self._sighting(topic))

    def leave(self, feed: FakeFeed, topic: str) -> None:
        """A channel was left, or its socket died."""
        self._listening.get(topic, set()).discard(feed)
        if self._shown.get(topic, {}).pop(feed, None) is not None:
            self._tell(topic)

    def track(self, feed: FakeFeed, topic: str, sign: Sign | None) -> bool:
        """Show a sign, or none; False when the client has called too often."""
        now = self._clock.monotonic()
        calls = self.calls.setdefault(feed, [])
        calls.append(now)
        if sum(now - WINDOW < at <= now for at in calls) > CALLS:
            return False
        shown = self._shown.setdefault(topic, {})
        if sign is None:
            shown.pop(feed, None)
        else:
            shown[feed] = sign
        self._tell(topic)
        return True

    def shown(self, topic: str) -> list[Sign]:
        """Whoever is shown on a topic."""
        return list(self._shown.get(topic, {}).values())

    @property
    def most_calls(self) -> int:
        """The most calls of one socket in any 30 s."""
        return max(
            (
                sum(start <= at < start + WINDOW for at in calls)
                for calls in self.calls.values()
                for start in calls
            ),
            default=0,
        )

    def _tell(self, topic: str) -> None:
        for feed in self._listening.get(topic, set()):
            self._deliver(feed, self._sighting(topic))

    def _sighting(self, topic: str) -> Sighting:
        place = topic.split(":")[1] if topic.endswith(":live") else ""
        return Sighting(place, tuple(self._shown.get(topic, {}).values()))
