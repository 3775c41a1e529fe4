"""How long to wait before the same request is tried again."""

from __future__ import annotations

from random import Random

LONGEST_WAIT = 30.0
LONGEST_WISH = 300.0


class Backoff:
    """Full jitter: each wait is drawn evenly from zero to a ceiling that doubles up to ``cap`` seconds.

    Drawing from the whole range, and not around a fixed step, keeps many clients that lost the same server
    from coming back together. There is no last attempt.
    """

    def __init__(self, random: Random, first: float = 1.0, cap: float = LONGEST_WAIT) -> None:
        self._random = random
        self._first = first
        self._cap = cap
        self.attempts = 0

    def next(self, wish: float | None = None) -> float:
        """Return the next wait in seconds, never shorter than the server's ``wish`` (up to 5 minutes)."""
        ceiling = min(self._cap, self._first * 2 ** min(self.attempts, 16))
        self.attempts += 1
        delay = self._random.uniform(0, ceiling)
        if wish is None:
            return delay
        return max(delay, min(wish, LONGEST_WISH) + self._random.uniform(0, self._first))

    def ease(self, attempts: int) -> None:
        """Forget all but ``attempts`` of the attempts so far."""
        self.attempts = min(self.attempts, attempts)

    def reset(self) -> None:
        """Start again from the shortest wait."""
        self.attempts = 0
