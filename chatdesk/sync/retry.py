"""How long to wait before the same request is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

DOUBLING = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Ceilings in seconds, attempt after attempt; the last one holds for ever."""

HOPEFUL = (1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0, 16.0, 30.0)
"""For what must be back within ten seconds when trouble comes and goes; only what stays waits longer."""

LONGEST_WISH = 300.0


class Backoff:
    """Full jitter: each wait is drawn evenly from zero to a ceiling that grows up to 30 seconds.

    Drawing from the whole range, and not around a fixed step, keeps many clients that lost the same server
    from coming back together. There is no last attempt.
    """

    def __init__(self, random: Random, ceilings: Sequence[float] = DOUBLING) -> None:
        self._random = random
        self._ceilings = ceilings
        self.attempts = 0

    def next(self, wish: float | None = None) -> float:
        """Return the next wait in seconds, never shorter than the server's ``wish`` (up to 5 minutes)."""
        ceiling = self._ceilings[min(self.attempts, len(self._ceilings) - 1)]
        self.attempts += 1
        delay = self._random.uniform(0, ceiling)
        if wish is None:
            return delay
        return max(delay, min(wish, LONGEST_WISH) + self._random.uniform(0, self._ceilings[0]))

    def ease(self, attempts: int) -> None:
        """Forget all but ``attempts`` of the attempts so far."""
        self.attempts = min(self.attempts, attempts)

    def reset(self) -> None:
        """Start again from the shortest wait."""
        self.attempts = 0
