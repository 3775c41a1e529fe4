"""Who listens to a feed in the tests."""

from __future__ import annotations

from chatdesk.backend.base import ChannelState
from chatdesk.domain.change import RemoteChange
from chatdesk.domain.ephemeral import Ephemeral
from chatdesk.domain.presence import Sighting
from tests.support.phoenix import Watch

JOINED, REFUSED, LOST = ChannelState.JOINED, ChannelState.REFUSED, ChannelState.LOST


class Ears:
    """Keeps what a feed says, and raises in the callbacks when asked to."""

    def __init__(self) -> None:
        self.frames: list[RemoteChange | Ephemeral] = []
        self.sightings: list[Sighting] = []
        self.reports: list[tuple[str, str]] = []
        self.reasons: list[str | None] = []
        self.watch = Watch()
        self.raising = False

    def on_frame(self, change: RemoteChange | Ephemeral) -> None:
        if isinstance(change, Sighting):
            self.sightings.append(change)
        else:
            self.frames.append(change)
        self.watch.tell()
        if self.raising:
            raise ValueError("a listener with a fault")

    def on_channel(self, topic: str, state: str, reason: str | None) -> None:
        self.reports.append((topic, state))
        self.reasons.append(reason)
        self.watch.tell()
        if self.raising:
            raise ValueError("a listener with a fault")

    async def reported(self, topic: str, state: str, times: int = 1) -> None:
        await self.watch.until(lambda: self.reports.count((topic, state)) >= times)

    async def heard(self, count: int) -> None:
        await self.watch.until(lambda: len(self.frames) >= count)
