"""Which fault meets which request or frame: one seed decides it all, and every fault is counted.

Each client has a stream of its own for requests and one for frames, drawn from the seed and the client's
name, so the n-th request of a client meets the same fault in every run of a seed, whatever the others do.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from random import Random

REGRESSIONS = Path(__file__).parent / "regressions"


class Fault(StrEnum):
    """Everything the proxy can do to a client."""

    DELAY = "request delayed"
    DROP_REQUEST = "request dropped"
    DROP_RESPONSE = "response dropped after the commit"
    TWICE = "request sent twice"
    RESET = "reset in the middle of the answer"
    FREEZE = "answer never comes, no FIN"
    UNAUTHORIZED = "401"
    CONFLICT = "409"
    TOO_LARGE = "413"
    SLOW_DOWN = "429"
    UNAVAILABLE = "503"
    PORTAL = "captive portal's HTML with 200"
    DROP_FRAME = "frame dropped"
    REPEAT_FRAME = "frame repeated"
    LATE_FRAME = "frame overtaken by later ones"
    CUT_FRAME = "frame truncated"
    CLOSE_1000 = "websocket closed with 1000"
    CLOSE_1001 = "websocket closed with 1001"
    CLOSE_1006 = "websocket reset (1006)"
    CLOSE_1011 = "websocket closed with 1011"
    CLOSE_1012 = "websocket closed with 1012"
    HALF_OPEN = "websocket frozen without FIN"
    OUTAGE = "server unreachable"
    KILL = "client killed (SIGKILL)"
    STOP = "client stopped (SIGSTOP) and continued"
    DATABASE_CUT = "all database connections ended"


CLOSES: Mapping[int, Fault] = {
    1000: Fault.CLOSE_1000,
    1001: Fault.CLOSE_1001,
    1006: Fault.CLOSE_1006,
    1011: Fault.CLOSE_1011,
    1012: Fault.CLOSE_1012,
}

FINAL = frozenset({Fault.CONFLICT, Fault.TOO_LARGE})
"""Answers by which the client must take a change for refused; the user's Retry sends it again."""


@dataclass(frozen=True)
class Rates:
    """Chances per request and per frame, each between 0 and 1."""

    requests: Mapping[Fault, float] = field(default_factory=dict)
    frames: Mapping[Fault, float] = field(default_factory=dict)
    longest_delay: float = 0.3
    """Seconds by which a request or a frame is held back at most."""


CALM = Rates()

STORM = Rates(
    requests={
        Fault.DELAY: 0.10,
        Fault.DROP_REQUEST: 0.05,
        Fault.DROP_RESPONSE: 0.12,
        Fault.TWICE: 0.06,
        Fault.RESET: 0.03,
        Fault.FREEZE: 0.005,
        Fault.UNAUTHORIZED: 0.01,
        Fault.CONFLICT: 0.005,
        Fault.TOO_LARGE: 0.005,
        Fault.SLOW_DOWN: 0.02,
        Fault.UNAVAILABLE: 0.04,
        Fault.PORTAL: 0.02,
    },
    frames={
        Fault.DROP_FRAME: 0.10,
        Fault.REPEAT_FRAME: 0.10,
        Fault.LATE_FRAME: 0.15,
        Fault.CUT_FRAME: 0.02,
    },
)


class Schedule:
    """The faults of one run. ``rates`` may change while it runs; ``injected`` counts by fault."""

    def __init__(self, seed: int, rates: Rates = CALM) -> None:
        self.seed = seed
        self.rates = rates
        self.injected: Counter[Fault] = Counter()
        self._streams: dict[str, Random] = {}

    def stream(self, name: str) -> Random:
        """Return the stream of draws of that name."""
        if name not in self._streams:
            self._streams[name] = Random(f"{self.seed}/{name}")
        return self._streams[name]

    def request(self, client: str) -> Fault | None:
        """Draw the fault of a client's next request; who carries it out counts it."""
        return self._draw(f"{client}/requests", self.rates.requests)

    def frame(self, client: str) -> Fault | None:
        """Draw the fault of the next frame to a client."""
        return self.count(self._draw(f"{client}/frames", self.rates.frames))

    def delay(self, client: str) -> float:
        """Draw how long something is held back, in seconds."""
        return self.stream(f"{client}/delays").uniform(0.01, max(0.01, self.rates.longest_delay))

    def count(self, fault: Fault | None) -> Fault | None:
        """Count a fault that happens now."""
        if fault is not None:
            self.injected[fault] += 1
        return fault

    def _draw(self, stream: str, chances: Mapping[Fault, float]) -> Fault | None:
        drawn = self.stream(stream).random()
        for fault, chance in chances.items():
            drawn -= chance
            if drawn < 0:
                return fault
        return None


@dataclass(frozen=True)
class Regression:
    """A run that failed once: what is needed to make it again."""

    seed: int
    instances: int
    seconds: float
    why: str

    @property
    def path(self) -> Path:
        return REGRESSIONS / f"convergence-{self.seed}-{self.instances}.json"

    def save(self) -> Path:
        """Write it where the next run finds it first."""
        REGRESSIONS.mkdir(exist_ok=True)
        self.path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        return self.path


def regressions() -> list[Regression]:
    """Return every run that failed once."""
    return [
        Regression(**json.loads(path.read_text("utf-8")))
        for path in sorted(REGRESSIONS.glob("convergence-*.json"))
    ]
