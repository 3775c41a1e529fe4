"""Looks whether anything hangs, and starts it again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from random import Random

from chatdesk.domain.clock import Clock
from chatdesk.sync.part import Part

_log = logging.getLogger(__name__)

EVERY = 5.0


class Watchdog(Part):
    """Asks every part now and then whether it is stuck; ``rebuild`` gets the part and what hangs.

    ``look`` is called before, to bring the diagnostics up to date.

    The parts have deadlines of their own; this is for what those miss. ``count`` is shown to the user: each
    rebuild is a fault to be found, not a way of working.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        random: Random,
        parts: Callable[[], tuple[Part, ...]],
        rebuild: Callable[[Part, str], Awaitable[None]],
        look: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__("watchdog", clock, random)
        self._parts = parts
        self._rebuild = rebuild
        self._look = look
        self.count = 0

    async def round(self) -> None:
        await self.clock.sleep(EVERY)
        await self._look()
        for part in self._parts():
            reason = part.stalled()
            if reason is not None:
                self.count += 1
                _log.warning("Rebuilding %s: %s", part.name, reason)
                await self._rebuild(part, reason)
