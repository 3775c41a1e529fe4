"""When the last client has left for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["FIRST_CLIENT_SECONDS", "Linger"]

FIRST_CLIENT_SECONDS = 10.0
"""What the first client may take at least: whoever started the server has yet to read where it is."""


class Linger:
    """Calls ``stop`` when there has been no client for ``seconds``, or none at all since the start.

    ``clients`` tells how many there are now. Runs on the event loop.
    """

    def __init__(self, seconds: float, clients: Callable[[], int], stop: Callable[[], None]) -> None:
        self._seconds = seconds
        self._clients = clients
        self._stop = stop
        self._timer: asyncio.TimerHandle | None = None

    def is_waiting(self) -> bool:
        """Whether the time runs."""
        return self._timer is not None

    def start(self) -> None:
        """Begin to wait for the first client, unless there is one already."""
        if self._clients() == 0:
            self._wait(max(self._seconds, FIRST_CLIENT_SECONDS))

    def clients_changed(self) -> None:
        """Look again: a client came or left."""
        if self._clients() > 0:
            self.cancel()
        elif self._timer is None:
            self._wait(self._seconds)

    def cancel(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._over)

    def _over(self) -> None:
        self._timer = None
        if self._clients() == 0:
            self._stop()
