"""Pages of a pull: the next one is fetched while one is stored, and nothing that goes wrong leaves a hole."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatdesk.backend.base import MessagesPage
from chatdesk.domain.change import ChangeSet, RowBatch
from chatdesk.domain.errors import Offline, Retryable
from chatdesk.domain.session import LinkState
from chatdesk.sync.paging import follow
from tests.support.virtual_clock import drain
from tests.unit.sync.desk import Desk, Room, texts

PAGES = 5
PAGE = 200


class Book:
    """Pages 1 to ``PAGES``, and what was done with them."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.kept: list[int] = []
        self.on_the_way = 0
        self.most_on_the_way = 0
        self.most_ahead = 0
        self.no_answer_after: int | None = None
        self.full_at: int | None = None
        self.still_at: int | None = None
        self.gate: asyncio.Event | None = None

    async def ask(self, after: int) -> MessagesPage:
        self.asked.append(after)
        self.on_the_way += 1
        self.most_on_the_way = max(self.most_on_the_way, self.on_the_way)
        self.most_ahead = max(self.most_ahead, len(self.asked) - len(self.kept))
        try:
            await asyncio.sleep(0)
            if after == self.no_answer_after:
                raise Offline("No connection to the server.")
        finally:
            self.on_the_way -= 1
        at = after if after == self.still_at else after + 1
        return MessagesPage(RowBatch(), at, at < PAGES)

    async def keep(self, page: MessagesPage) -> None:
        for _ in range(4):  # time enough to be asked for the next one
            await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        if page.cursor == self.full_at:
            raise OSError("no space left on the disk")
        self.kept.append(page.cursor)

    async def read(self) -> None:
        await follow(0, self.ask, self.keep)


async def test_the_next_page_is_asked_for_while_one_is_kept_and_no_other() -> None:
    book = Book()
    book.gate = asyncio.Event()
    reading = asyncio.ensure_future(book.read())
    await drain()
    assert (book.asked, book.kept) == ([0, 1], []), "one page is kept, the next one is here, no third"
    book.gate.set()
    await reading
    assert (book.asked, book.kept) == ([0, 1, 2, 3, 4], [1, 2, 3, 4, 5])
    assert (book.most_on_the_way, book.most_ahead) == (1, 2)


@pytest.mark.parametrize("after", range(PAGES))
async def test_a_page_that_does_not_come_leaves_those_before_it_kept(after: int) -> None:
    book = Book()
    book.no_answer_after = after
    with pytest.raises(Offline):
        await book.read()
    assert book.kept == list(range(1, after + 1))
    assert book.on_the_way == 0


@pytest.mark.parametrize("at", range(1, PAGES + 1))
async def test_a_page_that_cannot_be_kept_takes_the_next_one_along(at: int) -> None:
    book = Book()
    book.full_at = at
    with pytest.raises(OSError, match="no space"):
        await book.read()
    assert book.kept == list(range(1, at))
    assert book.asked == list(range(min(at + 1, PAGES)))
    assert book.on_the_way == 0


async def test_a_failed_page_does_not_wait_for_an_answer_that_never_comes() -> None:
    never = asyncio.Event()
    ended = []

    async def ask(after: int) -> MessagesPage:
        if after:
            try:
                await never.wait()
            finally:
                ended.append(after)
        return MessagesPage(RowBatch(), after + 1, True)

    async def keep(page: MessagesPage) -> None:
        await drain()
        raise OSError("no space left on the disk")

    with pytest.raises(OSError, match="no space"):
        await follow(0, ask, keep)
    assert ended == [1]


async def test_whoever_is_cancelled_leaves_no_request_behind() -> None:
    book = Book()
    book.gate = asyncio.Event()
    reading = asyncio.ensure_future(book.read())
    await drain()
    before = asyncio.all_tasks()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert asyncio.all_tasks() <= before - {reading}
    assert (book.on_the_way, book.kept) == (0, [])


async def test_a_page_that_stands_still_is_kept_and_not_asked_for_again() -> None:
    book = Book()
    book.still_at = 2
    with pytest.raises(Retryable):
        await book.read()
    assert (book.asked, book.kept) == ([0, 1, 2], [1, 2, 2])


# In the engine


async def _away(room: Room) -> tuple[Desk, str, list[str]]:
    """An instance that missed five pages of a conversation that it knows."""
    desk, conversation = await room.cut_off()
    said = [f"text {number}" for number in range(4 * PAGE + 7)]
    room.say(conversation, *said)
    return desk, conversation, ["one", *said]


def _asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Take down from where the messages are asked for."""
    asked: list[int] = []
    pull = desk.client.remote.pull_messages

    async def noted(conversation_id: str, after: int, limit: int = PAGE) -> MessagesPage:
        asked.append(after)
        return await pull(conversation_id, after, limit)

    monkeypatch.setattr(desk.client.remote, "pull_messages", noted)
    return asked


async def _back(room: Room, desk: Desk, conversation: str, expected: list[str]) -> None:
    desk.network.down = False
    desk.engine.wake()
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED)
    assert await texts(desk, conversation) == expected
    assert (
        await desk.store.conversation_cursor(conversation) == room.server.conversations[conversation].revision
    )
    assert not desk.mirror.faults


async def test_a_cut_between_pages_asks_for_no_page_twice_that_was_kept(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, conversation, expected = await _away(room)
    asked = _asked(desk, monkeypatch)
    desk.network.fail_requests[f"pull_messages {conversation}"] = [Offline("cut")]
    fails = desk.network.fail_requests[f"pull_messages {conversation}"]
    apply, pages = desk.store.apply, 0

    async def cut(batch: RowBatch, **options: Any) -> ChangeSet:
        nonlocal pages
        if batch.messages:
            pages += 1
            if pages in (2, 4):
                fails.append(Offline("cut"))
        return await apply(batch, **options)

    monkeypatch.setattr(desk.store, "apply", cut)
    await _back(room, desk, conversation, expected)
    answered = list(dict.fromkeys(asked))
    assert answered == sorted(answered), "never back behind what was kept"
    assert len(answered) <= PAGES + 1


@pytest.mark.errors_expected
async def test_a_store_that_fails_in_the_middle_goes_on_from_what_it_has(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, conversation, expected = await _away(room)
    apply = desk.store.apply
    failed: list[RowBatch] = []

    async def full(batch: RowBatch, **options: Any) -> ChangeSet:
        if len(batch.messages) > 0 and len(failed) < 3 and len(await texts(desk, conversation)) > PAGE:
            failed.append(batch)
            raise OSError("no space left on the disk")
        return await apply(batch, **options)

    monkeypatch.setattr(desk.store, "apply", full)
    await _back(room, desk, conversation, expected)
    assert len(failed) == 3


@pytest.mark.parametrize("moment", [0.012, 0.031, 0.055, 0.072, 0.095])
async def test_an_engine_that_is_stopped_in_the_middle_of_a_pull_ends(room: Room, moment: float) -> None:
    desk, conversation, expected = await _away(room)
    desk.network.down = False
    desk.engine.wake()
    pulled = f"pull_messages {conversation}"
    before = desk.network.requests[pulled]
    await room.clock.until(lambda: desk.network.requests[pulled] > before, step=0.001)
    await room.clock.advance(moment)
    await room.clock.finish(desk.engine.stop())
    assert desk.engine.task_count == 0
    asked = desk.network.requests.total()
    await room.clock.advance(60)
    assert desk.network.requests.total() == asked
    shown = await texts(desk, conversation)
    assert shown == expected[: len(shown)], "whole pages, in their order"


@pytest.mark.parametrize("latency", [0.01, 4.0], ids=["quick", "slower than the watchdog"])
@pytest.mark.parametrize("page", [1, 2, 4])
async def test_a_cache_that_is_lost_in_the_middle_of_a_pull_gets_no_hole(
    room: Room, monkeypatch: pytest.MonkeyPatch, page: int, latency: float
) -> None:
    desk, conversation, expected = await _away(room)
    desk.network.latency = latency
    apply, pages = desk.store.apply, 0

    async def lose(batch: RowBatch, **options: Any) -> ChangeSet:
        nonlocal pages
        changes = await apply(batch, **options)
        pages += len(batch.messages) > 0
        if pages == page:
            pages += 1
            await desk.store._run(lambda ledger: ledger.opened.cache.execute("DROP TABLE messages"))
            assert await desk.store.messages(conversation) == ()  # whoever looks first finds it out
        return changes

    monkeypatch.setattr(desk.store, "apply", lose)
    desk.network.down = False
    desk.engine.wake()
    await room.clock.until(lambda: pages > page, within=200)
    await room.clock.advance(200)
    assert desk.mirror.link is LinkState.CONNECTED
    while await room.clock.finish(desk.engine.load_older(conversation)):
        pass
    assert await texts(desk, conversation) == expected
