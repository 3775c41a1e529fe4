"""Asking servers that may be away for a while."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeVar

from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import Retryable
from chatdesk.sync.retry import Backoff

T = TypeVar("T")

NO_USE_WAITING = ("PGRST202", "404", "42883", "schema_newer")
"""Codes of servers that lack the call, or may only be read: they stay so until somebody acts."""


class Patience:
    """Carries requests out, again and again while the server is away; every one of them may be repeated.

    ``waiting(bool)`` is called when a wait begins and when it is over. Set ``cancelled`` to end it: the next
    failure is raised then instead of waited for.
    """

    def __init__(self, clock: Clock, waiting: Callable[[bool], None]) -> None:
        self._clock = clock
        self._waiting = waiting
        self.cancelled = False

    async def ask(self, request: Callable[[], Awaitable[T]]) -> T:
        """Return the answer; raises what is no use repeating."""
        backoff = Backoff(Random())
        while True:
            try:
                answer = await request()
            except Retryable as failure:
                if self.cancelled or failure.code in NO_USE_WAITING:
                    raise
                self._waiting(True)
                await self._clock.sleep(backoff.next(failure.retry_after))
            else:
                if backoff.attempts:
                    self._waiting(False)
                return answer
