"""A full, read-only or shared disk is told honestly, and nothing is half accepted."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chatdesk.domain.change import RowBatch
from chatdesk.domain.errors import ChatDeskError
from chatdesk.store.connection import connect
from tests.unit.store.rows import listed, message, opened, send, sent


@contextmanager
def _files_limited_to(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` bytes: writing there fails (EFBIG)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


async def test_a_full_disk_accepts_whole_changes_or_none_and_resumes(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        accepted = 0

        async def fill() -> None:
            nonlocal accepted
            for accepted in range(100):
                await store.enqueue(send("a", f"own-{accepted}", "x" * 20_000))

        with _files_limited_to(200_000), pytest.raises(ChatDeskError) as refusal:
            await fill()
        assert refusal.value.message.endswith(".")
        assert refusal.value.next_step
        assert 0 < accepted < 100
        assert await store.outbox_counts() == (accepted, 0)
        assert len(await store.messages("a")) == accepted
        await store.enqueue(send("a", "afterwards"))
    async with opened(tmp_path) as store:
        ids = [entry.mutation.entity_id for entry in await store.outbox()]
        assert ids == [*(f"own-{n}" for n in range(accepted)), "afterwards"]
        assert store.recovered == ()


async def test_a_full_disk_keeps_rows_and_cursors_together(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.apply(listed("a"), conversation_cursors={"a": 0})
        await store.enqueue(send("a", "own"))
        done = 0

        async def fill() -> None:
            nonlocal done
            for done in range(100):
                row = message("a", done + 1, content="x" * 20_000)
                await store.apply(RowBatch(messages=(row,)), conversation_cursors={"a": done + 1})

        with _files_limited_to(300_000), pytest.raises(ChatDeskError):
            await fill()
        assert await store.conversation_cursor("a") == done
        change = send("a", "own")
        with _files_limited_to(4096), pytest.raises(ChatDeskError):
            await store.acknowledge(change.id, RowBatch(messages=(sent(change, 999),)))
        assert await store.outbox_counts() == (1, 0)
        await store.acknowledge(change.id, RowBatch(messages=(sent(change, 999),)))
        assert await store.outbox_counts() == (0, 0)
    async with opened(tmp_path) as store:
        assert store.recovered == ()


async def test_opening_on_a_full_disk_says_so_and_destroys_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.apply(replace(listed("a"), messages=(message("a", 1),)))
        await store.enqueue(send("a", "own"))
    with _files_limited_to(100):
        with pytest.raises(ChatDeskError):
            async with opened(tmp_path / "new"):
                pass
        with pytest.raises(ChatDeskError):
            async with opened(tmp_path):
                pass
    async with opened(tmp_path) as store:
        assert len(await store.messages("a")) == 2
        assert len(await store.outbox()) == 1
        assert store.recovered == ()


async def test_a_damaged_outbox_on_a_full_disk_is_left_for_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number in range(30):
            await store.enqueue(send("a", f"own-{number}", "x" * 3000))
    path = tmp_path / "account/slot-0/outbox.db"
    content = bytearray(path.read_bytes())
    content[100:120] = bytes(20)
    path.write_bytes(content)
    with _files_limited_to(20_000), pytest.raises(ChatDeskError):
        async with opened(tmp_path):
            pass
    async with opened(tmp_path) as store:
        assert len(await store.outbox()) == 30


async def test_healing_on_a_full_disk_is_tried_again_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.enqueue(send("a", "own"))
        with closing(connect(tmp_path / "account/slot-0/cache.db")) as stranger:
            stranger.execute("DROP TABLE messages")
        with closing(connect(tmp_path / "account/slot-0/outbox.db")) as stranger:
            stranger.execute("DROP TABLE drafts")
        with _files_limited_to(100):
            with pytest.raises(ChatDeskError):
                await store.messages("a")
            with pytest.raises(ChatDeskError):
                await store.save_draft("a", "text")
            with pytest.raises(ChatDeskError):
                await store.messages("a")
        assert len(await store.messages("a")) == 1
        await store.save_draft("a", "text")
        assert await store.draft("a") == "text"
        assert len(store.recovered) == 2


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ChatDeskError) as refusal:
        async with opened(tmp_path / "file"):
            pass
    assert refusal.value.message.endswith(".")


async def test_nobody_else_can_read_anything_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        base = tmp_path / "deep/er"
        async with opened(base) as store, opened(base) as second:
            await store.apply(replace(listed("a"), messages=(message("a", 1),)))
            await store.enqueue(send("a", "own"))
            await second.enqueue(send("a", "two"))
            await store.save_setting("k", "v")
            open_modes = _modes(tmp_path / "deep")
        (base / "account/slot-0/cache.db").chmod(0o666)
        (base / "account/slot-0/outbox.db").write_bytes(b"damaged")
        (base / "account/slot-0/outbox.db").chmod(0o666)
        async with opened(base) as store:
            await store.enqueue(send("a", "three"))
            later_modes = _modes(tmp_path / "deep")
    finally:
        os.umask(before)
    assert any(name.endswith("cache.db-wal") for name in open_modes)
    assert any(name.endswith("cache.db-shm") for name in open_modes)
    for modes in (open_modes, later_modes):
        wrong = {name: oct(mode) for name, mode in modes.items() if mode & 0o077 and "damaged" not in name}
        assert wrong == {}
    assert all(
        mode & 0o077 == 0 for name, mode in later_modes.items() if "account" in name and "slot" in name
    )


def _modes(directory: Path) -> dict[str, int]:
    return {
        str(path.relative_to(directory.parent)): stat.S_IMODE(path.lstat().st_mode)
        for path in [directory, *directory.rglob("*")]
    }


async def test_a_file_held_by_another_program_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        stranger = connect(tmp_path / "account/slot-0/outbox.db")
        try:
            stranger.execute("BEGIN EXCLUSIVE")
            with pytest.raises(ChatDeskError, match="Another program"):
                await asyncio.wait_for(store.enqueue(send("a", "own")), 30)
        finally:
            stranger.close()
        assert await store.outbox() == ()
        await store.enqueue(send("a", "own"))
