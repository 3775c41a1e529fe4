"""The search service between the window and a real store and engine: pauses, order, going there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from chatdesk.domain.session import Account, BackendKind
from chatdesk.services.loaded import MessagesLoaded
from chatdesk.services.notices import NoticeService
from chatdesk.services.realtime import RealtimeService
from chatdesk.services.search import FindResults, Revealed, SearchResults, SearchService
from tests.unit.sync.conftest import room, room_of
from tests.unit.sync.desk import ANNA, Desk, Room

__all__ = ["room", "room_of"]


class Bench:
    """A search service on one desk, and what it said."""

    def __init__(self, room: Room, desk: Desk) -> None:
        self.room = room
        self.desk = desk
        self.realtime = RealtimeService(room.clock, NoticeService())
        self.search = SearchService(self.realtime, room.clock)
        self.results: list[SearchResults] = []
        self.found: list[FindResults] = []
        self.revealed: list[Revealed] = []
        self.loaded: list[MessagesLoaded] = []
        self.search.results_ready.connect(self.results.append)
        self.search.found.connect(self.found.append)
        self.search.revealed.connect(self.revealed.append)
        self.realtime.messages_loaded.connect(self.loaded.append)

    async def start(self) -> None:
        account = Account(ANNA, ANNA, BackendKind.LOCAL, "http://fake.invalid")
        self.search.attach()
        self.desk.engine._announcer._listener = self.realtime.listener
        await self.realtime.attach(account, self.desk.store, self.desk.engine)

    async def wait(self, seconds: float) -> None:
        await self.room.clock.advance(seconds)
        QCoreApplication.sendPostedEvents()
        await self.room.clock.advance(0)

    async def close(self) -> None:
        await self.search.detach()
        await self.room.clock.finish(self.realtime.detach())


@pytest.fixture
async def bench(room: Room, qapp: QApplication) -> AsyncIterator[Bench]:
    made = Bench(room, await room.desk())
    await made.start()
    yield made
    await made.close()


async def test_only_the_last_of_quick_letters_is_answered(bench: Bench) -> None:
    bench.room.talk("a word here")
    await bench.wait(30)
    for typed in ("w", "wo", "wor"):
        bench.search.search(typed)
        await bench.wait(0.03)
    assert bench.results == []
    await bench.wait(0.1)
    assert [found.query for found in bench.results] == ["wor"]
    assert [hit.message.content for hit in bench.results[0].hits] == ["a word here"]
    assert bench.results[0].coverage.complete


async def test_titles_and_coverage_are_told(bench: Bench) -> None:
    bench.room.talk(*("text" for _ in range(200)))
    await bench.wait(1)
    bench.search.search("talk")
    await bench.wait(0.1)
    assert [hit.entry.conversation.title for hit in bench.results[-1].conversations] == ["Talk"]
    coverage = bench.results[-1].coverage
    assert (coverage.here, coverage.known, coverage.complete) == (0, 200, False)
    await bench.wait(60)
    bench.search.search("")
    await bench.wait(0.1)
    assert bench.results[-1].hits == ()
    assert bench.results[-1].coverage.complete


async def test_a_search_in_a_chat_follows_the_chat(bench: Bench) -> None:
    talk = bench.room.talk("one word", "two")
    bench.realtime.set_current_conversation(talk)
    await bench.wait(5)
    bench.search.find(talk, "word")
    await bench.wait(0.1)
    assert [(len(found.message_ids), found.again) for found in bench.found] == [(1, False)]
    bench.room.say(talk, "another word")
    await bench.wait(2)
    assert (len(bench.found[-1].message_ids), bench.found[-1].again) == (2, True)
    told = len(bench.found)
    bench.search.find(talk, "")
    await bench.wait(1)
    bench.room.say(talk, "a third word")
    await bench.wait(2)
    assert len(bench.found) == told + 1
    assert bench.found[-1].message_ids == ()


async def test_a_message_far_back_in_another_chat_is_loaded(bench: Bench) -> None:
    other = bench.room.talk("other")
    talk = bench.room.talk("needle", *(f"text {number}" for number in range(450)))
    bench.realtime.set_current_conversation(other)
    await bench.wait(60)
    bench.search.search("needle")
    await bench.wait(0.1)
    hit = bench.results[-1].hits[0]
    bench.search.reveal(talk, hit.message.id)
    await bench.wait(1)
    assert bench.realtime.current_conversation == talk
    assert bench.revealed == [Revealed(talk, hit.message.id)]
    loaded = [message for page in bench.loaded if page.conversation_id == talk for message in page.messages]
    assert len(loaded) == 451
    assert sum(not page.older for page in bench.loaded if page.conversation_id == talk) == 1


async def test_a_message_of_the_open_chat_is_revealed_at_once(bench: Bench) -> None:
    talk = bench.room.talk("needle", "other")
    bench.realtime.set_current_conversation(talk)
    await bench.wait(5)
    message_id = bench.room.server.by_conversation[talk][0]
    bench.search.reveal(talk, message_id)
    await bench.wait(0.1)
    assert bench.revealed == [Revealed(talk, message_id)]


async def test_who_goes_elsewhere_is_not_brought_back(bench: Bench) -> None:
    first, second = bench.room.talk("needle"), bench.room.talk("other")
    await bench.wait(30)
    bench.search.reveal(first, bench.room.server.by_conversation[first][0])
    bench.realtime.set_current_conversation(second)
    await bench.wait(5)
    assert bench.realtime.current_conversation == second
    assert bench.revealed == []


async def test_without_an_account_nothing_is_asked(room: Room, qapp: QApplication) -> None:
    bench = Bench(room, await room.desk())
    bench.search.search("word")
    bench.search.find("chat", "word")
    bench.search.attend()
    await bench.wait(1)
    assert bench.results == []
    assert bench.found == []


async def test_typing_holds_up_the_backfill(bench: Bench) -> None:
    bench.room.talk(*("text" for _ in range(500)))
    await bench.wait(0.5)
    for _ in range(20):
        bench.search.attend()
        await bench.wait(1)
    pages = [name for name in bench.desk.network.requests if name.startswith("page_messages")]
    assert pages == []
