"""The sync engine: one account's store and its back end, kept the same."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from random import Random

from chatdesk.backend.base import Feed, FeedFactory, Remote, TokenSource
from chatdesk.domain.change import ChangeSet, RowBatch
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Broadcast
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Offline
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.domain.session import Account, LinkState, SyncState
from chatdesk.runtime.tasks import TaskScope
from chatdesk.store.store import Store
from chatdesk.sync.backfill import Backfill
from chatdesk.sync.backstop import Backstop
from chatdesk.sync.catch_up import CatchUp
from chatdesk.sync.channels import Channels
from chatdesk.sync.company import Company
from chatdesk.sync.connection import Connection, user_topic
from chatdesk.sync.deadline import deadline
from chatdesk.sync.gathering import gather
from chatdesk.sync.inbound import Inbound
from chatdesk.sync.link import Link
from chatdesk.sync.link_table import LinkEvent
from chatdesk.sync.listener import Announcer, SyncListener
from chatdesk.sync.needs import Done, outcome
from chatdesk.sync.outbox_worker import OutboxWorker
from chatdesk.sync.part import Part
from chatdesk.sync.report import report
from chatdesk.sync.stream_relay import StreamRelay
from chatdesk.sync.watchdog import Watchdog

__all__ = ["SyncEngine", "SyncListener"]

_log = logging.getLogger(__name__)

END_DEADLINE = 5.0
"""Seconds that a part which hangs is given to end, before it is cancelled again."""


class SyncEngine:
    """Everything that moves between the store and the server, behind one door.

    Works from the store alone when there is no network: ``submit`` only needs the disk. What changed is told
    to the listener after it is stored, whatever road it came. Runs on one event loop and lives once: after
    ``stop`` a new engine is made.
    """

    def __init__(
        self,
        *,
        store: Store,
        remote: Remote,
        feed_factory: FeedFactory,
        tokens: TokenSource,
        account: Account,
        clock: Clock,
        random: Random,
        listener: SyncListener,
    ) -> None:
        self._store = store
        self._clock = clock
        self._announcer = Announcer(listener, clock)
        self._own_topic = user_topic(account.user_id)
        self._open: tuple[str, ...] = ()
        self._stopped = False
        self._catch_up = CatchUp(
            store=store,
            remote=remote,
            clock=clock,
            random=random,
            publish=self._publish,
            on_failed=self._pull_failed,
            on_pulled=self._pulled,
        )
        self._outbox = OutboxWorker(
            store=store,
            remote=remote,
            clock=clock,
            random=random,
            publish=self._publish,
            on_accepted=self._accepted,
            on_sign_in_needed=self._sign_in_needed,
        )
        self.company = Company(
            remote=remote,
            clock=clock,
            random=random,
            user_id=account.user_id,
            own_topic=self._own_topic,
            live_topic=lambda conversation_id: self._channels.live_topic(conversation_id),
            send=lambda typing: self._relay.send(typing),
            tell=self._announcer.ephemeral,
        )
        """Presence, typing and read marks of the people who share a conversation."""
        self._inbound = Inbound(
            store=store,
            clock=clock,
            random=random,
            publish=self._publish,
            forward=self.company.take,
            on_user_gap=self._catch_up.user_gap,
            on_conversation_gap=self._catch_up.conversation_gap,
            on_loss=self._catch_up.everything,
        )
        self._channels = Channels(
            store=store,
            clock=clock,
            random=random,
            own_topic=self._own_topic,
            on_joined=self._conversation_joined,
            on_lost=self._channel_lost,
            on_moved=self.company.moved,
        )
        self._relay = StreamRelay(clock=clock, random=random, live_topic=self._channels.live_topic)
        self._link = Link(
            user_id=account.user_id,
            feed_factory=feed_factory,
            tokens=tokens,
            clock=clock,
            random=random,
            owner=self,
            on_frame=self._inbound.take,
            on_channel=self._channels.word,
        )
        self._backstop = Backstop(clock=clock, random=random, pull=self._catch_up.everything)
        self._backfill = Backfill(
            store=store, catch_up=self._catch_up, clock=clock, random=random, is_idle=self._is_idle
        )
        self._watchdog = Watchdog(
            clock=clock,
            random=random,
            parts=self._watched,
            rebuild=self._rebuild,
            look=self._catch_up.note_cursors,
        )

    # Life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin; returns as soon as the store has answered, with or without a network."""
        pending, failed = await self._store.outbox_counts()
        self._announcer.pending, self._announcer.failed = pending, failed
        self._tell_state()
        for part in self._parts():
            part.start()
        self._link.post(LinkEvent.STARTED)

    async def stop(self) -> None:
        """End every task and close the socket; what waits in the outbox stays there. Safe to call twice."""
        if self._stopped:
            return
        self._stopped = True
        await self._link.close()
        for part in reversed(self._parts()):
            await part.close()
        await self._outbox.settle()
        self._inbound.clear()
        self._catch_up.abandon()

    @property
    def state(self) -> SyncState:
        """How things stand, as last told to the listener."""
        return self._announcer.state or SyncState(LinkState.STARTING)

    @property
    def task_count(self) -> int:
        """Tasks that run for this engine now."""
        connection = self._link.connection
        own = sum(part.scope.count for part in self._parts()) + self._link.task_count
        return own + (connection.scope.count if connection is not None else 0)

    # What the user does -------------------------------------------------------------------------------------

    async def submit(self, mutation: Mutation, files: Mapping[str, bytes] | None = None) -> None:
        """Accept a change and the ``files`` its message names: all is on disk afterwards, or it raises."""
        self._backfill.rest()
        # Rung before it is stored: the worker's question what may be sent stands behind the change in the
        # store's line, so that the request goes out before the window shows the change, not after.
        self._outbox.ring()
        self._publish(await self._store.enqueue(mutation, files or {}))

    def open_conversation(self, conversation_id: str | None) -> None:
        """Keep one conversation fresh: pull it now, join its channels once the user has stayed."""
        self.open_conversations(() if conversation_id is None else (conversation_id,))

    def open_conversations(self, shown: Sequence[str], held: Sequence[str] = ()) -> None:
        """Keep these fresh, the one looked at last first, and ``held``, in which a reply is written."""
        wanted = tuple(dict.fromkeys((*shown, *held)))
        self.company.open(tuple(dict.fromkeys(shown)), tuple(held))
        if wanted == self._open:
            return
        self._backfill.rest()
        before, self._open = self._open, wanted
        self._catch_up.open(wanted, None)
        for conversation_id in reversed([each for each in wanted if each not in before]):
            self._catch_up.open(wanted, conversation_id)
        self._channels.open(wanted)

    async def refresh_profile(self) -> None:
        """Pull what is new about people; raises what the pull raised."""
        await self.refresh_conversations()

    async def refresh_conversations(self) -> None:
        """Pull what is new anywhere; raises what the pull raised."""
        await self._wait_for(self._catch_up.everything)

    async def refresh_messages(self, conversation_id: str | None = None) -> None:
        """Pull what is new in a conversation, or in the one looked at last; raises what the pull raised."""
        conversation_id = conversation_id or (self._open[0] if self._open else None)
        if conversation_id is not None:
            await self._wait_for(lambda done: self._catch_up.conversation(conversation_id, done))

    async def load_older(self, conversation_id: str) -> bool:
        """Fetch the page of messages before the oldest one here; tell whether there were any.

        Raises what the request raised.
        """
        self._backfill.rest()
        if not await self._store.has_older(conversation_id):
            return False
        oldest = await self._store.oldest_seq(conversation_id)
        return await self._catch_up.load_older(conversation_id, oldest)

    async def gather(
        self, told: Callable[[int, int], None], conversation_id: str | None = None
    ) -> Mapping[str, int]:
        """Fetch every message that is not here, of one conversation or of all; see ``gathering.gather``."""
        return await gather(self._store, self._catch_up, self._backfill.rest, told, conversation_id)

    async def take_rows(self, rows: RowBatch, cursors: Mapping[str, int]) -> None:
        """Store rows that a request of this instance brought; ``cursors``: of conversations now whole."""
        complete = dict.fromkeys(cursors, True)
        self._publish(await self._store.apply(rows, conversation_cursors=cursors, complete_from=complete))

    async def retry(self, entity_id: str) -> None:
        """Send a refused change of this row again, and those that wait behind it."""
        self._publish(await self._store.retry(entity_id))
        self._outbox.wake()

    async def discard(self, entity_id: str) -> None:
        """Give up the waiting changes of this row."""
        self._publish(await self._store.discard(entity_id))
        self._outbox.ring()

    def attend(self) -> None:
        """The user is doing something: what can wait leaves disk and network to them."""
        self._backfill.rest()

    def send_ephemeral(self, change: Broadcast) -> None:
        """Send to whoever looks at the conversation; lost if nobody can be reached now."""
        self._relay.send(change)

    def wake(self) -> None:
        """Check at once: the computer woke up, the network changed."""
        self._link.post(LinkEvent.WOKEN)
        self._outbox.wake()

    def signed_in_again(self) -> None:
        """There is a session again: go on with everything."""
        self._catch_up.go()
        self._outbox.resume()
        self._link.post(LinkEvent.SIGNED_IN)

    def diagnostics(self) -> Mapping[str, object]:
        """What a report of a problem needs: states and numbers, no text, no tokens."""
        return report(
            link=self._link,
            channels=self._channels,
            catch_up=self._catch_up,
            now=self._clock.monotonic(),
            last_event=self._inbound.last_event,
            own_topic=self._own_topic,
            opened=self._open,
        ) | {
            "presence": self.company.standing,
            "outbox_pending": self._announcer.pending,
            "outbox_failed": self._announcer.failed,
            "outbox_paused": self._outbox.paused,
            "backfill": self._backfill.standing,
            "watchdog": self._watchdog.count,
            "trouble": self._trouble(),
            "tasks": self.task_count,
        }

    # What the link says (LinkOwner) -------------------------------------------------------------------------

    def link_changed(self) -> None:
        if self._link.state is LinkState.NEEDS_SIGN_IN:
            self._catch_up.hold()
            self._outbox.hold()
        self._tell_state()

    def feed_ready(self, feed: Feed) -> None:
        self._channels.attach(feed)
        self.company.attach(feed)
        if self._outbox.paused:
            self._outbox.resume()
        else:
            self._outbox.wake()

    def feed_dropped(self) -> None:
        self._channels.detach()
        self.company.detach()

    def catch_up(self, done: Done | None, at_once: bool) -> None:
        self._catch_up.everything(done)
        if at_once:
            self._catch_up.go()

    def token_renewed(self) -> None:
        self._channels.forgive()
        self._outbox.resume()

    # What the parts say -------------------------------------------------------------------------------------

    def _publish(self, changes: ChangeSet) -> None:
        self._announcer.changes(changes)
        self._channels.observe(changes)
        self._tell_state()

    def _tell_state(self) -> None:
        self._announcer.link(self._link, self._trouble())

    def _conversation_joined(self, conversation_id: str) -> None:
        self._catch_up.conversation(conversation_id)
        self.company.joined(conversation_id)

    def _pulled(self) -> None:
        self._channels.forgive()

    def _pull_failed(self, failure: ChatDeskError) -> None:
        if isinstance(failure, NeedsSignIn):
            self._sign_in_needed(failure.message)
        else:
            self._link.post(LinkEvent.PULL_FAILED, failure.message)

    def _accepted(self, mutation: Mutation) -> None:
        """A conversation that the server did not know until now can be pulled and joined."""
        if mutation.kind is MutationKind.CREATE_CONVERSATION and mutation.entity_id in self._open:
            self._catch_up.open(self._open, mutation.entity_id)

    def _sign_in_needed(self, reason: str) -> None:
        self._link.post(LinkEvent.SIGN_IN_NEEDED, reason)

    def _channel_lost(self, reason: str) -> None:
        self._link.post(LinkEvent.BROKEN, reason)

    def _is_idle(self) -> bool:
        connected = self._link.state is LinkState.CONNECTED
        return connected and self._catch_up.idle and not self._outbox.busy

    def _trouble(self) -> str | None:
        return next((part.trouble for part in self._parts() if part.trouble is not None), None)

    def _parts(self) -> tuple[Part, ...]:
        return (
            self._inbound,
            self._catch_up,
            self._outbox,
            self._channels,
            self._relay,
            *self.company.parts,
            self._backstop,
            self._backfill,
            self._watchdog,
        )

    def _watched(self) -> tuple[Part, ...]:
        connection = self._link.connection
        parts = tuple(part for part in self._parts() if part is not self._watchdog)
        return parts if connection is None else (*parts, connection)

    async def _rebuild(self, part: Part, reason: str) -> None:
        if isinstance(part, Connection | Channels):
            self._link.post(LinkEvent.BROKEN, f"Reconnecting: {reason}.")
        if isinstance(part, Connection):
            return
        try:
            async with deadline(TaskScope("rebuild"), self._clock, END_DEADLINE, "It did not end."):
                await part.close()
        except Offline:
            # Something in it swallowed the cancellation, and was cancelled once more.
            _log.warning("%s ended late", part.name)
        part.start()

    async def _wait_for(self, ask: Callable[[Done], None]) -> None:
        """Ask for a pull, at once, and wait for its end."""
        if self._catch_up.held:
            raise NeedsSignIn("The session is over.", "Sign in again.")
        if self._stopped:
            raise ChatDeskError("Synchronisation has ended.")
        ended, done = outcome()
        ask(done)
        self._catch_up.go()
        await ended
