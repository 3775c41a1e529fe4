"""Time that stands still until the test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

MOST_STEPS = 200_000
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


async def drain() -> None:
    """Let everything that can run without time passing run to its end.

    Asks the loop for its queue of ready callbacks (a private name of asyncio, the same in 3.11 to 3.14): a
    fixed number of ``sleep(0)`` would make a test depend on how many awaits the code happens to have.
    """
    ready: Any = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # private, see above
    await asyncio.sleep(0)
    for _ in range(MOST_STEPS):
        if not ready:
            return
        await asyncio.sleep(0)
    raise AssertionError("something runs in circles without waiting")


class VirtualClock:
    """A ``Clock`` whose sleepers wake in order of their time, one at a time, each with all that follows.

    Needs a loop on which nothing else happens: no sockets, and store jobs that end within their await.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._now)

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        end = self._now + seconds
        await drain()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._now = max(self._now, at)
            future.set_result(None)
            await drain()
        self._now = end

    async def until(self, condition: Callable[[], bool], within: float = 60.0, step: float = 0.05) -> float:
        """Advance until ``condition`` holds; return how long it took, fail after ``within`` seconds."""
        began = self._now
        await drain()
        while not condition():
            assert self._now - began <= within, f"not so after {within} s"
            await self.advance(step)
        return self._now - began

    async def finish(self, work: Awaitable[Any], within: float = 60.0) -> Any:
        """Advance until ``work`` is done; return or raise what it does."""
        task = asyncio.ensure_future(work)
        try:
            await self.until(task.done, within)
        finally:
            task.cancel()
        return await task
