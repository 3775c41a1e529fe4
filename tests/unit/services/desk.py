"""One window without widgets: services and the message model over the real store and engine."""

from __future__ import annotations

from pathlib import Path
from random import Random

from chatdesk.domain.message import Message
from chatdesk.domain.session import Account, BackendKind
from chatdesk.models.message_list import MessageListModel
from chatdesk.providers.base import ReplyRequest
from chatdesk.providers.scripted import ScriptedProvider
from chatdesk.services.generation import GenerationService
from chatdesk.services.loaded import MessagesLoaded
from chatdesk.services.model_source import FixedModels
from chatdesk.services.notices import Notice, NoticeService
from chatdesk.services.realtime import RealtimeService
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine
from tests.support.fake_backend import FakeBackend, FakeClient
from tests.support.virtual_clock import VirtualClock

ME = "0190c0de-0000-7000-8000-0000000000aa"


class Desk:
    """One window; what the application's wiring does for messages and versions is done here."""

    def __init__(self, clock: VirtualClock, client: FakeClient, store: Store, number: int) -> None:
        self.clock = clock
        self.client = client
        self.store = store
        self.answers = 0
        self.notices: list[Notice] = []
        self.arrived: list[tuple[str, str]] = []
        told = NoticeService()
        told.noticed.connect(self.notices.append)
        self.provider = ScriptedProvider(
            lambda request: self._answer(number, request), pause=0.05, clock=clock
        )
        self.realtime = RealtimeService(clock, told)
        self.generation = GenerationService(self.realtime.shared, told, clock, FixedModels(self.provider))
        self.model = MessageListModel(ME)
        self.realtime.messages_loaded.connect(self._take)
        self.realtime.changes_applied.connect(self.model.apply)
        self.realtime.delta_received.connect(self.model.apply_delta)
        self.realtime.version_expected.connect(self.model.expect)
        self.realtime.branch_wanted.connect(self.model.show_version)
        self.realtime.leaving_changed.connect(self.model.set_leaving)
        self.model.choices_changed.connect(self.realtime.keep_choices)
        self.model.version_arrived.connect(lambda shown, new: self.arrived.append((shown, new)))

    async def start(self, account: Account) -> None:
        engine = SyncEngine(
            store=self.store,
            remote=self.client.remote,
            feed_factory=self.client.feed_factory,
            tokens=self.client.tokens,
            account=account,
            clock=self.clock,
            random=Random(3),
            listener=self.realtime.listener,
        )
        self.generation.attach(self.client.remote)
        await self.realtime.attach(account, self.store, engine)
        await self.generation.take_up()

    async def close(self) -> None:
        """End as the application does."""
        await self.clock.finish(self.generation.detach())
        await self.clock.finish(self.realtime.detach())
        await self.store.close()

    def shown(self) -> list[str]:
        """The texts on screen, from the top."""
        return [self.model.text_of(self.model.at(row)) for row in range(self.model.rowCount())]

    def row(self, text: str) -> Message:
        """The message on screen with this text."""
        rows = (self.model.at(row) for row in range(self.model.rowCount()))
        return next(message for message in rows if self.model.text_of(message) == text)

    def say(self, text: str) -> str:
        """Send a message after what is on screen; returns its id."""
        conversation_id = self.realtime.current_conversation
        return self.realtime.send_message(conversation_id, "user", text, self.model.last_id())

    def ask(self, text: str) -> str:
        """Send a message and have it answered."""
        message_id = self.wish(text)
        self.generation.request_reply(self.realtime.current_conversation, message_id)
        return message_id

    def wish(self, text: str) -> str:
        """Send a message that is to be answered, and be killed before anybody is asked."""
        conversation_id = self.realtime.current_conversation
        after = self.model.last_id()
        return self.realtime.send_message(conversation_id, "user", text, after, wants_reply=True)

    def _take(self, loaded: MessagesLoaded) -> None:
        if loaded.older:
            self.model.prepend(loaded.messages, loaded.has_older)
        else:
            self.model.load(loaded.conversation_id, loaded.messages, loaded.has_older, loaded.branches)

    def _answer(self, number: int, request: ReplyRequest) -> str:
        self.answers += 1
        return f"Answer {number}.{self.answers}"


class Office:
    """The virtual world: a clock, a server, and the windows of one user."""

    def __init__(self, directory: Path) -> None:
        self.clock = VirtualClock()
        self.backend = FakeBackend(self.clock)
        self.desks: list[Desk] = []
        self._directory = directory

    async def desk(self, home: str = "") -> Desk:
        """Open one more window and let it connect; ``home`` names a directory to be used again."""
        client = self.backend.client(ME)
        number = len(self.desks) + 1
        account = Account("key", ME, BackendKind.SUPABASE, "http://fake")
        store = await Store.open(self._directory / (home or f"desk-{number}"), account.key, self.clock)
        made = Desk(self.clock, client, store, number)
        self.desks.append(made)
        await made.start(account)
        await self.clock.advance(3)
        return made

    async def open_everywhere(self, conversation_id: str) -> None:
        """Have every window show this conversation."""
        await self.clock.advance(1)
        for desk in self.desks:
            if desk.realtime.current_conversation != conversation_id:
                desk.realtime.set_current_conversation(conversation_id)
        await self.clock.advance(3)

    async def close(self) -> None:
        """Close every window that is still open."""
        for desk in self.desks:
            await desk.close()
