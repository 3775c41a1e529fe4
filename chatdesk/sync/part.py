"""What every running piece of the engine has in common: an endless round that cannot die in silence."""

from __future__ import annotations

import asyncio
import logging
from random import Random

from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError
from chatdesk.runtime.tasks import TaskScope
from chatdesk.sync.retry import Backoff

_log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds of work without progress after which a part counts as stalled."""


class Part:
    """One endless round with its own tasks, which can be stopped and started again.

    A subclass writes ``round``: wait with ``pause``, then do one piece of work, calling ``touch`` whenever it
    got a step on. An exception ends only that round: it is logged once, and the next round starts after a
    wait. ``trouble`` is the sentence of the last failure until a round succeeds.
    """

    def __init__(self, name: str, clock: Clock, random: Random) -> None:
        self.name = name
        self.clock = clock
        self.random = random
        self.trouble: str | None = None
        self.scope = TaskScope(name)
        self._running = False
        self._bell = asyncio.Event()
        self._busy_since: float | None = None
        self._backoff = Backoff(random)
        self._logged: str | None = None

    @property
    def running(self) -> bool:
        return self._running

    def start(self) -> None:
        """Begin the rounds; after ``close`` this begins them anew."""
        self.scope = TaskScope(self.name)
        self._running = True
        self._busy_since = None
        self._bell.set()  # what was asked for before the start is done now
        self.scope.start(self._forever(), "rounds")

    async def close(self) -> None:
        """Cancel everything this part does and wait until it has ended."""
        self._running = False
        await self.scope.close()
        self._busy_since = None

    async def round(self) -> None:
        """Wait, then do one piece of work."""
        raise NotImplementedError

    def ring(self) -> None:
        """End the current ``pause``, or the next one."""
        self._bell.set()

    def touch(self) -> None:
        """Note that the work of this round got a step on."""
        if self._busy_since is not None:
            self._busy_since = self.clock.monotonic()

    async def pause(self, seconds: float | None = None) -> bool:
        """Wait until somebody rings, ``seconds`` at most; tell whether somebody rang."""
        self._busy_since = None
        if seconds is not None and not self._bell.is_set():
            timer = self.scope.start(self._ring_later(seconds), "timer")
            try:
                await self._bell.wait()
            finally:
                rang = not timer.done()
                timer.cancel()
        else:
            await self._bell.wait()
            rang = True
        self._bell.clear()
        self._busy_since = self.clock.monotonic()
        return rang

    def stalled(self) -> str | None:
        """Say what hangs when this part has worked for ``PATIENCE`` seconds and got nowhere."""
        if self._busy_since is None or self.clock.monotonic() - self._busy_since < PATIENCE:
            return None
        return f"{self.name} got no further for {PATIENCE:.0f} seconds"

    async def _ring_later(self, seconds: float) -> None:
        await self.clock.sleep(max(0.0, seconds))
        self._bell.set()

    async def _forever(self) -> None:
        while True:
            try:
                await self.round()
            except Exception as failure:  # whatever it is, a part that ends in silence is worse
                self.report(failure)
                self._busy_since = None
                await self.clock.sleep(1.0 + self._backoff.next())
                self._bell.set()  # what the failed round was woken for is still to be done
            else:
                self.trouble = None
                self._backoff.reset()

    def report(self, failure: Exception) -> None:
        """Log a failure that nobody else tells of, once for each kind of it in a row."""
        self.trouble = failure.message if isinstance(failure, ChatDeskError) else "Something went wrong here."
        word = f"{type(failure).__name__}: {failure}"
        if word != self._logged:
            self._logged = word
            _log.error("%s failed and starts again", self.name, exc_info=failure)
