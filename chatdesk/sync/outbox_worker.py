"""Sends what waits in the outbox: lanes side by side, each in its own order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from chatdesk.backend.base import Remote
from chatdesk.domain.attachment import Attachment, attachments_of
from chatdesk.domain.change import ChangeSet, RowBatch
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import NeedsSignIn, Offline, Refused, Retryable
from chatdesk.domain.mutation import Mutation, OutboxEntry
from chatdesk.store.store import Store
from chatdesk.sync.deadline import deadline
from chatdesk.sync.part import Part
from chatdesk.sync.retry import Backoff

PARALLEL = 4
"""Lanes that send at the same time."""

RESCAN = 30.0
"""Seconds after which the outbox is looked at even if nobody rang."""

PUSH_DEADLINE = 30.0
SLOWEST = 20_000.0
"""Bytes per second that a slow uplink is granted on top of ``PUSH_DEADLINE``."""

FILES_SLOWEST = 100_000.0
MOST_PATIENCE = 5
"""The same for files: a hang in the midst of 20 MB is to be seen within minutes. Each try that was too short
grants the next one as much again, up to this many times."""

OVERDUE = 5.0
"""Seconds after its deadline at which a request counts as hung: with the watchdog's round, nothing that waits
stands still for more than 45 seconds."""


LOST_FILE = "A file of this message was damaged on this computer and cannot be sent."
LOST_FILE_STEP = "Edit the message and attach the file again."


@dataclass(slots=True)
class _Flight:
    mutation_id: str
    overdue_at: float


class OutboxWorker(Part):
    """Carries mutations to the server until the outbox is empty.

    The head of a lane is sent; the next one follows when the server has accepted or refused it. A retryable
    failure rests the lane, "no connection" rests all of them, a lost session stops all of them until
    ``resume``. The server's row or the refusal goes to the store only after the network is done.
    """

    def __init__(
        self,
        *,
        store: Store,
        remote: Remote,
        clock: Clock,
        random: Random,
        publish: Callable[[ChangeSet], None],
        on_accepted: Callable[[Mutation], None],
        on_sign_in_needed: Callable[[str], None],
    ) -> None:
        super().__init__("outbox", clock, random)
        self._store = store
        self._remote = remote
        self._publish = publish
        self._on_accepted = on_accepted
        self._on_sign_in_needed = on_sign_in_needed
        self._flights: dict[str, _Flight] = {}
        self._landed: list[str] = []
        self._rests: dict[str, float] = {}
        self._backoffs: dict[str, Backoff] = {}
        self._offline = Backoff(random)
        self._offline_until = 0.0
        self._uploaded: set[str] = set()
        """Files of messages that the server has not answered yet."""
        self.paused = False

    @property
    def busy(self) -> bool:
        """Whether something is on its way right now."""
        return bool(self._flights)

    def wake(self) -> None:
        """Look now, and do not wait for any backoff: something got better."""
        self._rests.clear()
        self._offline_until = 0.0
        self.ring()

    def hold(self) -> None:
        """Send nothing until ``resume``: the session is over."""
        self.paused = True

    def resume(self) -> None:
        """Send again: there is a fresh token."""
        self.paused = False
        self.wake()

    async def close(self) -> None:
        """Stop sending; what was on its way waits again, and will be sent under the same id."""
        cut = [flight.mutation_id for flight in self._flights.values()]
        await super().close()
        self._flights.clear()
        self._landed += cut

    async def settle(self) -> None:
        """Give back what a stop cut off in mid-air."""
        while self._landed:
            self._publish(await self._store.mark_waiting(self._landed[-1]))
            self._landed.pop()

    def stalled(self) -> str | None:
        now = self.clock.monotonic()
        if any(flight.overdue_at < now for flight in self._flights.values()):
            return "a change was neither accepted nor refused in time"
        return super().stalled()

    async def round(self) -> None:
        await self.settle()
        await self.pause(self._delay())
        now = self.clock.monotonic()
        self._rests = {lane: until for lane, until in self._rests.items() if until > now}
        if self.paused or now < self._offline_until:
            return
        # Without a connection one entry asks for all of them.
        side_by_side = 1 if self._offline.attempts else PARALLEL
        heads = await self._store.next_entries()
        lanes = {head.mutation.lane for head in heads} | set(self._flights)
        self._backoffs = {lane: backoff for lane, backoff in self._backoffs.items() if lane in lanes}
        for head in heads:
            lane = head.mutation.lane
            if len(self._flights) >= side_by_side:
                break
            if lane not in self._flights and lane not in self._rests:
                allowed = _allowance(head)
                self._flights[lane] = _Flight(head.mutation.id, now + allowed + OVERDUE)
                self.scope.start(self._carry(head, allowed), "lane")

    def _delay(self) -> float:
        now = self.clock.monotonic()
        if self._offline_until > now:
            return self._offline_until - now
        return max(0.0, min([now + RESCAN, *self._rests.values()]) - now)

    async def _carry(self, entry: OutboxEntry, allowed: float) -> None:
        """Send one entry; whatever happens, the lane is free afterwards and the outbox is looked at again."""
        lane = entry.mutation.lane
        try:
            await self._send(entry, allowed)
        except Exception as failure:
            # The store failed, or the adapter met something it has no word for. Nothing is given up for it.
            self.report(failure)
            self._landed.append(entry.mutation.id)
            self._rest(lane, None)
        finally:
            if self.running:
                self._flights.pop(lane, None)
                self.ring()

    async def _send(self, entry: OutboxEntry, allowed: float) -> None:
        mutation = entry.mutation
        try:
            rows = await self._push_marked(mutation, allowed)
            self._publish(await self._store.acknowledge(mutation.id, rows))
        except NeedsSignIn as over:
            self.hold()
            self._publish(await self._store.mark_waiting(mutation.id))
            self._on_sign_in_needed(over.message)
        except Refused as refusal:
            self._reached(mutation.lane)
            self._publish(await self._store.reject(mutation.id, refusal.message))
        except Retryable as failure:
            self._rest(mutation.lane, failure)
            self._publish(await self._store.mark_waiting(mutation.id))
        else:
            self._reached(mutation.lane)
            self._on_accepted(mutation)

    async def _push_marked(self, mutation: Mutation, allowed: float) -> RowBatch:
        """Send a change while the screen is told of it: the request need not wait for that."""
        marked, rows = await asyncio.gather(
            self._mark_sending(mutation.id), self._push(mutation, allowed), return_exceptions=True
        )
        for outcome in (marked, rows):
            if isinstance(outcome, BaseException):
                raise outcome
        assert isinstance(rows, RowBatch)
        return rows

    async def _mark_sending(self, mutation_id: str) -> None:
        self._publish(await self._store.mark_sending(mutation_id))

    async def _push(self, mutation: Mutation, allowed: float) -> RowBatch:
        async with deadline(self.scope, self.clock, allowed, "The server did not answer in time."):
            for attachment in attachments_of(mutation):
                await self._upload(attachment)
            return await self._remote.push(mutation)

    async def _upload(self, attachment: Attachment) -> None:
        """Bring a file to its place before the message that names it; after a restart it is brought again."""
        path = attachment.path
        if path in self._uploaded:
            return
        content = await self._store.unsent_file(path)
        if content is None:
            raise Refused(LOST_FILE, LOST_FILE_STEP, "file_lost")
        await self._remote.put_file(path, content, attachment.media_type)
        self._uploaded.add(path)

    def _reached(self, lane: str) -> None:
        """The server answered this lane with yes or no."""
        self._uploaded = {path for path in self._uploaded if not path.startswith(f"{lane}/")}
        self._backoffs.pop(lane, None)
        self._offline.reset()

    def _rest(self, lane: str, failure: Retryable | None) -> None:
        now = self.clock.monotonic()
        if isinstance(failure, Offline):
            if self._offline_until <= now:
                self._offline_until = now + self._offline.next(failure.retry_after)
            return
        self._offline.reset()
        backoff = self._backoffs.setdefault(lane, Backoff(self.random))
        self._rests[lane] = now + backoff.next(failure.retry_after if failure is not None else None)


def _allowance(entry: OutboxEntry) -> float:
    """Seconds the server is given, more for a long text or for files."""
    size = sum(len(value) for value in entry.mutation.args.values() if isinstance(value, str))
    files = sum(attachment.size for attachment in attachments_of(entry.mutation))
    patience = min(1 + entry.attempts, MOST_PATIENCE)
    return PUSH_DEADLINE + size / SLOWEST + patience * files / FILES_SLOWEST
