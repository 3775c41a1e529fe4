"""ChatDesk without a window: engine, store and the real adapters, several instances per process.

``python -m tests.faults.core`` reads one JSON object per line, ``{"n": 1, "core": "a", "do": "send", ...}``,
and answers ``{"n": 1, "ok": ...}`` or ``{"n": 1, "error": "..."}``. An answered ``send`` is an acceptance.
Without ``url`` a core has no network and loads none of the network's libraries.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn, cast

from chatdesk.backend.base import FeedFactory, Remote, TokenSource
from chatdesk.domain.errors import Offline
from chatdesk.domain.message import DeliveryState
from chatdesk.domain.mutation import PROFILE_LANE, Mutation, MutationKind, OutboxState
from chatdesk.domain.session import Account, BackendAddress, BackendKind, LinkState, Session
from chatdesk.runtime.tasks import TaskScope
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine
from tests.faults.accept_log import Accept, fingerprint
from tests.faults.watch import Watch

if TYPE_CHECKING:
    from chatdesk.backend.client import BackendClient
    from chatdesk.backend.sessions import SessionKeeper

EVERYTHING = 1_000_000


@dataclass(frozen=True)
class Pace:
    """A ``Clock`` whose wall is ``offset`` seconds wrong and whose seconds pass ``times`` as fast."""

    offset: float = 0.0
    times: float = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def monotonic(self) -> float:
        return time.monotonic() * self.times

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.times)


class FileSession:
    """Where a core keeps its session through kills: a plain file, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Session | None:
        if not self._path.exists():
            return None
        fields = json.loads(self._path.read_text("utf-8"))
        return Session(**{**fields, "expires_at": datetime.fromisoformat(fields["expires_at"])})

    def save(self, session: Session, place: int = 0) -> None:
        draft = self._path.with_suffix(".new")
        fields = {**asdict(session), "expires_at": session.expires_at.isoformat()}
        draft.write_text(json.dumps(fields), "utf-8")
        os.replace(draft, self._path)

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)


class Nowhere:
    """Every port of a core without a network."""

    def __call__(self, *_: object) -> Nowhere:
        return self

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def refuse(*_: object, **__: object) -> NoReturn:
            raise Offline("There is no network in this run.")

        async def close() -> None:
            return

        return close if name == "close" else refuse


class Core:
    """One instance. ``directory`` is its own; a core that is opened there again goes on where it was."""

    def __init__(self, name: str, directory: Path, pace: Pace) -> None:
        self.name = name
        self.directory = directory
        self.pace = pace
        self.watch = Watch()
        self.store: Store
        self.engine: SyncEngine
        self.remote: Remote
        self.user_id = ""
        self._client: BackendClient | None = None
        self.keeper: SessionKeeper | None = None

    @classmethod
    async def start(
        cls,
        name: str,
        directory: Path,
        *,
        user_id: str,
        url: str | None = None,
        api_key: str = "",
        session: Mapping[str, Any] | None = None,
        seed: int = 1,
        offset: float = 0.0,
        times: float = 1.0,
    ) -> Core:
        """Open the store, load what it shows, start the engine."""
        core = cls(name, directory, Pace(offset, times))
        core.user_id = user_id
        directory.mkdir(parents=True, exist_ok=True)
        remote, factory, tokens = await core._ports(url, api_key, session)
        core.remote = remote
        core.store = await Store.open(directory / "store", "account", core.pace)
        for entry in await core.store.entries():
            for message in await core.store.messages(entry.id, limit=EVERYTHING):
                core.watch.load(message)
        core.engine = SyncEngine(
            store=core.store,
            remote=remote,
            feed_factory=factory,
            tokens=tokens,
            account=Account("account", user_id, BackendKind.SUPABASE, url or "http://nowhere.invalid"),
            clock=core.pace,
            random=Random(seed),
            listener=core.watch,
        )
        await core.engine.start()
        return core

    async def _ports(
        self, url: str | None, api_key: str, session: Mapping[str, Any] | None
    ) -> tuple[Remote, FeedFactory, TokenSource]:
        if url is None:
            nowhere = Nowhere()
            return cast(Remote, nowhere), cast(FeedFactory, nowhere), cast(TokenSource, nowhere)
        from chatdesk.backend.auth import AuthApi
        from chatdesk.backend.client import BackendClient
        from chatdesk.backend.feed import feed_factory
        from chatdesk.backend.sessions import SessionKeeper
        from chatdesk.backend.tables import SupabaseRemote

        address = BackendAddress(BackendKind.SUPABASE, url, api_key)
        self._client = BackendClient(address)
        self.keeper = SessionKeeper(
            FileSession(self.directory / "session.json"),
            AuthApi(self._client, self.pace),
            self.pace,
            self.directory / "session.lock",
        )
        if await self.keeper.restore() is None and session is not None:
            life = timedelta(seconds=float(session["expires_in"]))
            await self.keeper.adopt(
                Session(
                    access_token=session["access_token"],
                    refresh_token=session["refresh_token"],
                    expires_at=self.pace.now() + life,
                    user_id=self.user_id,
                )
            )
        deadline = 10.0 / self.pace.times
        factory = feed_factory(address, on_bad_token=self.keeper.distrust, deadline=deadline)
        return SupabaseRemote(self._client, self.keeper), factory, self.keeper

    async def stop(self) -> None:
        """End in order."""
        await self.engine.stop()
        await self.store.close()
        if self.keeper is not None:
            await self.keeper.close()
        if self._client is not None:
            await self._client.close()

    # What a user does ---------------------------------------------------------------------------------------

    async def create(self, title: str) -> dict[str, str]:
        key = self._new_id()
        args = {"p_id": key, "p_title": title, "p_model": None}
        await self._submit(MutationKind.CREATE_CONVERSATION, key, key, args)
        return self._accept("conversation", key, key, title)

    async def send(
        self, conversation: str, content: str, parent: str | None = None, key: str = ""
    ) -> dict[str, str]:
        key = key or self._new_id()
        args = {
            "p_id": key,
            "p_conversation_id": conversation,
            "p_parent_id": parent,
            "p_role": "user",
            "p_content": content,
        }
        await self._submit(MutationKind.SEND_MESSAGE, conversation, key, args)
        return self._accept("message", key, conversation, content)

    async def rename(self, conversation: str, title: str) -> dict[str, str]:
        args = {"p_id": conversation, "p_updates": {"title": title}}
        await self._submit(MutationKind.UPDATE_CONVERSATION, conversation, conversation, args)
        return self._accept("title", conversation, conversation, title)

    async def call_me(self, display_name: str) -> dict[str, str]:
        args = {"p_updates": {"display_name": display_name}}
        await self._submit(MutationKind.UPDATE_PROFILE, PROFILE_LANE, self.user_id, args)
        return self._accept("name", self.user_id, "", display_name)

    async def pin(self, conversation: str, pinned: bool) -> dict[str, str]:
        args = {"p_conversation_id": conversation, "p_updates": {"pinned": pinned}}
        await self._submit(MutationKind.UPDATE_MEMBERSHIP, conversation, conversation, args)
        return self._accept("pin", conversation, conversation, str(pinned))

    async def newest_own(self, conversation: str) -> str | None:
        """The newest message of one's own that the server has; None when there is none."""
        for message in reversed(await self.store.messages(conversation, limit=50)):
            mine = message.author_id == self.user_id and message.deleted_at is None
            if mine and message.delivery is DeliveryState.SENT:
                return message.id
        return None

    async def delete(self, conversation: str, message: str) -> dict[str, str]:
        await self._submit(MutationKind.DELETE_MESSAGE, conversation, message, {"p_id": message})
        return self._accept("deletion", message, conversation, "")

    async def open(self, conversation: str | None) -> None:
        self.engine.open_conversation(conversation)

    async def retry_failed(self) -> int:
        """Press Retry on everything that was refused; return how much that was."""
        failed = [e for e in await self.store.outbox() if e.state is OutboxState.FAILED]
        for entry in failed:
            await self.engine.retry(entry.mutation.entity_id)
        return len(failed)

    async def wake(self) -> None:
        self.engine.wake()

    # What the driver looks at -------------------------------------------------------------------------------

    async def dump(self) -> dict[str, list[Any]]:
        """Everything that is shown; conversations whose messages were never pulled are named apart."""
        conversations, messages, unpulled = [], [], []
        for entry in sorted(await self.store.entries(), key=lambda entry: entry.id):
            row = entry.conversation
            conversations.append([row.id, fingerprint(row.title), row.last_seq])
            if await self.store.conversation_cursor(row.id) is None:
                unpulled.append(row.id)
            for message in await self.store.messages(row.id, limit=EVERYTHING):
                gone = message.deleted_at is not None
                text = fingerprint(message.content)
                messages.append([row.id, message.seq, message.id, text, gone])
        return {"conversations": conversations, "messages": messages, "unpulled": unpulled}

    async def digest(self) -> str:
        """A short word for ``dump``, and how much still waits."""
        shown = await self.dump()
        pending, failed = await self.store.outbox_counts()
        return f"{digest(shown['conversations'], shown['messages'])} {pending} {failed}"

    async def pull_all(self) -> list[str]:
        """Open every conversation and fetch all of it, as somebody who reads everything; return which."""
        pulled = []
        for entry in await self.store.entries():
            if await self.store.conversation_cursor(entry.id) is None:
                self.engine.open_conversation(entry.id)
                await self._until_pulled(entry.id)
            while await self.store.has_older(entry.id):
                await self.engine.load_older(entry.id)
            pulled.append(entry.id)
        return pulled

    async def outbox(self) -> list[dict[str, Any]]:
        """What waits or was refused, with the text's hash."""
        return [
            {
                "kind": entry.mutation.kind.value,
                "entity": entry.mutation.entity_id,
                "state": entry.state.value,
                "reason": entry.reason,
                "hash": fingerprint(str(entry.mutation.args.get("p_content", ""))),
            }
            for entry in await self.store.outbox()
        ]

    async def report(self) -> dict[str, Any]:
        """How it stands, what went wrong so far."""
        state = self.watch.state
        return {
            "link": state.link.value,
            "reason": state.reason,
            "pending": state.pending,
            "failed": state.failed,
            "faults": self.watch.faults,
            "stall": round(self.watch.stall(), 1),
            "changes": self.watch.changes,
            "recovered": list(self.store.recovered),
            **{key: str(value) for key, value in self.engine.diagnostics().items()},
            "watchdog": self.engine.diagnostics()["watchdog"],
        }

    async def moments(self, texts: list[str]) -> dict[str, Any]:
        """When it was connected first and when each text came first, on the machine's monotonic clock."""
        connected = next((at for at, state in self.watch.states if state.link is LinkState.CONNECTED), None)
        return {"connected": connected, "seen": [self.watch.seen.get(fingerprint(text)) for text in texts]}

    async def _until_pulled(self, conversation: str) -> None:
        async with asyncio.timeout(20):
            while await self.store.conversation_cursor(conversation) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # a cursor in a file is no event

    async def _submit(self, kind: MutationKind, lane: str, entity: str, args: Mapping[str, Any]) -> None:
        mutation = Mutation(self._new_id(), kind, lane, entity, self.user_id, args, self.pace.now())
        await self.engine.submit(mutation)

    def _accept(self, kind: str, entity: str, conversation: str, text: str) -> dict[str, str]:
        return asdict(Accept(self.name, kind, entity, conversation, fingerprint(text)))

    def _new_id(self) -> str:
        """A UUIDv7 by this core's own clock, however wrong that is."""
        millis = int(self.pace.now().timestamp() * 1000)
        tail = int.from_bytes(os.urandom(10), "big")
        head = (millis << 80) | (0x7 << 76) | (((tail >> 64) & 0xFFF) << 64)
        return str(uuid.UUID(int=head | (0b10 << 62) | (tail & ((1 << 62) - 1))))


def digest(conversations: list[Any], messages: list[Any]) -> str:
    """Return a short word for what is shown, the same as for what is true."""
    return hashlib.sha256(json.dumps([conversations, messages]).encode()).hexdigest()[:20]


class Desk:
    """The process: reads orders, carries them out side by side, answers in any order."""

    def __init__(self) -> None:
        self._cores: dict[str, Core] = {}
        self._scope = TaskScope("desk")

    async def run(self) -> None:
        """Serve until the input ends."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=32 * 1024 * 1024)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            self._scope.start(self._serve(json.loads(line)), "order")
        for core in self._cores.values():
            await core.stop()
        await self._scope.close()

    async def _serve(self, order: dict[str, Any]) -> None:
        number, name, verb = order.pop("n"), order.pop("core"), order.pop("do")
        try:
            answer = {"n": number, "ok": await self._carry_out(name, verb, order)}
        except Exception as failure:
            answer = {"n": number, "error": f"{type(failure).__name__}: {failure}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    async def _carry_out(self, name: str, verb: str, order: dict[str, Any]) -> Any:
        if verb == "start":
            directory = Path(order.pop("directory"))
            self._cores[name] = await Core.start(name, directory, **order)
            return {"slot": self._cores[name].store.slot}
        if verb == "stop":
            await self._cores.pop(name).stop()
            return None
        return await getattr(self._cores[name], verb)(**order)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asyncio.run(Desk().run())
