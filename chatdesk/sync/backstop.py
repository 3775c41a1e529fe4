"""The pull that needs no reason."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from chatdesk.domain.clock import Clock
from chatdesk.sync.part import Part

EVERY = 30.0


class Backstop(Part):
    """Asks for everything new twice a minute.

    A feed can be silent while it looks healthy, and where web sockets are blocked there is none at all: what
    was missed arrives this way, late but surely.
    """

    def __init__(self, *, clock: Clock, random: Random, pull: Callable[[], None]) -> None:
        super().__init__("backstop", clock, random)
        self._pull = pull

    async def round(self) -> None:
        await self.clock.sleep(EVERY)
        self._pull()
