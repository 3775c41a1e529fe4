"""One signed-in instance without a window: real services, real store, real engine, virtual time."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from chatdesk.domain.change import ChangeSet
from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import Message
from chatdesk.domain.session import Account, BackendKind, LinkState
from chatdesk.services.notices import Notice, NoticeService
from chatdesk.services.realtime import RealtimeService
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine
from tests.support.fake_backend import FakeBackend
from tests.support.fake_generations import FakeGenerations
from tests.support.virtual_clock import VirtualClock

ANNA = "10000000-0000-4000-8000-000000000001"


class World:
    """Make one with ``begin``; what the services told is in ``notices``, ``deltas`` and ``changes``.

    ``beside`` is an instance of the same person on the same server, if there is one already.
    """

    def __init__(self, directory: Path, beside: World | None = None) -> None:
        self.clock: VirtualClock = beside.clock if beside else VirtualClock()
        self.backend: FakeBackend = beside.backend if beside else FakeBackend(self.clock)
        self.server = self.backend.server
        self.client = self.backend.client(ANNA)
        self.network = self.client.network
        self.remote = FakeGenerations(self.client.remote, self.server, self.clock)
        if beside:
            self.remote.leases = beside.remote.leases
        self.told = NoticeService()
        self.realtime = RealtimeService(self.clock, self.told)
        self.notices: list[Notice] = []
        self.deltas: list[Delta] = []
        self.changes: list[ChangeSet] = []
        self.told.noticed.connect(self.notices.append)
        self.realtime.delta_received.connect(self.deltas.append)
        self.realtime.changes_applied.connect(self.changes.append)
        self._directory = directory

    async def begin(self) -> None:
        """Open the account and connect."""
        account = Account(ANNA, ANNA, BackendKind.LOCAL, "http://fake.invalid")
        self.store = await Store.open(self._directory, ANNA, self.clock)
        engine = SyncEngine(
            store=self.store,
            remote=self.remote,
            feed_factory=self.client.feed_factory,
            tokens=self.client.tokens,
            account=account,
            clock=self.clock,
            random=Random(1),
            listener=self.realtime.listener,
        )
        await self.realtime.attach(account, self.store, engine)
        await self.clock.until(lambda: self.link is LinkState.CONNECTED)

    async def end(self) -> None:
        """Close the account."""
        if self.realtime.account is not None:
            await self.clock.finish(self.realtime.detach())
        await self.store.close()

    @property
    def link(self) -> LinkState:
        return self.realtime.engine.state.link

    async def talk(self, *texts: str) -> tuple[str, list[str]]:
        """Make a conversation with these messages and have them delivered; returns its id and theirs."""
        conversation = self.realtime.create_conversation("Talk", None)
        sent = []
        for text in texts:
            sent.append(self.realtime.send_message(conversation, "user", text))
            await self.clock.until(lambda: sent[-1] in self.server.messages)
        await self.clock.until(lambda: not self.realtime.engine.state.pending)
        return conversation, sent

    async def shown(self, conversation_id: str) -> list[Message]:
        """What the store shows of a conversation."""
        found: Any = await self.store.messages(conversation_id, limit=1000)
        return list(found)
