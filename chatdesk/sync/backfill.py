"""Fetches, while nobody waits for anything, what was never looked at: so that the search knows everything."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import NeedsSignIn, Refused, Retryable
from chatdesk.store.store import Missing, Store
from chatdesk.sync.catch_up import CatchUp
from chatdesk.sync.part import Part
from chatdesk.sync.retry import Backoff

QUIET = 3.0
"""Seconds without anything done by the user before the first request."""

PAGE = 50
STEP = 0.25
"""Seconds between two requests."""

_SLICE_STEP = 0.02
_LOOK = 1.0
_RESCAN = 30.0


class Backfill(Part):
    """One small page after the other, until every message is here; then it only looks now and then.

    Conversations without any messages here come first, then older pages. It yields: whatever the user does
    (``rest``) or ``is_idle`` denies is waited for, and there is never more than one request. Without a
    network it still does what the search index put off. A conversation that is refused is left out until the
    next start.
    """

    def __init__(
        self,
        *,
        store: Store,
        catch_up: CatchUp,
        clock: Clock,
        random: Random,
        is_idle: Callable[[], bool],
    ) -> None:
        super().__init__("backfill", clock, random)
        self._store = store
        self._catch_up = catch_up
        self._is_idle = is_idle
        self._quiet_from = clock.monotonic() + QUIET
        self._delay = 0.0
        self._retry = Backoff(random)
        self._left_out: set[str] = set()
        self._last: Missing | None = None
        self._complete = False
        self.pages = 0

    @property
    def standing(self) -> str:
        """How far it is, for the diagnostics."""
        state = "complete" if self._complete else "under way"
        left_out = f", {len(self._left_out)} conversations left out" if self._left_out else ""
        return f"{state}, {self.pages} pages fetched{left_out}"

    def rest(self) -> None:
        """The user does something: stay out of the way for a while."""
        self._quiet_from = self.clock.monotonic() + QUIET

    async def round(self) -> None:
        await self.pause(self._delay)
        self._delay = await self._step()

    async def _step(self) -> float:
        """Do at most one thing; return how many seconds to wait for the next."""
        wait = self._quiet_from - self.clock.monotonic()
        if wait > 0:
            return wait
        if await self._store.tidy_index():
            return _SLICE_STEP
        if not self._is_idle():
            return _LOOK
        missing = await self._store.missing(self._left_out)
        self._complete = missing is None
        if missing is None:
            return _RESCAN
        if missing == self._last:  # the page before did not get us any further
            self._left_out.add(missing.conversation_id)
            return STEP
        try:
            await self._fetch(missing)
        except Refused:
            self._left_out.add(missing.conversation_id)
        except Retryable as failure:
            return max(STEP, self._retry.next(failure.retry_after))
        except NeedsSignIn:
            return _LOOK
        self._last = missing
        self._retry.reset()
        return STEP

    async def _fetch(self, missing: Missing) -> None:
        conversation_id, before = missing.conversation_id, missing.before_seq
        if before is not None:
            await self._catch_up.load_older(conversation_id, before, PAGE)
        else:
            # Read first: after a loss of the cache nobody may set a cursor that was not looked at.
            await self._store.conversation_cursor(conversation_id)
            await self._catch_up.first_page(conversation_id, PAGE)
        self.pages += 1
