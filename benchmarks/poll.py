"""Supabase Realtime's polling timer, for servers that have none.

The hosted service learns of a row when it polls its replication slot: at once again after rows were
found, after 100 ms and 50 to 100 ms of jitter when only other things were written, and every 500 ms while
nothing is (``replication_poller.ex`` of supabase/realtime). A lone message waits for the next of these
moments.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

IDLE = 0.5
BUSY = 0.1
JITTER = (0.05, 0.1)


class Poll(Generic[T]):
    """Keeps what is added until the next poll; ``release`` is told when it came and when it went."""

    def __init__(self, release: Callable[[T, int, int], None], seed: int = 1) -> None:
        self._release = release
        self._waiting: list[tuple[T, int]] = []
        self._chance = random.Random(seed)
        self._timer: asyncio.TimerHandle | None = None

    def add(self, thing: T) -> None:
        """Take one; the timer runs from the first one on."""
        self._waiting.append((thing, time.monotonic_ns()))
        if self._timer is None:
            # As if it had always run: the next moment is anywhere within the idle pause.
            self._wait(IDLE * self._chance.random())

    def stop(self) -> None:
        """Poll no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._poll)

    def _poll(self) -> None:
        now, found = time.monotonic_ns(), self._waiting
        self._waiting = []
        for thing, came in found:
            self._release(thing, came, now)
        # What a message brings along (its read marks) is written after it, so the next pause is a short one.
        self._wait(BUSY + self._chance.uniform(*JITTER) if found else IDLE)
