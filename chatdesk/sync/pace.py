"""How often something may be done that a server counts."""

from __future__ import annotations

from collections import deque

LEAST = 0.001
"""The shortest wait in seconds: one that is lost in the rounding of a clock would be waited for ever."""


class Allowance:
    """At most ``most`` calls in any ``seconds``, wherever one begins to count.

    Times are those of one monotonic clock, in seconds, and never go back.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._taken: deque[float] = deque(maxlen=most)

    def wait(self, now: float, keep: int = 0) -> float:
        """Return how long it is until a call is allowed that leaves ``keep`` others, 0 for now."""
        place = len(self._taken) - self._most + keep
        due = self._taken[place] + self._seconds if place >= 0 else now
        return max(due - now, LEAST) if due > now else 0.0

    def used(self, now: float) -> int:
        """Return how many calls count now."""
        return sum(at + self._seconds > now for at in self._taken)

    def relief(self, now: float) -> float:
        """Return how long it is until one call less counts, 0 when none does."""
        due = next((at + self._seconds for at in self._taken if at + self._seconds > now), now)
        return max(due - now, LEAST) if due > now else 0.0

    def take(self, now: float) -> bool:
        """Count a call if it is allowed now, and say whether it was."""
        if self.wait(now) > 0:
            return False
        self._taken.append(now)
        return True
