"""Export and import between real accounts on the embedded back end, by the service that the window uses."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from chatdesk.backend.base import ImportReply
from chatdesk.backend.feed import feed_factory
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import ChatDeskError, Offline, Retryable
from chatdesk.domain.session import Account, BackendKind, LinkState
from chatdesk.portability.reading import Preview
from chatdesk.services.notices import NoticeService
from chatdesk.services.portability.reports import ExportReport, ImportReport, Interrupted, Phase, Progress
from chatdesk.services.portability.service import PortabilityService
from chatdesk.services.realtime import RealtimeService
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine
from tests.contract.backend.rig import Street, Window, address_of
from tests.unit.portability.files import line_of, put

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

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


class Office:
    """One window without widgets on a real account."""

    def __init__(self, window: Window, store: Store, home: Path) -> None:
        self.window = window
        self.store = store
        clock = SystemClock()
        self.notices = NoticeService()
        self.realtime = RealtimeService(clock, self.notices)
        self.service = PortabilityService(self.realtime.shared, clock, home)
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
        self.service.attach(self.gate)
        await self.until(lambda: self.realtime.engine.state.link is LinkState.CONNECTED)

    async def stop(self) -> None:
        await self.service.detach()
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


@pytest_asyncio.fixture(loop_scope="module", name="one")
async def _one(street: Street, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(await street.person(), tmp_path, "one") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", name="two")
async def _two(street: Street, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(await street.person(), tmp_path, "two") as made:
        yield made


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
        written = moment()
        rows.append(
            {
                "id": f"message-{place}",
                "parent_id": replaced["parent_id"] if replaced else parent,
                "replaces": (replaced["replaces"] or replaced["id"]) if replaced else None,
                "role": random.choice(["user", "assistant", "system"]),
                "content": f"{place} {text}",
                "model": random.choice([None, "m-2"]),
                "usage": random.choice([None, {"total": 3, "cost": 0.25}]),
                "status": random.choice(["complete", "interrupted", "error"]),
                "error": random.choice([None, "It broke."]),
                "created_at": written,
                "updated_at": max(written, moment()),
            }
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


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_exported_imported_and_exported_again_is_the_same(
    one: Office, two: Office, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    source = write(tmp_path / "source.jsonl", [anything(random, number) for number in range(25)])
    report = await one.bring(source)
    assert (report.imported, report.here, report.problems.count) == (25, 0, 0)
    first = await one.export(tmp_path / "first.jsonl")
    assert (first.conversations, first.messages, first.missing) == (25, report.messages, 0)
    assert content(first.path) == content(source)
    assert (await two.bring(first.path)).imported == 25
    second = await two.export(tmp_path / "second.jsonl")
    assert content(second.path) == content(source)
    assert await two.store.outbox_counts() == (0, 0), "an import does not go through the outbox"


async def test_a_second_import_doubles_and_overwrites_nothing(one: Office, tmp_path: Path) -> None:
    source = put(tmp_path / "c.json", [line_of("1", "2"), line_of("3") | {"conversation_id": "c-2"}])
    assert (await one.bring(source)).imported == 2
    chosen = next(entry.id for entry in await one.store.entries())
    one.realtime.rename_conversation(chosen, "My own name")
    await one.sent()
    before = await one.store.entries()
    again = await one.bring(source)
    assert (again.imported, again.messages, again.here) == (0, 0, 2)
    after = await one.store.entries()
    assert {entry.conversation.title for entry in after} == {"Bridges", "My own name"}
    assert len(after) == len(before) == 2


async def test_the_other_window_and_a_new_one_see_it(one: Office, street: Street, tmp_path: Path) -> None:
    async with office(await street.second_window(one.window), tmp_path, "other") as other:
        source = put(
            tmp_path / "c.json",
            [line_of("1", "2") | {"conversation_id": f"c-{number}"} for number in range(250)],
        )
        assert (await one.bring(source)).imported == 250
        seen: set[str] = set()

        async def look() -> None:
            while len(seen) < 250:
                other.changed.clear()
                seen.update(entry.id for entry in await other.store.entries())
                if len(seen) < 250:
                    await other.changed.wait()

        await asyncio.wait_for(look(), DEADLINE)
        report = await other.export(tmp_path / "all.jsonl")
        assert (report.conversations, report.messages, report.missing) == (250, 500, 0)


async def test_what_was_deleted_can_be_imported_again(one: Office, tmp_path: Path) -> None:
    source = put(tmp_path / "c.json", [line_of(*(str(number) for number in range(450)))])
    for _ in range(3):
        report = await one.bring(source)
        assert (report.imported, report.messages, report.here) == (1, 450, 0)
        (entry,) = await one.store.entries()
        assert entry.conversation.last_seq == 450
        one.realtime.delete_conversation(entry.id)
        await one.sent()
        assert await one.store.entries() == ()


async def test_a_conversation_that_is_refused_is_named_and_the_rest_comes(
    one: Office, tmp_path: Path
) -> None:
    too_long = line_of("1") | {"conversation_id": "bad", "title": "Too long"}
    source = put(tmp_path / "c.json", [line_of("1"), too_long, line_of("2") | {"conversation_id": "c-2"}])

    class Strict:
        async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
            changed = [
                {**each, "title": "x" * 301} if each["title"] == "Too long" else each
                for each in conversations
            ]
            return await one.window.remote.import_conversations(changed)

    one.service._importer = Strict()
    report = await one.bring(source)
    assert (report.imported, report.problems.count) == (2, 1)
    (problem,) = report.problems.named
    assert (problem.name, problem.reason) == ("Too long", "The title is longer than 300 characters.")


async def test_a_lost_answer_is_asked_for_again(one: Office, tmp_path: Path) -> None:
    one.gate.fault = Offline("Nothing answers.")
    report = await one.bring(put(tmp_path / "c.json", [line_of("1")]))
    assert report.imported == 1
    assert one.gate.calls == 2


async def test_an_import_that_was_cut_off_goes_on_where_it_was(one: Office, tmp_path: Path) -> None:
    count = 420
    source = put(
        tmp_path / "c.json",
        [line_of("1", "2") | {"conversation_id": f"c-{number}"} for number in range(count)],
    )
    one.gate.held_from = 3
    one.service.import_file(source, count)
    await asyncio.wait_for(one.gate.reached.wait(), DEADLINE)
    await one.stop()
    assert await one.end() == "cancelled"
    one.gate.held_from = None
    one.gate.calls = 0
    await one.start()
    await one.until(lambda: bool(one.interrupted))
    (found,) = one.interrupted
    assert (found.path, found.done, found.total) == (source, 199, count)
    one.service.import_file(found.path, found.total, found.done)
    report = await one.end()
    assert (report.imported, report.here, report.done) == (count - 200, 1, count)
    assert one.gate.calls == 3, "what was done is not sent again"
    assert len(await one.store.entries()) == count
    await one.stop()
    one.interrupted.clear()
    await one.start()
    assert one.interrupted == []


async def test_cancelling_keeps_what_came(one: Office, tmp_path: Path) -> None:
    source = put(
        tmp_path / "c.json", [line_of("1") | {"conversation_id": f"c-{number}"} for number in range(300)]
    )

    def stop_after_the_first(progress: Progress) -> None:
        if progress.done:
            one.service.cancel()

    one.service.progressed.connect(stop_after_the_first)
    report = await one.bring(source)
    assert report.cancelled
    assert 0 < report.imported < 300
    assert len(await one.store.entries()) == report.imported
    one.service.progressed.disconnect(stop_after_the_first)
    report = await one.bring(source)
    assert report.imported + report.here == 300


async def test_an_export_without_the_server_says_what_is_missing(
    one: Office, street: Street, tmp_path: Path
) -> None:
    source = put(tmp_path / "c.json", [line_of("1", "2", "3")])
    await one.bring(source)
    async with office(await street.second_window(one.window), tmp_path, "other") as other:
        await other.until(lambda: other.realtime.engine.state.link is LinkState.CONNECTED)

        async def nothing(*_args: object, **_kwargs: object) -> None:
            raise Offline("Nothing answered at this address.", "Check the network.")

        other.window.remote.page_messages = nothing  # type: ignore[method-assign,assignment]  # a dead network
        report = await other.export(tmp_path / "all.jsonl")
    assert (report.conversations, report.messages, report.missing) == (1, 0, 3)
    assert report.reason == "Nothing answered at this address."
    assert json.loads(report.path.read_text().splitlines()[0])["missing_messages"] == 3


async def test_a_cancelled_export_leaves_no_file(one: Office, tmp_path: Path) -> None:
    await one.bring(put(tmp_path / "c.json", [line_of("1")]))
    folder = tmp_path / "out"
    folder.mkdir()
    one.service.progressed.connect(lambda _progress: one.service.cancel())
    one.service.export_everything(folder / "all.jsonl")
    assert await one.end() == "cancelled"
    assert list(folder.iterdir()) == []


async def test_one_job_at_a_time_and_faults_are_told(one: Office, tmp_path: Path) -> None:
    source = put(tmp_path / "c.json", [line_of("1")])
    one.service.examine(source)
    one.service.examine(source)
    failure = await one.end()
    assert failure.message == "Another export or import is under way."
    preview = await one.end()
    assert isinstance(preview, Preview)
    assert (preview.conversations, preview.here) == (1, 0)
    one.service.examine(tmp_path / "none")
    assert (await one.end()).message == "The file cannot be read."
    one.service.export_everything(tmp_path / "none" / "all.jsonl")
    assert (await one.end()).message == "The file could not be written."
    assert not one.service.busy
    sizes: list[Any] = []
    one.service.measured.connect(sizes.append)
    one.service.measured.connect(lambda _sizes: one.changed.set())
    one.service.measure()
    await one.until(lambda: bool(sizes))


async def test_a_file_that_turns_out_bad_is_not_offered_again(one: Office, tmp_path: Path) -> None:
    source = put(tmp_path / "c.json", [line_of("1")])
    archive = tmp_path / "c.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.write(source, "conversations.json")
    raw = bytearray(archive.read_bytes())
    raw[60:90] = b"\xff" * 30
    archive.write_bytes(raw)
    one.service.import_file(archive)
    failure = await one.end()
    assert failure.message == "The archive is damaged or protected by a password."
    assert await one.store.setting("import_under_way") == ""


async def test_waiting_for_the_server_can_be_cancelled(one: Office, tmp_path: Path) -> None:
    class Dead:
        async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
            raise Offline("Nothing answers.")

    one.service._importer = Dead()

    def stop_waiting(progress: Progress) -> None:
        if progress.phase is Phase.WAITING:
            one.service.cancel()

    one.service.progressed.connect(stop_waiting)
    one.service.import_file(put(tmp_path / "c.json", [line_of("1")]))
    assert await one.end() == "cancelled"


async def test_a_server_without_the_call_is_said_at_once(one: Office, tmp_path: Path) -> None:
    class Old:
        async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
            raise Retryable("The server does not have ChatDesk's tables.", code="PGRST202")

    one.service._importer = Old()
    one.service.import_file(put(tmp_path / "c.json", [line_of("1")]))
    assert (await one.end()).message == "The server does not have ChatDesk's tables."
