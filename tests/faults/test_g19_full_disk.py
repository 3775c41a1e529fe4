"""G19: a disk that is full, failing or read-only is told honestly, and nothing is half accepted.

Half accepted is a change whose author was told "no" and which is sent all the same: they have sent it again,
so it is there twice. The opposite, "yes" and lost, is G1's.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import cast

import pytest

from chatdesk.backend.base import FeedFactory, Remote, TokenSource
from chatdesk.domain.change import ChangeSet
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.domain.session import Account, BackendKind
from chatdesk.services.notices import NoticeService
from chatdesk.services.realtime import RealtimeService
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine
from tests.faults.core import Core, Nowhere
from tests.faults.extent import extent, limit, report
from tests.faults.process import ROOT
from tests.unit.store.rows import listed, opened, send
from tests.unit.sync.desk import ANNA

pytestmark = pytest.mark.timeout(limit(120, 3600))

WRITES = 8


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[None]:
    """Make ``place`` a disk of its own that holds no more; without root, let no file grow beyond its half."""
    place.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0700", "tmpfs", str(place)]
        subprocess.run(command, check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", str(place)], check=True)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 512, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """Let nobody write below ``place``; root needs a mount for that."""
    if os.geteuid() == 0:
        subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
        try:
            subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
            yield
        finally:
            subprocess.run(["umount", str(place)], check=True)
        return
    paths = [place, *place.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def is_whole(directory: Path) -> bool:
    """Whether both files of the slot are what SQLite calls intact."""
    verdicts = []
    for name in ("outbox.db", "cache.db"):
        with closing(sqlite3.connect(directory / "account" / "slot-0" / name)) as connection:
            verdicts.append(connection.execute("PRAGMA integrity_check").fetchone()[0])
    return verdicts == ["ok", "ok"]


def is_clear(refusal: ChatDeskError) -> bool:
    """Whether a person is told what is the matter and what to do."""
    return refusal.message.endswith(".") and refusal.next_step.endswith(".") and refusal.code != "outbox"


async def test_a_full_disk_refuses_whole_messages_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    with small_disk(place, 600):
        core = await Core.start("a", place, user_id=ANNA)
        try:
            talk = (await core.create("A talk"))["entity"]
            accepted: list[str] = []
            refusals: list[ChatDeskError] = []
            ballast = place / "ballast"
            ballast.write_bytes(bytes(120_000))
            while len(refusals) < 5:
                key = core._new_id()
                try:
                    await core.send(talk, f"{key} " + "x" * 9_000, key=key)
                except ChatDeskError as refusal:
                    refusals.append(refusal)
                    shown = await core.store.message(key)
                    assert shown is None, "a refused message is in the composer, not in the timeline"
                else:
                    accepted.append(key)
                assert len(accepted) < 1_000
            assert len(accepted) > 3
            assert all(is_clear(refusal) for refusal in refusals), refusals
            assert {refusal.message for refusal in refusals} == {
                "The disk is full, so nothing could be saved."
            }
            ballast.unlink()
            if os.geteuid() == 0:  # the limit of the other form cannot be widened by removing a file
                accepted.append((await core.send(talk, "there is room again"))["entity"])
        finally:
            await core.stop()
        assert is_whole(place / "store")
        again = await Core.start("a", place, user_id=ANNA)
        try:
            kept = [row["entity"] for row in await again.outbox() if row["kind"] == "send_message"]
            assert kept == accepted
            assert again.store.recovered == ()
        finally:
            await again.stop()
    report("G19", refused=len(refusals), accepted=len(accepted), half_accepted=0)


async def test_a_read_only_folder_is_told_and_used_again_when_it_is_writable(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(send("a", "first"))
    with read_only(tmp_path):
        with pytest.raises(ChatDeskError) as refusal:
            async with opened(tmp_path):
                pass
        assert is_clear(refusal.value)
    async with opened(tmp_path) as store:
        await store.enqueue(send("a", "second"))
        assert [entry.mutation.entity_id for entry in await store.outbox()] == ["first", "second"]
        assert store.recovered == ()


@dataclass
class Written:
    """What a process on a failing disk said."""

    yes: list[str] = field(default_factory=list)
    no: list[str] = field(default_factory=list)
    kept: list[str] | None = None
    shown: list[str] | None = None
    sentences: list[str] = field(default_factory=list)


def write_on_a_failing_disk(directory: Path, call: str, error: str, when: str) -> Written:
    """Run ``tests.faults.writing`` with the ``when``-th system call of that name failing."""
    inject = f"inject={call}:error={error}:when={when}"
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
    done = subprocess.run(
        [*strace, sys.executable, "-m", "tests.faults.writing", str(directory), str(WRITES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-2000:]
    written = Written()
    for line in done.stdout.splitlines():
        word, *rest = line.split(" ")
        if word == "yes":
            written.yes.append(rest[0])
        elif word == "no":
            written.no.append(rest[0])
            written.sentences.append(" ".join(rest[1:]))
        elif word == "kept":
            written.kept = rest
        elif word == "shown":
            written.shown = rest
        elif word == "closed":
            written.sentences.append(" ".join(rest))
    return written


# The calls of one accepted message are about five writes (the journal and its head, pages), four syncs and
# one truncation. The first of each kind belong to opening the files.
_SHORT = [
    ("pwrite64", "ENOSPC", "10"),
    ("pwrite64", "EIO", "13"),
    ("pwrite64", "ENOSPC", "12..15"),
    ("fdatasync", "EIO", "3"),
    ("fdatasync", "EIO", "6..9"),
    ("fdatasync", "EIO", "5"),
    ("fdatasync", "EIO", "4"),
    ("fdatasync", "EIO", "5+"),
    ("fdatasync", "EIO", "15+"),
    ("ftruncate", "EIO", "3"),
]
_LONG = [
    (call, error, f"{number}{width}")
    for call, errors in (("pwrite64", ("ENOSPC", "EIO")), ("fdatasync", ("EIO",)), ("ftruncate", ("EIO",)))
    for error in errors
    for number in range(1, 60 if call == "pwrite64" else 40)
    for width in ("", f"..{number + 2}", f"..{number + 9}", "+")
]


@pytest.mark.parametrize(("call", "error", "when"), extent(_SHORT, _LONG), ids=str)
async def test_a_write_that_fails_is_refused_whole(tmp_path: Path, call: str, error: str, when: str) -> None:
    async with opened(tmp_path):
        pass  # the files are there, so most of the calls belong to the messages
    written = await asyncio.to_thread(write_on_a_failing_disk, tmp_path, call, error, when)
    assert all(". " in sentence and sentence.endswith(".") for sentence in written.sentences)
    if written.kept is not None:
        assert written.kept == written.yes
        assert set(written.shown or []) == set(written.yes)
    assert is_whole(tmp_path)
    async with opened(tmp_path) as store:
        assert [entry.mutation.entity_id for entry in await store.outbox()] == written.yes
        assert store.recovered == ()
    if written.no and when.isdigit():
        # One failure costs at most the one message that it met: the next is accepted without a restart.
        assert len(written.no) == 1
    report("G19", injected=f"{call} {error} {when}", refused=len(written.no), half_accepted=0)


class LastSyncFails:
    """A store whose outbox reports a commit as failed when the change is in the file already."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
        database = store._ledger.opened.outbox_file
        execute = database.execute
        self.left = failures

        def failing(sql: str, args: tuple[object, ...] = ()) -> int:
            done = execute(sql, args)
            if sql == "COMMIT" and self.left:
                self.left -= 1
                raise ChatDeskError("The disk reported an error.", "Check the disk.")
            return done

        monkeypatch.setattr(database, "execute", failing)


@pytest.mark.parametrize("failures", [1, 2, 3, 4])
async def test_a_commit_that_fails_after_it_took_hold_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(send("a", "before"))
        LastSyncFails(store, monkeypatch, failures)
        refused: list[str] = []
        for number in range(4):
            try:
                await store.enqueue(send("a", f"m{number}"))
            except ChatDeskError:
                refused.append(f"m{number}")
        assert refused == ["m0", "m1"][: (failures + 2) // 3]
        kept = ["before", *(f"m{number}" for number in range(4) if f"m{number}" not in refused)]
        assert [entry.mutation.entity_id for entry in await store.outbox()] == kept
    async with opened(tmp_path) as store:
        assert [entry.mutation.entity_id for entry in await store.outbox()] == kept


async def test_a_refused_message_is_not_in_the_file_whatever_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(send("a", "before"))
        LastSyncFails(store, monkeypatch, 1)
        with pytest.raises(ChatDeskError):
            await store.enqueue(send("a", "refused"))
        killed = tmp_path / "killed" / "account" / "slot-0"  # what a kill at this moment leaves
        shutil.copytree(tmp_path / "account" / "slot-0", killed, ignore=shutil.ignore_patterns("lock"))
    async with opened(tmp_path / "killed") as store:
        assert [entry.mutation.entity_id for entry in await store.outbox()] == ["before"]


async def test_a_removal_that_fails_leaves_the_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(send("a", "one"))
        await store.enqueue(send("a", "two"))
        LastSyncFails(store, monkeypatch, 1)
        with pytest.raises(ChatDeskError):
            await store.discard("one")
    async with opened(tmp_path) as store:
        assert {entry.mutation.entity_id for entry in await store.outbox()} == {"one", "two"}


async def test_a_message_is_accepted_even_if_its_conversations_first_title_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The title of a new conversation is a second change: its refusal must not give the text back."""
    store = await Store.open(tmp_path, "account", SystemClock())
    enqueue = store.enqueue

    async def full(mutation: Mutation, files: Mapping[str, bytes]) -> ChangeSet:
        if mutation.kind is MutationKind.UPDATE_CONVERSATION:
            raise ChatDeskError("The disk is full, so nothing could be saved.", "Free some space.")
        return await enqueue(mutation, files)

    monkeypatch.setattr(store, "enqueue", full)
    notices = NoticeService()
    service = RealtimeService(SystemClock(), notices)
    told: list[str] = []
    outcome: asyncio.Queue[object] = asyncio.Queue()
    notices.noticed.connect(lambda notice: told.append(notice.text))
    service.message_accepted.connect(outcome.put_nowait)
    service.message_refused.connect(outcome.put_nowait)
    account = Account("account", ANNA, BackendKind.LOCAL, "http://nowhere.invalid")
    nowhere = Nowhere()
    engine = SyncEngine(
        store=store,
        remote=cast(Remote, nowhere),
        feed_factory=cast(FeedFactory, nowhere),
        tokens=cast(TokenSource, nowhere),
        account=account,
        clock=SystemClock(),
        random=Random(1),
        listener=service.listener,
    )
    try:
        await service.attach(account, store, engine)
        talk = service.create_conversation("", None)
        message = service.send_message(talk, "user", "A thought")
        async with asyncio.timeout(30):
            assert await outcome.get() == message
    finally:
        await service.detach()
        await store.close()
    assert told == ["The disk is full, so nothing could be saved."]
    assert outcome.empty()
