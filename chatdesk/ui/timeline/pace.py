"""How often the screen follows."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

FRAME = 0.016

# After a costly turn the rest of the application gets at least this many times as long; after one that fits
# into a frame, as long as it took.
_REST = 3


class Pace:
    """Runs ``work`` soon after it is wanted, at most once a frame, counted from the last run.

    When a run was slow the next one waits longer, so that a heavy message cannot take the whole thread.
    """

    def __init__(self, work: Callable[[], None], parent: QObject) -> None:
        self._work = work
        self._last = 0.0
        self._cost = 0.0
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.run)

    def want(self) -> None:
        """Ask for a run; asking again before it happens changes nothing."""
        if not self._timer.isActive():
            rest = _REST if self._cost > FRAME else 1
            due = self._last + self._cost + max(FRAME, self._cost * rest)
            self._timer.start(max(0, round((due - time.monotonic()) * 1000)))

    def run(self) -> None:
        """Run now, whatever the clock says."""
        self._timer.stop()
        started = time.monotonic()
        self._last = started
        self._work()
        self._cost = time.monotonic() - started
