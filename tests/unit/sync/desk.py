"""One instance for the tests of the engine: the real store, the real engine, a listener that keeps a copy."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from chatdesk.domain.change import ChangeSet, Verb
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.ephemeral import Ephemeral
from chatdesk.domain.message import DeliveryState, Message
from chatdesk.domain.mutation import PROFILE_LANE, Mutation, MutationKind
from chatdesk.domain.session import Account, BackendKind, LinkState, SyncState
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine
from tests.support.fake_backend import FakeBackend, FakeClient
from tests.support.virtual_clock import VirtualClock


@dataclass
class Mirror:
    """A ``SyncListener`` that builds the screen's rows from change sets alone, as the models do."""

    changes: list[ChangeSet] = field(default_factory=list)
    states: list[SyncState] = field(default_factory=list)
    ephemerals: list[Ephemeral] = field(default_factory=list)
    entries: dict[str, ConversationEntry] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unloaded: set[str] = field(default_factory=set)
    """Conversations that went: whoever shows one again reads it from the store first."""

    def changes_applied(self, changes: ChangeSet) -> None:
        self.changes.append(changes)
        for entry_change in changes.conversations:
            if entry_change.verb is Verb.REMOVED:
                self._forget(entry_change.entry.id)
            else:
                self.entries[entry_change.entry.id] = entry_change.entry
        for change in changes.messages:
            if change.message.conversation_id in self.unloaded:
                continue
            known = change.message.id in self.messages
            if (change.verb is Verb.ADDED) is known:
                self.faults.append(f"{change.verb} of a message that was {'' if known else 'not '}there")
            if change.verb is Verb.REMOVED:
                del self.messages[change.message.id]
            else:
                self.messages[change.message.id] = change.message

    def _forget(self, conversation: str) -> None:
        """A conversation that goes takes its messages along, without a word for each."""
        self.entries.pop(conversation, None)
        self.unloaded.add(conversation)
        self.messages = {k: m for k, m in self.messages.items() if m.conversation_id != conversation}

    def state_changed(self, state: SyncState) -> None:
        self.states.append(state)

    def ephemeral_received(self, change: Ephemeral) -> None:
        self.ephemerals.append(change)

    @property
    def link(self) -> LinkState:
        return self.states[-1].link

    @property
    def links(self) -> list[LinkState]:
        """The link's states in order, without repetitions."""
        found: list[LinkState] = []
        for state in self.states:
            if not found or found[-1] is not state.link:
                found.append(state.link)
        return found


class Desk:
    """An instance of ChatDesk without a window."""

    def __init__(
        self, store: Store, engine: SyncEngine, client: FakeClient, mirror: Mirror, clock: VirtualClock
    ) -> None:
        self._clock = clock
        self.store = store
        self.engine = engine
        self.client = client
        self.mirror = mirror
        self.network = client.network

    async def close(self) -> None:
        """End the engine in virtual time, then the store, whose thread ends in real time."""
        await self._clock.finish(self.engine.stop())
        await self.store.close()


class Room:
    """The virtual world: a clock, a server, and desks."""

    def __init__(self, directory: Path, seed: int = 1) -> None:
        self.clock = VirtualClock()
        self.random = Random(seed)
        self.backend = FakeBackend(self.clock, Random(seed + 1))
        self.server = self.backend.server
        self._directory = directory
        self._desks: list[Desk] = []

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    async def desk(self, user_id: str = "", *, token_life: float = 3600.0, home: str = "") -> Desk:
        """Make an instance that is not started; ``home`` names its directory when it must be reused."""
        user_id = user_id or ANNA
        client = self.backend.client(user_id, token_life)
        directory = self._directory / (home or f"desk-{len(self._desks)}")
        store = await Store.open(directory, user_id, self.clock)
        mirror = Mirror()
        engine = SyncEngine(
            store=store,
            remote=client.remote,
            feed_factory=client.feed_factory,
            tokens=client.tokens,
            account=Account(user_id, user_id, BackendKind.LOCAL, "http://fake.invalid"),
            clock=self.clock,
            random=Random(self.random.getrandbits(32)),
            listener=mirror,
        )
        desk = Desk(store, engine, client, mirror, self.clock)
        self._desks.append(desk)
        return desk

    async def started(self, user_id: str = "", **options: Any) -> Desk:
        """Make an instance and let it connect."""
        desk = await self.desk(user_id, **options)
        await desk.engine.start()
        await self.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED)
        return desk

    async def cut_off(self) -> tuple[Desk, str]:
        """Make an instance that shows a conversation with one message, and then lose its connection."""
        conversation = self.talk("one")
        desk = await self.started()
        desk.engine.open_conversation(conversation)
        await self.clock.advance(1)
        desk.network.down = True
        desk.network.feed.kill()
        await self.clock.advance(1)
        return desk, conversation

    async def close(self) -> None:
        for desk in self._desks:
            await desk.close()

    # Mutations ----------------------------------------------------------------------------------------------

    def make(
        self, kind: MutationKind, lane: str, entity: str, user: str, args: Mapping[str, Any]
    ) -> Mutation:
        return Mutation(self.new_id(), kind, lane, entity, user, args, self.clock.now())

    def create(self, title: str = "Talk", key: str = "", user: str = "") -> Mutation:
        key = key or self.new_id()
        args = {"p_id": key, "p_title": title, "p_model": None}
        return self.make(MutationKind.CREATE_CONVERSATION, key, key, user or ANNA, args)

    def send(
        self, conversation: str, content: str, *, parent: str | None = None, user: str = "", key: str = ""
    ) -> Mutation:
        key = key or self.new_id()
        args = {
            "p_id": key,
            "p_conversation_id": conversation,
            "p_parent_id": parent,
            "p_role": "user",
            "p_content": content,
        }
        return self.make(MutationKind.SEND_MESSAGE, conversation, key, user or ANNA, args)

    def rename(self, conversation: str, title: str, user: str = "") -> Mutation:
        args = {"p_id": conversation, "p_updates": {"title": title}}
        return self.make(MutationKind.UPDATE_CONVERSATION, conversation, conversation, user or ANNA, args)

    def delete_message(self, conversation: str, message: str, user: str = "") -> Mutation:
        return self.make(MutationKind.DELETE_MESSAGE, conversation, message, user or ANNA, {"p_id": message})

    def profile(self, name: str, user: str = "") -> Mutation:
        user = user or ANNA
        args = {"p_updates": {"display_name": name}}
        return self.make(MutationKind.UPDATE_PROFILE, PROFILE_LANE, user, user, args)

    # On the server ------------------------------------------------------------------------------------------

    def talk(self, *texts: str, user: str = "") -> str:
        """Make a conversation on the server, as another instance of the user would; return its id."""
        if (user or ANNA) not in self.server.profiles:
            self.server.sign_up(user or ANNA)
        creation = self.create(user=user)
        self.server.push(creation)
        self.say(creation.entity_id, *texts, user=user)
        return creation.entity_id

    def say(self, conversation: str, *texts: str, user: str = "") -> None:
        for text in texts:
            self.server.push(self.send(conversation, text, user=user))


ANNA = "10000000-0000-4000-8000-000000000001"
BEN = "20000000-0000-4000-8000-000000000002"


async def texts(desk: Desk, conversation: str) -> list[str]:
    """What the desk's timeline shows."""
    return [message.content for message in await desk.store.messages(conversation, limit=10_000)]


async def deliveries(desk: Desk, conversation: str) -> list[DeliveryState]:
    return [message.delivery for message in await desk.store.messages(conversation, limit=10_000)]
