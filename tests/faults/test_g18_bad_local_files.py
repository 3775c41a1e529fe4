"""G18: whatever bytes lie in the local files, ChatDesk opens, keeps what it can read and tells the rest."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from pathlib import Path
from random import Random

import pytest

from chatdesk.store.store import Store
from tests.faults.core import Core, Pace
from tests.faults.damage import PAIRS, another_programs_mark, another_version
from tests.faults.extent import extent, limit, report
from tests.unit.store.rows import listed, message, send
from tests.unit.sync.desk import ANNA

pytestmark = pytest.mark.timeout(limit(120, 3600))

SEEDS = extent(range(len(PAIRS)), range(1000))
ENTRIES = 30
ROWS = 150
USABLE_SECONDS = 5.0
HARMLESS = (another_version, another_programs_mark)
"""What is done to the header only; all entries can be read."""

SLOT = Path("store/account/slot-0")


def original(number: int) -> str:
    """The text of the ``number``-th unsent message; some are longer than a page."""
    return f"unsent thought {number} " * (10 if number % 3 else 400)


async def fill(directory: Path) -> None:
    """Lay out the files as a killed instance leaves them: not closed, the log of the cache still there."""
    living = directory / "living"
    store = await Store.open(living / "store", "account", Pace())
    try:
        await store.apply(listed("a"))
        for first in range(1, ROWS, 10):
            rows = tuple(message("a", seq, content="said " * 60) for seq in range(first, first + 10))
            await store.apply(
                listed("a", revision=first),
                user_cursor=first,
                conversation_cursors={"a": first + 9},
            )
            await store.apply(type(listed())(messages=rows), conversation_cursors={"a": first + 9})
        for number in range(ENTRIES):
            await store.enqueue(send("a", f"own-{number:02}", original(number)))
        await store.save_draft("a", "an unfinished thought")
        shutil.copytree(living, directory / "killed", ignore=shutil.ignore_patterns("*lock"))
    finally:
        await store.close()


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a killed instance. To be copied, never used."""
    directory = tmp_path_factory.mktemp("filled")
    asyncio.run(fill(directory))
    names = {path.name for path in (directory / "killed" / SLOT).iterdir()}
    assert {"outbox.db", "cache.db", "cache.db-wal", "cache.db-shm"} <= names
    return directory / "killed"


@pytest.mark.parametrize("seed", SEEDS)
async def test_bad_files_are_survived(killed: Path, tmp_path: Path, seed: int) -> None:
    dice = Random(seed)
    harmed = [PAIRS[seed % len(PAIRS)]]
    if seed >= len(PAIRS):  # later seeds do several things at once
        harmed += dice.sample(PAIRS, dice.randrange(0, 3))
    house = tmp_path / "house"
    shutil.copytree(killed, house)
    slot = house / SLOT
    for name, harm in harmed:
        harm(slot / name, dice)

    began = time.monotonic()
    core = await Core.start("a", house, user_id=ANNA)
    took = time.monotonic() - began
    try:
        assert took <= USABLE_SECONDS
        recovered = core.store.recovered
        entries = await core.store.outbox()
        kept = [entry.mutation.entity_id for entry in entries]
        for entry in entries:  # what is sent in the user's name is what they wrote, to the letter
            number = int(entry.mutation.entity_id.removeprefix("own-"))
            assert entry.mutation == send("a", f"own-{number:02}", original(number))
        assert kept == sorted(set(kept)), "in the order in which they were written, none twice"
        if len(kept) < ENTRIES:
            _is_told(recovered, slot, len(kept))
            assert any(name.startswith("outbox") for name, _ in harmed), "the outbox was not touched"
        if all(harm in HARMLESS or not name.startswith("outbox") for name, harm in harmed):
            assert len(kept) == ENTRIES, "every page of entries was whole"
        await core.store.entries()
        await core.store.messages("a", limit=1000)
        await core.store.draft("a")
        sent = (await core.send("a", "one more"))["entity"]
        assert (await core.store.outbox())[-1].mutation.entity_id == sent
        assert core.watch.faults == []
    finally:
        await core.stop()
    again = await Core.start("a", house, user_id=ANNA)
    try:
        assert [entry.mutation.entity_id for entry in await again.store.outbox()] == [*kept, sent]
        assert again.store.recovered == (), "what was mended once stays mended"
    finally:
        await again.stop()
    report("G18", seed=seed, saved=len(kept), of=ENTRIES, told=len(recovered), seconds=round(took, 3))


def _is_told(recovered: tuple[str, ...], slot: Path, saved: int) -> None:
    """Something was lost: the user sees how much was saved and where the rest is."""
    sentence = next((text for text in recovered if "unsent changes" in text), None)
    assert sentence is not None, f"only {saved} of {ENTRIES} were saved and nobody was told"
    count = re.search(r"(\d+) unsent change", sentence)
    assert count is not None
    assert int(count[1]) == saved
    name = re.search(r"outbox\.db\.damaged-\w+(-\d+)?", sentence)
    assert name is not None
    companions = [slot / f"{name[0]}{suffix}" for suffix in ("", "-journal")]
    assert any(path.exists() or path.is_symlink() for path in companions)
