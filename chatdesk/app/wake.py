"""Reasons to look at the link at once: the computer woke up, the network changed, the user is back."""

from __future__ import annotations

import asyncio
from datetime import datetime

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtNetwork import QNetworkInformation

from chatdesk.domain.clock import Clock
from chatdesk.runtime.tasks import TaskScope

EVERY = 5.0
"""Seconds between two looks at the clocks, and the least time between two words."""

JUMP = 10.0
"""Seconds by which a look may be late, or the wall clock off, without a reason to wonder."""


class WakeWatch(QObject):
    """Watches the clocks, the network and the application's state.

    ``woken(str)`` says what happened, at once for the first of several and every five seconds at most: a
    network that flaps must not turn into a storm of connections. A suspended computer is noticed by its
    clocks, which works on every system: on some the stopwatch stands still while the wall clock goes on, on
    others both go on and the look is late. Where Qt has no word of the network, the clocks and the link's own
    heartbeat have to do.
    """

    woken = Signal(str)

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._scope = TaskScope("wake")
        self._last: float | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._active = True

    def start(self) -> None:
        """Begin to watch; needs the application and its loop."""
        self._scope.start(self._watch_clocks(), "clocks")
        if isinstance(application := QGuiApplication.instance(), QGuiApplication):
            application.applicationStateChanged.connect(self._state_changed)
        if (
            QNetworkInformation.loadDefaultBackend()
            and (network := QNetworkInformation.instance()) is not None
        ):
            network.reachabilityChanged.connect(self._reachability_changed)
            network.transportMediumChanged.connect(self._medium_changed)

    async def close(self) -> None:
        """Stop watching."""
        if isinstance(application := QGuiApplication.instance(), QGuiApplication):
            application.applicationStateChanged.disconnect(self._state_changed)
        network = QNetworkInformation.instance()
        if network is not None:
            network.reachabilityChanged.disconnect(self._reachability_changed)
            network.transportMediumChanged.disconnect(self._medium_changed)
        await self._scope.close()

    def note(self, reason: str) -> None:
        """Tell ``reason``, now or together with what comes within the next seconds."""
        now = self._clock.monotonic()
        if self._waiting is not None and not self._waiting.done():
            return
        rest = 0.0 if self._last is None else self._last + EVERY - now
        if rest <= 0:
            self._tell(reason)
        else:
            self._waiting = self._scope.start(self._tell_later(reason, rest), "tell later")

    def _tell(self, reason: str) -> None:
        self._last = self._clock.monotonic()
        self.woken.emit(reason)

    async def _tell_later(self, reason: str, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._tell(reason)

    async def _watch_clocks(self) -> None:
        while True:
            wall, run = self._clock.now(), self._clock.monotonic()
            await self._clock.sleep(EVERY)
            self._compare(wall, run)

    def _compare(self, wall: datetime, run: float) -> None:
        passed = (self._clock.now() - wall).total_seconds()
        ran = self._clock.monotonic() - run
        if ran > EVERY + JUMP:
            self.note("the computer stood still")
        elif abs(passed - ran) > JUMP:
            self.note("the clock jumped")

    def _state_changed(self, state: Qt.ApplicationState) -> None:
        active = state is Qt.ApplicationState.ApplicationActive
        if active and not self._active:
            self.note("the window is in front again")
        self._active = active

    def _reachability_changed(self, reachability: QNetworkInformation.Reachability) -> None:
        # Also when it is said to be gone: whoever believes the link to be up should find out now.
        self.note(f"the network is {reachability.name.lower()}")

    def _medium_changed(self, medium: QNetworkInformation.TransportMedium) -> None:
        self.note(f"the network is now {medium.name.lower()}")
