"""The reasons to look at the link at once: seen on every system, and never as a storm."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtNetwork import QNetworkInformation
from PySide6.QtWidgets import QApplication

from chatdesk.app import wake
from chatdesk.app.wake import EVERY, WakeWatch
from tests.support.virtual_clock import VirtualClock

REACH = QNetworkInformation.Reachability
MEDIUM = QNetworkInformation.TransportMedium


class SkewedClock(VirtualClock):
    """A virtual clock whose wall the test can set, as a user or a suspended night does."""

    def __init__(self) -> None:
        super().__init__()
        self.skew = timedelta()

    def now(self) -> datetime:
        return super().now() + self.skew


class Network(QObject):
    """What Qt tells of the network."""

    reachabilityChanged = Signal(QNetworkInformation.Reachability)
    transportMediumChanged = Signal(QNetworkInformation.TransportMedium)


class Rig:
    """A watch, its clock, its network, and what it said."""

    def __init__(self, clock: SkewedClock, network: Network | None) -> None:
        self.clock = clock
        self.network = network
        self.watch = WakeWatch(clock)
        self.said: list[tuple[float, str]] = []
        self.watch.woken.connect(lambda reason: self.said.append((clock.monotonic(), reason)))

    @property
    def reasons(self) -> list[str]:
        return [reason for _, reason in self.said]


@pytest.fixture
async def rig(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    network = Network()

    class Information:
        @staticmethod
        def loadDefaultBackend() -> bool:
            return True

        @staticmethod
        def instance() -> Network:
            return network

    monkeypatch.setattr(wake, "QNetworkInformation", Information)
    made = Rig(SkewedClock(), network)
    made.watch.start()
    yield made
    await made.watch.close()


async def test_nothing_happens_when_nothing_happens(rig: Rig) -> None:
    await rig.clock.advance(24 * 3600)
    assert rig.said == []


@pytest.mark.parametrize(
    "skew", [timedelta(hours=8), timedelta(days=1), timedelta(days=-1), timedelta(hours=-1)]
)
async def test_a_wall_clock_that_jumped_is_noticed_once(rig: Rig, skew: timedelta) -> None:
    """Eight hours asleep where the stopwatch sleeps too, a clock set by hand, a wrong zone mended."""
    await rig.clock.advance(60)
    rig.clock.skew += skew
    await rig.clock.advance(600)
    assert rig.reasons == ["the clock jumped"]
    assert rig.said[0][0] <= 60 + 2 * EVERY


async def test_a_computer_that_stood_still_is_noticed_where_the_stopwatch_goes_on(rig: Rig) -> None:
    await rig.clock.advance(60)
    rig.clock._now += 8 * 3600
    await rig.clock.advance(600)
    assert rig.reasons == ["the computer stood still"]


async def test_a_clock_that_is_set_right_by_little_is_no_reason(rig: Rig) -> None:
    for _ in range(20):
        rig.clock.skew += timedelta(seconds=2)
        await rig.clock.advance(EVERY)
    assert rig.said == []


@pytest.mark.parametrize(
    "change",
    [
        lambda network: network.reachabilityChanged.emit(REACH.Online),
        lambda network: network.reachabilityChanged.emit(REACH.Disconnected),
        lambda network: network.transportMediumChanged.emit(MEDIUM.WiFi),
    ],
)
async def test_the_network_changing_is_told_at_once(rig: Rig, change: Callable[[object], None]) -> None:
    await rig.clock.advance(1)
    change(rig.network)
    assert len(rig.said) == 1
    assert rig.said[0][0] == 1


async def test_the_window_coming_to_the_front_is_told(rig: Rig) -> None:
    for state in (Qt.ApplicationState.ApplicationInactive, Qt.ApplicationState.ApplicationActive):
        rig.watch._state_changed(state)
    rig.watch._state_changed(Qt.ApplicationState.ApplicationActive)
    assert rig.reasons == ["the window is in front again"]


async def test_a_network_that_flaps_is_no_storm(rig: Rig) -> None:
    assert rig.network is not None
    for number in range(1_000):
        rig.network.reachabilityChanged.emit(REACH.Online if number % 2 else REACH.Disconnected)
        await rig.clock.advance(0.1)
    await rig.clock.advance(60)
    times = [at for at, _ in rig.said]
    assert 19 <= len(times) <= 22
    assert all(later - earlier >= EVERY - 1e-6 for earlier, later in pairwise(times))


async def test_a_system_without_a_word_of_the_network_is_watched_by_its_clocks(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Nothing:
        @staticmethod
        def loadDefaultBackend() -> bool:
            return False

        @staticmethod
        def instance() -> None:
            return None

    monkeypatch.setattr(wake, "QNetworkInformation", Nothing)
    made = Rig(SkewedClock(), None)
    made.watch.start()
    await made.clock.advance(20)
    made.clock.skew += timedelta(hours=8)
    await made.clock.advance(20)
    await made.watch.close()
    assert made.reasons == ["the clock jumped"]


async def test_the_real_thing_starts_and_stops(qapp: QApplication) -> None:
    watch = WakeWatch(SkewedClock())
    watch.start()
    await watch.close()
