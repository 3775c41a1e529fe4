"""Windows on a real back end that import and export."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from chatdesk.backend.base import ImportReply
from chatdesk.backend.feed import feed_factory
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.message import DeliveryState
from chatdesk.domain.session import Account, BackendKind, LinkState
from chatdesk.services.attachments import AttachmentService
from chatdesk.services.notices import NoticeService
from chatdesk.services.portability.reports import ExportReport, ImportReport, Interrupted, Progress
from chatdesk.services.portability.service import PortabilityService
from chatdesk.services.realtime import RealtimeService
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine
from tests.contract.backend.rig import Window, address_of

DEADLINE = 60.0


class Gate:
    """The import call of a window, which can be counted, held up, and cut off."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.calls = 0
        self.held_from: int | None = None
        self.reached = asyncio.Event()
        self.fault: ChatDeskError | None = None

    async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
        self.calls += 1
        if self.held_from is not None and self.calls >= self.held_from:
            self.reached.set()
            await asyncio.Event().wait()
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return await self._window.remote.import_conversations(conversations)

    async def put_file(self, path: str, content: bytes, media_type: str) -> None:
        await self._window.remote.put_file(path, content, media_type)


class Office:
    """One window without widgets on a real account."""

    def __init__(self, window: Window, store: Store, home: Path) -> None:
        self.window = window
        self.store = store
        self.home = home
        clock = SystemClock()
        self.notices = NoticeService()
        self.realtime = RealtimeService(clock, self.notices)
        self.attachments = AttachmentService(self.realtime.shared, self.notices)
        self.service = PortabilityService(self.realtime.shared, clock, home, self.attachments.read)
        self.gate = Gate(window)
        self.progress: list[Progress] = []
        self.interrupted: list[Interrupted] = []
        self.ends: asyncio.Queue[Any] = asyncio.Queue()
        self.changed = asyncio.Event()
        self.service.progressed.connect(self.progress.append)
        self.service.interrupted_found.connect(self._found)
        for signal in (
            self.service.exported,
            self.service.examined,
            self.service.imported,
            self.service.failed,
        ):
            signal.connect(self.ends.put_nowait)
        self.service.cancelled.connect(lambda: self.ends.put_nowait("cancelled"))
        for signal in (self.realtime.changes_applied, self.realtime.state_changed):
            signal.connect(lambda _fact: self.changed.set())
        self.account = Account(window.user_id, window.user_id, BackendKind.SUPABASE, window.wire.url)

    async def start(self) -> None:
        engine = SyncEngine(
            store=self.store,
            remote=self.window.remote,
            feed_factory=feed_factory(address_of(self.window.wire)),
            tokens=self.window.keeper,
            account=self.account,
            clock=SystemClock(),
            random=Random(1),
            listener=self.realtime.listener,
        )
        await self.realtime.attach(self.account, self.store, engine)
        self.attachments.attach(self.window.remote, self.home / "attachments")
        self.service.attach(self.gate)
        await self.until(lambda: self.realtime.engine.state.link is LinkState.CONNECTED)

    async def stop(self) -> None:
        await self.service.detach()
        await self.attachments.detach()
        await self.realtime.detach()

    async def until(self, met: Any) -> None:
        async with asyncio.timeout(DEADLINE):
            while not met():
                self.changed.clear()
                await self.changed.wait()

    async def sent(self) -> None:
        """Wait until what was asked for last is with the server."""
        await self.until(lambda: self.realtime.engine.state.pending > 0)
        await self.until(lambda: self.realtime.engine.state.pending == 0)

    async def delivered(self, place: str, messages: int) -> None:
        """Wait until so many messages of a chat are with the server."""
        async with asyncio.timeout(DEADLINE):
            while True:
                self.changed.clear()
                found = await self.store.messages(place, limit=1000)
                if sum(each.delivery is DeliveryState.SENT for each in found) == messages:
                    return
                await self.changed.wait()

    async def end(self) -> Any:
        """What the job ended with."""
        async with asyncio.timeout(DEADLINE):
            return await self.ends.get()

    async def bring(self, path: Path) -> ImportReport:
        self.service.import_file(path)
        report = await self.end()
        assert isinstance(report, ImportReport), report
        return report

    async def export(self, path: Path) -> ExportReport:
        self.service.export_everything(path)
        report = await self.end()
        assert isinstance(report, ExportReport), report
        return report

    def _found(self, found: Interrupted) -> None:
        self.interrupted.append(found)
        self.changed.set()


@asynccontextmanager
async def office(window: Window, directory: Path, name: str) -> AsyncIterator[Office]:
    store = await Store.open(directory / name, window.user_id, SystemClock())
    made = Office(window, store, directory)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
        await store.close()


def anything(random: Random, number: int) -> list[dict[str, Any]]:
    """The lines of a conversation with versions and all fields."""

    def moment() -> str:
        year, month, part = random.randint(2010, 2024), random.randint(1, 9), random.randint(0, 999_999)
        return f"{year}-0{month}-11T10:11:12.{part:06}+00:00"

    text = 'Überbrücken “zitiert” 橋 🌉 \\ " \t\n' * random.randint(0, 40)
    created = moment()
    talk = {
        "id": f"talk-{number}",
        "title": f"Talk {number} 橋",
        "model": random.choice([None, "m-1"]),
        "system_prompt": random.choice([None, text]),
        "temperature": random.choice([None, 0.5, 2.0]),
        "created_at": created,
        "updated_at": max(created, moment()),
        "pinned": random.random() < 0.3,
        "archived": random.random() < 0.3,
    }
    rows: list[dict[str, Any]] = []
    for place in range(random.randint(0, 9)):
        replaced = random.choice(rows) if rows and random.random() < 0.4 else None
        parent = random.choice([None, *(row["id"] for row in rows)])
        written, role = moment(), random.choice(["user", "assistant", "system"])
        rows.append(
            {
                "id": f"message-{place}",
                "parent_id": replaced["parent_id"] if replaced else parent,
                "replaces": (replaced["replaces"] or replaced["id"]) if replaced else None,
                "role": role,
                "content": f"{place} {text}",
                "model": random.choice([None, "m-2"]),
                "usage": random.choice([None, {"total": 3, "cost": 0.25}]),
                "status": random.choice(["complete", "interrupted", "error"]),
                "error": random.choice([None, "It broke."]),
                "created_at": written,
                "updated_at": max(written, moment()),
            }
            | random.choice([{}, {"author": "Zoë"}, {"author": ""}] if role == "user" else [{}])
        )
    return [{"conversation": talk}, *({"message": row} for row in rows)]


def write(path: Path, talks: list[list[dict[str, Any]]]) -> Path:
    lines = [
        {"format": "chatdesk-export", "version": 1},
        *(line for talk in talks for line in talk),
        {"end": {}},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def content(path: Path) -> list[Any]:
    """What a file says, under names that do not depend on the ids, in an order that does not either."""
    names: dict[str, str] = {}
    talks: list[list[Any]] = []
    for raw in path.read_text("utf-8").splitlines()[1:-1]:
        line = json.loads(raw)
        kind, fields = next(iter(line.items()))
        if kind == "conversation":
            talks.append([])
        place = f"{kind} {len(talks[-1])}"
        names[fields["id"]] = place
        for key in ("id", "parent_id", "replaces"):
            if fields.get(key) is not None:
                fields[key] = names[fields[key]]
        talks[-1].append(fields)
    return sorted(talks, key=str)
