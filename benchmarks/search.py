"""Measures the local search on a store of many messages: ``python -m benchmarks.search [MESSAGES]``.

Prints how long the rows take to store with their words, what the index weighs, how long an index that was not
there takes to fill (an upgrade), and queries as somebody types them. Figures are of this machine; only their
ratios mean something elsewhere.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from chatdesk.domain.change import RowBatch
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.conversation import Conversation, MemberRole, Membership
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.store.schema import CACHE
from chatdesk.store.store import Store

ROUNDS = 20
PAGE = 200
CONVERSATIONS = 500
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
TYPED = ("t", "th", "the", "pyt", "python", "python lis", "rare 777", "nothinglikeit", "caf", "the a", "東")


def words(chance: random.Random) -> list[str]:
    """Return a vocabulary in which few words are common and most are rare."""
    letters = "abcdefghiklmnoprstuvw"
    made = ["".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(20_000)]
    return ["the", "a", "python", "list", "café", "東京都", *made]


def text(chance: random.Random, vocabulary: list[str], number: int) -> str:
    """Return a message of about 60 words; every thousandth holds the word ``rare``."""
    count = chance.randint(10, 110)
    picked = [vocabulary[int(len(vocabulary) * chance.random() ** 4)] for _ in range(count)]
    return " ".join(picked) + (f" rare {number}" if number % 1_000 == 777 else "")


def rows(count: int) -> list[Message]:
    """Make messages that are spread over the conversations, oldest first."""
    chance = random.Random(1)
    vocabulary = words(chance)
    made = []
    for number in range(count):
        when = BEGIN + timedelta(seconds=number * 300)
        made.append(
            Message(
                id=f"0190c0de-0000-7000-8000-{number:012x}",
                conversation_id=f"0190c0de-0000-7000-9000-{number % CONVERSATIONS:012x}",
                parent_id=None,
                author_id=None,
                role=Role.ASSISTANT if number % 2 else Role.USER,
                content=text(chance, vocabulary, number),
                model=None,
                status=MessageStatus.COMPLETE,
                seq=number // CONVERSATIONS + 1,
                revision=number // CONVERSATIONS + 1,
                created_at=when,
                updated_at=when,
            )
        )
    return made


def listed() -> RowBatch:
    """Make the conversations."""
    ids = [f"0190c0de-0000-7000-9000-{number:012x}" for number in range(CONVERSATIONS)]
    return RowBatch(
        conversations=tuple(
            Conversation(i, "me", f"Talk about {i[-3:]}", None, None, None, 0, 1, 1, BEGIN, BEGIN)
            for i in ids
        ),
        memberships=tuple(Membership(i, "me", MemberRole.OWNER, 0, False, False, 1) for i in ids),
    )


async def timed(work: Callable[[], Awaitable[object]]) -> tuple[float, float, object]:
    """Return the best and the median milliseconds of several rounds, and the last answer."""
    took = []
    answer: object = None
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        answer = await work()
        took.append((time.perf_counter() - begun) * 1_000)
    return min(took), median(took), answer


async def main(count: int) -> None:
    """Fill a store, then search it."""
    messages = rows(count)
    letters = sum(len(message.content) for message in messages)
    with tempfile.TemporaryDirectory() as directory:
        store = await Store.open(Path(directory), "account", SystemClock())
        await store.apply(listed(), user_cursor=1)
        begun = time.perf_counter()
        longest = 0.0
        for at in range(0, count, PAGE):
            start = time.perf_counter()
            await store.apply(RowBatch(messages=tuple(messages[at : at + PAGE])))
            longest = max(longest, time.perf_counter() - start)
        took = time.perf_counter() - begun
        say(f"{count:,} messages, {letters / 1e6:.1f} M characters")
        say(
            f"stored with their words: {took:.1f} s, {took / count * 1e6:.0f} µs each, longest page"
            f" of {PAGE}: {longest * 1e3:.0f} ms"
        )
        for typed in TYPED:
            best, middle, hits = await timed(lambda typed=typed: store.search(typed, 50))  # type: ignore[misc]  # bound at once
            say(f"search {typed!r}: best {best:.2f} ms, median {middle:.2f} ms, {len(hits)} hits")  # type: ignore[arg-type]  # a tuple
        best, middle, hits = await timed(lambda: store.find("the", messages[0].conversation_id))
        say(f"find 'the' in one conversation: best {best:.2f} ms, median {middle:.2f} ms, {len(hits)} hits")  # type: ignore[arg-type]  # a tuple
        best, middle, hits = await timed(lambda: store.search_titles("talk 0", 5))
        say(f"titles: best {best:.2f} ms, median {middle:.2f} ms")
        best, middle, known = await timed(store.coverage)
        say(f"coverage: best {best:.2f} ms, median {middle:.2f} ms, {known}")
        await store.close()
        await fill(Path(directory), count)


async def fill(directory: Path, count: int) -> None:
    """Take the index away, as in a file of the version before, and let it fill."""
    path = directory / "account" / "slot-0" / "cache.db"
    whole = path.stat().st_size
    with sqlite3.connect(path, isolation_level=None) as file:
        for table in ("message_words", "title_words", "documents", "departed", "titles", "unindexed"):
            file.execute(f"DROP TABLE {table}")
        file.execute(f"PRAGMA user_version = {CACHE.version - 1}")
        file.execute("VACUUM")
    say(f"the file: {whole / 1e6:.0f} MB with the index, {path.stat().st_size / 1e6:.0f} MB without")
    begun = time.perf_counter()
    store = await Store.open(directory, "account", SystemClock())
    say(f"opening the older file: {(time.perf_counter() - begun) * 1e3:.0f} ms")
    begun, slices, longest = time.perf_counter(), 0, 0.0
    more = True
    while more:
        start = time.perf_counter()
        more = await store.tidy_index()
        longest = max(longest, time.perf_counter() - start)
        slices += 1
    took = time.perf_counter() - begun
    say(f"filling: {took:.1f} s in {slices} slices, longest {longest * 1e3:.0f} ms")
    begun = time.perf_counter()
    await store.apply(RowBatch(removed_conversations=("0190c0de-0000-7000-9000-000000000000",)))
    say(
        f"removing one conversation of {count // CONVERSATIONS}: {(time.perf_counter() - begun) * 1e3:.1f} ms"
    )
    await store.close()


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
