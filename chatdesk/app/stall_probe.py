"""How long the window keeps people waiting: the gaps between two beats of the GUI's own loop."""

from __future__ import annotations

import sys
import threading
import time
from array import array
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QObject, Qt, QTimer

BEAT_MS = 5
SLOW_MS = 100.0
"""From here on it is written down what the program was doing."""

MOST_KEPT = 12
_LOOK_SECONDS = 0.02
_DEPTH = 9
_OWN = str(Path(__file__).parents[1])


@dataclass(frozen=True, slots=True)
class Stall:
    """One long gap: milliseconds on the clock, of these spent computing, and what was on the stack."""

    ms: float
    busy_ms: float
    doing: tuple[str, ...]


class StallProbe(QObject):
    """Counts how late each beat of a short timer is, in milliseconds, until ``take`` hands the result over.

    A gap of which little was spent computing is a machine that was busy with others, or a wait for the disk
    on the wrong thread; ``doing`` tells which. A second thread looks at the stack while the loop hangs.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._late = array("d")
        self._slow: list[Stall] = []
        self._seen: tuple[str, ...] = ()
        self._beat = time.perf_counter()
        self._worked = time.thread_time()
        self._gui = threading.get_ident()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin; runs as long as the process."""
        self._beat = time.perf_counter()
        self._timer.start()
        threading.Thread(target=self._watch, name="stall probe", daemon=True).start()

    def take(self) -> dict[str, object]:
        """Return what was measured since the last time, and begin anew."""
        late, self._late = sorted(self._late), array("d")
        slow, self._slow = self._slow, []
        return {
            "beats": len(late),
            "p50": round(_percentile(late, 0.5), 1),
            "p99": round(_percentile(late, 0.99), 1),
            "max": round(late[-1] if late else 0.0, 1),
            "busy_max": round(max((stall.busy_ms for stall in slow), default=0.0), 1),
            "slow": [[round(stall.ms), round(stall.busy_ms), *stall.doing] for stall in slow],
        }

    def _tick(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        late = max(0.0, (now - self._beat) * 1000 - BEAT_MS)
        self._late.append(late)
        if late >= SLOW_MS:
            self._slow.append(Stall(late, (worked - self._worked) * 1000, self._seen))
            self._slow = sorted(self._slow, key=lambda stall: -stall.ms)[:MOST_KEPT]
        self._seen = ()
        self._beat, self._worked = now, worked

    def _watch(self) -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            if not self._seen and (time.perf_counter() - self._beat) * 1000 > SLOW_MS * 0.6:
                self._seen = _stack(sys._current_frames().get(self._gui))


def _stack(frame: FrameType | None) -> tuple[str, ...]:
    """Name what is on a stack, innermost first: the very place, then what of it is our own."""
    found: list[str] = []
    while frame is not None and len(found) < _DEPTH:
        code = frame.f_code
        if not found or code.co_filename.startswith(_OWN):
            found.append(f"{Path(code.co_filename).stem}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return tuple(found)


def _percentile(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
