"""The right to renew a session, among all processes of this user."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import Retryable

PATIENCE = 25.0
"""Seconds to wait for one holder; a request to the sign-in server takes 20 s at most, and seldom one."""

_LEASE = 0.8
"""The part of that patience for which the holder itself believes in its right."""

PLACES = 3
"""How many locks there are: two holders may hang at the same time."""

_POLL = 0.05


@dataclass(frozen=True, slots=True)
class Lease:
    """The right while it lasts; ``place`` is the number of the lock, above 0 when another holder hangs.

    No two processes ever hold the same place, however long one of them stands still. The lease is over
    before anybody overtakes it: a process that was stopped meanwhile finds it over, and must not send what
    it read before.
    """

    clock: Clock
    ends: float
    place: int

    def left(self) -> float:
        """Seconds that are left; not above zero once it is over."""
        return self.ends - self.clock.monotonic()


class SessionLock:
    """An operating-system lock on ``path``: it ends with its holder, however that ends.

    A holder that was stopped (a suspended process, a debugger) keeps its lock. After ``patience`` seconds it
    is overtaken: the right then goes to whoever gets the next of three locks, so that those who wait do not
    all go at once. The patience begins anew with each holder, and a lock whose holder hung the last time is
    not waited for again until somebody else had it.
    """

    def __init__(self, path: Path, clock: Clock, patience: float = PATIENCE) -> None:
        self._path = path
        self._clock = clock
        self._patience = patience
        self._hung: dict[Path, int] = {}

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Lease]:
        """Hold the right; raises ``Retryable`` when three holders hang, or when the lock cannot be made."""
        try:
            lock, place = await self._acquire()
        except OSError as error:
            raise Retryable(
                "The lock of the session could not be taken.",
                "Check that the data directory can be written to.",
                code=type(error).__name__,
            ) from error
        try:
            yield Lease(self._clock, self._clock.monotonic() + self._patience * _LEASE, place)
        finally:
            lock.release()

    async def _acquire(self) -> tuple[BaseFileLock, int]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place in range(PLACES):
            path = self._path if place == 0 else self._path.with_name(f"{self._path.name}.{place}")
            lock = await self._take(path)
            if lock is not None:
                return lock, place
        raise Retryable("Another window has been renewing the session for too long.", "It is tried again.")

    async def _take(self, path: Path) -> BaseFileLock | None:
        """Take one lock; None when its holder hangs."""
        lock = FileLock(path, thread_local=False, mode=0o600)
        seen, waited = None, 0.0
        while True:
            try:
                taken = lock.acquire(blocking=False).lock
            except Timeout:
                pass
            else:
                with contextlib.suppress(OSError):
                    os.utime(path)  # Tells those who wait that it has another holder.
                return taken
            stamp = _stamp(path)
            if stamp != seen:
                seen, waited = stamp, 0.0
            if waited >= self._patience or self._hung.get(path) == stamp:
                self._hung[path] = stamp
                return None
            await self._clock.sleep(_POLL)
            waited += _POLL


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
