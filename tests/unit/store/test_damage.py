"""Damaged files: whatever bytes are found, the store opens, tells, and keeps every readable change."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chatdesk.domain.change import RowBatch
from chatdesk.domain.errors import Retryable
from chatdesk.domain.message import DeliveryState
from chatdesk.domain.mutation import OutboxState
from chatdesk.store.connection import connect
from tests.unit.store.rows import listed, message, opened, send, sent

ENTRIES = 40


@dataclass(frozen=True)
class Bytes:
    """One way to damage a file."""

    name: str
    apply: Callable[[Path], None]
    certain: bool = True
    """Whether the damage must be noticed; a flipped bit may fall where nothing is."""


def _write(content: bytes) -> Callable[[Path], None]:
    return lambda path: _replace(path, content)


def _replace(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _cut(part: float) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, int(path.stat().st_size * part))


def _zero_page(number: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[number * 4096 : (number + 1) * 4096] = bytes(4096)
        path.write_bytes(content)

    return damage


def _flip(seed: int, count: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        dice = random.Random(seed)
        content = bytearray(path.read_bytes())
        for _ in range(count):
            content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        path.write_bytes(content)

    return damage


def _foreign(path: Path) -> None:
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE entries (position, id, body, digest, state, attempts, reason)")
    other.commit()
    other.close()


def _version(number: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        other = sqlite3.connect(path)
        other.execute(f"PRAGMA user_version = {number}")
        other.commit()
        other.close()

    return damage


def _directory(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


def _without_table(path: Path) -> None:
    other = sqlite3.connect(path)
    table = "drafts" if path.name.startswith("outbox") else "cursors"
    other.execute(f"DROP TABLE {table}")
    other.commit()
    other.close()


DAMAGES = [
    Bytes("empty", _write(b"")),
    Bytes("one byte", _write(b"S")),
    Bytes("text", _write(b"This is not a database.\n" * 500)),
    Bytes("zeroes", _write(bytes(65536))),
    Bytes("noise", _write(random.Random(1).randbytes(65536))),
    Bytes("header only", _cut(0.001)),
    Bytes("half", _cut(0.5)),
    Bytes("last page gone", _cut(0.95)),
    Bytes("first page zeroed", _zero_page(0)),
    Bytes("second page zeroed", _zero_page(1)),
    Bytes("third page zeroed", _zero_page(2)),
    Bytes("stranger's database", _foreign),
    Bytes("newer version", _version(99)),
    Bytes("version 0", _version(0)),
    Bytes("table missing", _without_table),
    Bytes("a directory", _directory),
    *(Bytes(f"one bit {seed}", _flip(seed, 1), certain=False) for seed in range(8)),
    *(Bytes(f"fifty bits {seed}", _flip(seed, 50), certain=False) for seed in range(8)),
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store with 200 messages in the cache and 40 changes, each on its own page or two, waiting."""
    directory = tmp_path_factory.mktemp("filled")

    async def fill() -> None:
        async with opened(directory) as store:
            rows = replace(listed("a"), messages=tuple(message("a", n) for n in range(1, 201)))
            await store.apply(rows, user_cursor=7, conversation_cursors={"a": 200})
            for number in range(ENTRIES):
                await store.enqueue(send("a", f"own-{number:02}", f"thought {number} " * 200))
            await store.save_draft("a", "a draft")

    asyncio.run(fill())
    return directory


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
async def test_a_damaged_cache_costs_a_pull_and_nothing_else(
    filled: Path, tmp_path: Path, damage: Bytes
) -> None:
    shutil.copytree(filled, tmp_path / "copy")
    damage.apply(tmp_path / "copy/account/slot-0/cache.db")
    async with opened(tmp_path / "copy") as store:
        shown = await store.messages("a", limit=1000)
        waiting = [row for row in shown if row.delivery is DeliveryState.PENDING]
        assert len(waiting) == ENTRIES
        await store.entries()
        if damage.certain:
            assert len(store.recovered) == 1
        if store.recovered:
            # The user's cursor is back at the start, so everything is pulled again.
            assert (await store.user_cursor(), await store.conversation_cursor("a")) == (0, None)
            assert list((tmp_path / "copy/account/slot-0").glob("cache.db.damaged-*"))
        changes = await store.apply(replace(listed("b"), messages=(message("b", 1),)))
        assert changes
        assert await store.draft("a") == "a draft"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
async def test_a_damaged_outbox_is_salvaged_as_far_as_it_can_be_read(
    filled: Path, tmp_path: Path, damage: Bytes
) -> None:
    shutil.copytree(filled, tmp_path / "copy")
    slot = tmp_path / "copy/account/slot-0"
    damage.apply(slot / "outbox.db")
    async with opened(tmp_path / "copy") as store:
        saved = await store.outbox()
        assert (damage.certain or len(saved) < ENTRIES) <= (len(store.recovered) == 1)
        for entry in saved:  # what is kept is what was written, not something like it
            number = int(entry.mutation.entity_id[-2:])
            assert entry.mutation == send("a", f"own-{number:02}", f"thought {number} " * 200)
        if store.recovered:
            assert list(slot.glob("outbox.db.damaged-*"))
            assert f"{len(saved)} unsent change" in store.recovered[0]
        await store.enqueue(send("a", "afterwards"))
    async with opened(tmp_path / "copy") as store:
        assert len(await store.outbox()) == len(saved) + 1
        assert store.recovered == ()
    assert not [path.name for path in slot.iterdir() if path.name.endswith((".reading", ".building", ".new"))]


@pytest.mark.parametrize(
    ("damage", "least"),
    [(_zero_page(0), ENTRIES), (_cut(0.5), 10), (_cut(0.95), 30), (_zero_page(8), ENTRIES - 4)],
    ids=["first page zeroed", "half", "last page gone", "a page in the middle"],
)
async def test_most_of_a_partly_damaged_outbox_is_saved(
    filled: Path, tmp_path: Path, damage: Callable[[Path], None], least: int
) -> None:
    shutil.copytree(filled, tmp_path / "copy")
    damage(tmp_path / "copy/account/slot-0/outbox.db")
    async with opened(tmp_path / "copy") as store:
        assert len(await store.outbox()) >= least


async def test_a_flipped_letter_is_not_sent_in_the_users_name(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "copy")
    path = tmp_path / "copy/account/slot-0/outbox.db"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"thought 7 ", b"thoughT 7 ", 1))
    async with opened(tmp_path / "copy") as store:
        ids = {entry.mutation.entity_id for entry in await store.outbox()}
        assert len(ids) == ENTRIES - 1
        assert "own-07" not in ids
        assert store.recovered[0].endswith("What could not be read is kept in that file.")


async def test_stray_companions_do_no_harm(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "copy")
    slot = tmp_path / "copy/account/slot-0"
    for name in ("cache.db-wal", "cache.db-shm", "outbox.db-journal", "cache.db.new", "outbox.db.building"):
        (slot / name).write_bytes(random.Random(3).randbytes(40_000))
    async with opened(tmp_path / "copy") as store:
        assert len(await store.outbox()) == ENTRIES
        assert len(await store.messages("a", limit=1000)) in (ENTRIES, ENTRIES + 200)


async def test_a_log_without_its_database_is_set_aside(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "copy")
    slot = tmp_path / "copy/account/slot-0"
    (slot / "cache.db").rename(slot / "cache.db-wal")
    async with opened(tmp_path / "copy") as store:
        assert len(store.recovered) == 1
        assert len(await store.messages("a")) == ENTRIES


async def test_a_salvage_that_was_cut_off_is_finished(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "copy")
    slot = tmp_path / "copy/account/slot-0"
    (slot / "outbox.db").rename(slot / "outbox.db.salvaged")
    (slot / "outbox.db").write_bytes(b"damaged")
    async with opened(tmp_path / "copy") as store:
        assert len(await store.outbox()) == ENTRIES
        assert len(store.recovered) == 1


async def test_damage_that_shows_up_later_heals_in_use(tmp_path: Path) -> None:
    slot = tmp_path / "account/slot-0"
    async with opened(tmp_path) as store:
        await store.apply(listed("a"), user_cursor=5)
        await store.enqueue(send("a", "one"))
        await store.enqueue(send("a", "two"))
        await store.mark_sending(send("a", "one").id)
        for name in ("cache.db", "outbox.db"):
            with connect(slot / name) as stranger:
                table = "messages" if name == "cache.db" else "entries"
                stranger.execute(f"DROP TABLE {table}")
                stranger.execute("PRAGMA wal_checkpoint").fetchall()
            stranger.close()
        assert [row.id for row in await store.messages("a")] == ["one", "two"]
        assert [sentence[:14] for sentence in store.recovered] == ["The local copy"]
        # A pull that was under way must begin anew, or its last page would hide the lost ones.
        with pytest.raises(Retryable):
            await store.apply(RowBatch(), user_cursor=9)
        assert await store.user_cursor() == 0
        await store.apply(listed("a"), user_cursor=9)
        await store.enqueue(send("a", "three"))
        assert [sentence[:14] for sentence in store.recovered] == ["The local copy", "The file of un"]
        assert [entry.state for entry in await store.outbox()] == [
            OutboxState.SENDING,
            OutboxState.WAITING,
            OutboxState.WAITING,
        ]
        row = sent(send("a", "one"), 1)
        await store.acknowledge(send("a", "one").id, RowBatch(messages=(row,)))
    async with opened(tmp_path) as store:
        assert [entry.mutation.entity_id for entry in await store.outbox()] == ["two", "three"]


async def test_only_a_few_damaged_caches_are_kept(tmp_path: Path) -> None:
    slot = tmp_path / "account/slot-0"
    for _ in range(6):
        async with opened(tmp_path):
            pass
        (slot / "cache.db").write_bytes(b"damaged")
    async with opened(tmp_path) as store:
        assert len(store.recovered) == 1
    assert len(list(slot.glob("cache.db.damaged-*"))) == 3
