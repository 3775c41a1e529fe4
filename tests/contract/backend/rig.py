"""Windows of real accounts on the embedded back end, built the way the application builds them."""

from __future__ import annotations

import dataclasses
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatdesk.backend.auth import AuthApi
from chatdesk.backend.avatars import SupabaseAvatars
from chatdesk.backend.client import BackendClient
from chatdesk.backend.feed import RealtimeFeed
from chatdesk.backend.sessions import SessionKeeper
from chatdesk.backend.tables import SupabaseRemote
from chatdesk.domain.change import RowBatch
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.ids import new_id
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.domain.session import BackendAddress, BackendKind, Session
from tests.contract.backend.ears import Ears
from tests.support import postgres
from tests.support.server import Wire

PASSWORD = "a good password"


class Memory:
    """A session storage for the length of a test."""

    def __init__(self) -> None:
        self.session: Session | None = None

    def load(self) -> Session | None:
        return self.session

    def save(self, session: Session, place: int = 0) -> None:
        self.session = session

    def clear(self) -> None:
        self.session = None


def address_of(wire: Wire) -> BackendAddress:
    return BackendAddress(BackendKind.SUPABASE, wire.url, wire.anon_key)


class Window:
    """One signed-in window: its own connections, its own session, its own feed."""

    def __init__(self, wire: Wire, directory: Path) -> None:
        self.wire = wire
        self.client = BackendClient(address_of(wire))
        self.auth = AuthApi(self.client, SystemClock())
        self.memory = Memory()
        lock = directory / f"{new_id()}.lock"
        self.keeper = SessionKeeper(self.memory, self.auth, SystemClock(), lock)
        self.remote = SupabaseRemote(self.client, self.keeper)
        self.avatars = SupabaseAvatars(self.client, self.keeper)
        self.ears = Ears()
        self.feed = RealtimeFeed(address_of(wire), self.ears.on_frame, self.ears.on_channel)

    @property
    def user_id(self) -> str:
        assert self.keeper.session is not None
        return self.keeper.session.user_id

    @property
    def row(self) -> postgres.Person:
        """The same person, in the database's own terms."""
        return postgres.Person(self.wire.database, self.user_id)

    async def open(self) -> None:
        await self.feed.open(await self.keeper.access_token())

    async def join(self, topic: str, state: str = "joined") -> None:
        await self.feed.join(topic)
        await self.ears.reported(topic, state)

    async def push(self, kind: MutationKind, **args: Any) -> RowBatch:
        lane = str(args.get("p_conversation_id") or args.get("p_id") or "profile")
        return await self.remote.push(
            Mutation(new_id(), kind, lane, lane, self.user_id, args, datetime.now(UTC))
        )

    async def new_conversation(self, title: str = "Bridges") -> str:
        conversation_id = new_id()
        await self.push(MutationKind.CREATE_CONVERSATION, p_id=conversation_id, p_title=title)
        return conversation_id

    async def say(self, conversation_id: str, content: str = "Hello", **args: Any) -> RowBatch:
        full = {
            "p_id": new_id(),
            "p_conversation_id": conversation_id,
            "p_parent_id": None,
            "p_role": "user",
            "p_content": content,
        }
        return await self.push(MutationKind.SEND_MESSAGE, **(full | args))

    async def close(self) -> None:
        await self.feed.close()
        await self.keeper.close()
        await self.client.close()


class Street:
    """Makes windows of one server and closes them all."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._directory = tempfile.TemporaryDirectory(prefix="chatdesk-sessions-")
        self._windows: list[Window] = []

    def stranger(self) -> Window:
        """A window nobody has signed in with."""
        window = Window(self.wire, Path(self._directory.name))
        self._windows.append(window)
        return window

    async def person(self) -> Window:
        """A window of a new account."""
        window = self.stranger()
        session = await window.auth.sign_up(f"{new_id()}@example.org", PASSWORD)
        assert session is not None
        await window.keeper.adopt(session)
        return window

    async def second_window(self, first: Window) -> Window:
        """Another window of the same account, with a copy of its session."""
        window = self.stranger()
        assert first.keeper.session is not None
        await window.keeper.adopt(dataclasses.replace(first.keeper.session))
        return window

    async def close(self) -> None:
        for window in self._windows:
            await window.close()
        self._windows.clear()
        self._directory.cleanup()
