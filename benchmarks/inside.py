"""The whole window on a large store, in a process of its own, with the floor's parts in the same process.

``python -m benchmarks.inside`` fills a store, says how many seconds that took, and then takes the name of a
task per line and answers with samples by arm as JSON; ``--small`` fills in little. Nothing of it needs a
network: the account is on a server that is not there.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStringListModel
from PySide6.QtGui import QPaintEvent, QTextCursor
from PySide6.QtWidgets import QApplication, QListView, QPlainTextEdit

from benchmarks import seed
from benchmarks.figures import CHATDESK, FLOOR
from benchmarks.floor.paper import Paper
from benchmarks.traced import around
from chatdesk.app.application import Application
from chatdesk.domain.change import ChangeSet, ConversationChange, MessageChange, Verb
from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import MessageStatus
from chatdesk.models.message_list import MessageListModel
from chatdesk.runtime.loop import run_in_qt
from chatdesk.ui.conversations.list_view import ConversationListView
from chatdesk.ui.timeline.view import TimelineView

CONVERSATIONS = 10_000
HUGE, LARGE, SMALL = 100_000, 1_000, 60
TEXT = "The quick brown fox jumps over the lazy dog and comes back for the second half of it. " * 4
TOKEN = "token "
TOKENS_A_FRAME = 4
TYPED = ("the", "model", "list of", "check", "answers w", seed.RARE)
FIND = """
select documents.message_id from message_words cross join documents on documents.id = message_words.rowid
where message_words match ? order by message_words.rowid desc limit 50
"""

Samples = dict[str, list[float]]


class Painted:
    """Waits for the next painting of something."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Any, asyncio.Future[float]]] = []

    def wait(self, what: Any = None) -> asyncio.Future[float]:
        """Return what will hold the moment in which ``what`` was painted."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append((what, future))
        return future

    def tell(self, what: Any = None) -> None:
        at = time.perf_counter()
        for wanted, future in self._waiting:
            if wanted == what and not future.done():
                future.set_result(at)
        self._waiting = [each for each in self._waiting if not each[1].done()]


class Titles(QListView):
    """The floor's list."""

    def __init__(self, painted: Painted) -> None:
        super().__init__()
        self._painted = painted
        self.setUniformItemSizes(True)
        self.resize(280, 720)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self._painted.tell()


async def settled(seconds: float = 0.02) -> None:
    """Let everything that was put off happen."""
    await asyncio.sleep(seconds)


class Tasks:
    """What can be asked; every method returns samples by arm."""

    def __init__(self, whole: Application, data: Path) -> None:
        self.whole = whole
        self.data = data
        self.active = whole.windows.active
        self.listed = Painted()
        self.shown = Painted()
        around(ConversationListView, "paintEvent", None, lambda *_: self.listed.tell())
        self.active.timeline.painted.connect(self.shown.tell)
        self.drawn = Painted()
        self.titles = Titles(self.drawn)
        self.titles.show()
        self.paper = Paper(self.drawn.tell)
        self.paper.resize(800, 720)
        self.paper.show()
        self.added = 0

    async def list_10k(self) -> Samples:
        """The list of 10,000: from the store's rows to the painted list, and a plain model of titles."""
        entries = await self.active.realtime.store.entries()
        mine, floor = [], []
        for _ in range(3):
            waiting = self.listed.wait()
            begun = time.perf_counter()
            self.active.conversations.load(entries)
            mine.append(await waiting - begun)
            await settled()
            titles = [entry.conversation.title for entry in entries]
            waiting = self.drawn.wait()
            begun = time.perf_counter()
            self.titles.setModel(QStringListModel(titles, self.titles))
            floor.append(await waiting - begun)
            await settled()
        return ms({CHATDESK: mine, FLOOR: floor})

    async def read_10k(self) -> Samples:
        """Reading the 10,000 entries from the disk, and the same rows by plain SQL."""
        mine, floor = [], []
        for _ in range(3):
            begun = time.perf_counter()
            await self.active.realtime.store.entries()
            mine.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            with self._file() as file:
                file.execute(
                    "select * from conversations join memberships on conversation_id = conversations.id"
                    " where deleted_at is null order by pinned desc, updated_at desc"
                ).fetchall()
            floor.append(time.perf_counter() - begun)
        return ms({CHATDESK: mine, FLOOR: floor})

    async def bump(self) -> Samples:
        """One of 10,000 goes to the top."""
        entries = await self.active.realtime.store.entries()
        mine, floor = [], []
        newest = max(entry.conversation.updated_at for entry in entries)
        model = self.titles.model()
        self.active.window.sidebar.list.scrollToTop()
        self.titles.scrollToTop()
        await settled()
        for number in range(10):
            entry = entries[-1 - number]
            self.added += 1
            later = newest + timedelta(seconds=self.added)
            bumped = replace(entry, conversation=replace(entry.conversation, updated_at=later))
            waiting = self.listed.wait()
            begun = time.perf_counter()
            self.active.conversations.apply(
                ChangeSet(
                    conversations=(ConversationChange(Verb.CHANGED, bumped, frozenset({"updated_at"})),)
                )
            )
            mine.append(await waiting - begun)
            await settled()
            waiting = self.drawn.wait()
            begun = time.perf_counter()
            assert isinstance(model, QStringListModel)
            last = model.rowCount() - 1 - number
            model.moveRow(model.index(0).parent(), last, model.index(0).parent(), 0)
            floor.append(await waiting - begun)
            await settled()
        return ms({CHATDESK: mine, FLOOR: floor})

    async def open_talk(self) -> Samples:
        """A conversation of 100,000, of 1,000 and of 60 messages: from the click to the painted end."""
        took: Samples = {CHATDESK: [], "large": [], FLOOR: []}
        for _ in range(4):
            for number, (name, count) in enumerate(((CHATDESK, HUGE), ("large", LARGE), (FLOOR, SMALL))):
                took[name].append(await self._open(number, count))
        return ms(took)

    async def append(self, before: Callable[[], None] = lambda: None) -> Samples:
        """One message more: from the change set to the painted row, and a hand-painted bubble."""
        await self._open(1, LARGE)
        mine, floor = [], []
        for _ in range(20):
            row = self._fresh()
            waiting = self.shown.wait(row.id)
            begun = time.perf_counter()
            before()
            self.active.messages.apply(ChangeSet(messages=(MessageChange(Verb.ADDED, row),)))
            mine.append(await waiting - begun)
            await settled()
            waiting = self.drawn.wait()
            begun = time.perf_counter()
            self.paper.add(TEXT)
            floor.append(await waiting - begun)
            await settled()
        return ms({CHATDESK: mine, FLOOR: floor})

    async def append_twice(self) -> Samples:
        """The same where another message is taken and painted on the way: what a budget has to notice."""
        return await self.append(self._detour)

    async def floor_twice(self) -> Samples:
        """The floor beside itself."""
        samples: Samples = {CHATDESK: [], FLOOR: []}
        for _ in range(20):
            for arm in samples:
                waiting = self.drawn.wait()
                begun = time.perf_counter()
                self.paper.add(TEXT)
                samples[arm].append(await waiting - begun)
                await settled()
        return ms(samples)

    async def stream(self) -> Samples:
        """Computing per token on the window's thread, a frame every four; the floor inserts plain text."""
        return {CHATDESK: [await self._stream(500)], FLOOR: [await self._insert(500)]}

    async def stream_long(self) -> Samples:
        """The same of an answer of 8,000 tokens, against one of 500."""
        return {CHATDESK: [await self._stream(8_000)], FLOOR: [await self._stream(500)]}

    async def scroll(self) -> Samples:
        """Steps of 40 pixels from anywhere in 100,000 messages, laid out and painted."""
        view, chance = self._far(), random.Random(3)
        bar = view.verticalScrollBar()
        mine: list[float] = []
        floor: list[float] = []
        for _ in range(6):
            bar.setValue(int(bar.maximum() * chance.random()))
            view.viewport().repaint()
            await settled(0)
            for _ in range(20):
                begun = time.perf_counter()
                view.scroll_by(40)
                view.viewport().repaint()
                mine.append(time.perf_counter() - begun)
        for _ in range(120 - len(floor)):
            begun = time.perf_counter()
            self.paper.scroll_to(self.paper.offset - 40)
            self.paper.viewport().repaint()
            floor.append(time.perf_counter() - begun)
        return ms({CHATDESK: mine, FLOOR: floor})

    async def search(self) -> Samples:
        """Words in 100,000 messages: the store's answer with its passages, and the bare index."""
        mine, floor = [], []
        store = self.active.realtime.store
        with self._file() as file:
            for typed in TYPED * 3:
                begun = time.perf_counter()
                hits = await store.search(typed, 50)
                mine.append(time.perf_counter() - begun)
                assert hits, typed
                *whole, last = typed.split()
                query = " ".join([*(f'"{word}"' for word in whole), f'"{last}"*'])
                begun = time.perf_counter()
                for (found,) in file.execute(FIND, (query,)).fetchall():
                    file.execute("select * from messages where id = ?", (found,)).fetchone()
                floor.append(time.perf_counter() - begun)
        return ms({CHATDESK: mine, FLOOR: floor})

    # Inside -------------------------------------------------------------------------------------------------

    async def _open(self, number: int, count: int) -> float:
        last = seed.message_id(number, count)
        self.active.realtime.set_current_conversation("")
        while self.active.realtime.current_conversation:
            await settled()
        await settled(0.05)
        waiting = self.shown.wait(last)
        begun = time.perf_counter()
        self.active.window.sidebar.list.open_requested.emit(seed.conversation_id(number), True)
        took = await waiting - begun
        await settled(0.05)
        return took

    def _detour(self) -> None:
        self.active.messages.apply(ChangeSet(messages=(MessageChange(Verb.ADDED, self._fresh()),)))
        self.active.timeline.flush()
        self.active.timeline.viewport().repaint()

    def _fresh(self, content: str = TEXT) -> Any:
        """Make one message more, the newest of the open conversation."""
        self.added += 1
        return seed.message(1, LARGE + self.added, content)

    async def _stream(self, tokens: int) -> float:
        await self._open(2, SMALL)
        self.added += 1
        row = replace(seed.message(2, SMALL + 2 * self.added, ""), status=MessageStatus.STREAMING)
        self.active.messages.apply(ChangeSet(messages=(MessageChange(Verb.ADDED, row),)))
        await settled(0.05)
        view, place, begun = self.active.timeline, 0, time.thread_time()
        for number in range(tokens):
            text = "\n\n" if number % 60 == 59 else TOKEN
            self.active.messages.apply_delta(Delta(row.conversation_id, row.id, place, text))
            place += len(text)
            if number % TOKENS_A_FRAME == 0:
                view.flush()
                view.viewport().repaint()
        took = (time.thread_time() - begun) / tokens
        over = replace(row, status=MessageStatus.COMPLETE, content="done")
        self.active.messages.apply(ChangeSet(messages=(MessageChange(Verb.CHANGED, over),)))
        return took * 1e6

    async def _insert(self, tokens: int) -> float:
        text = QPlainTextEdit()
        text.resize(800, 720)
        text.show()
        await settled(0.05)
        begun = time.thread_time()
        for number in range(tokens):
            cursor = text.textCursor()
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText("\n\n" if number % 60 == 59 else TOKEN)
            if number % TOKENS_A_FRAME == 0:
                text.verticalScrollBar().setValue(text.verticalScrollBar().maximum())
                text.viewport().repaint()
        took = (time.thread_time() - begun) / tokens
        text.deleteLater()
        return took * 1e6

    def _far(self) -> TimelineView:
        if not hasattr(self, "_view"):
            model = MessageListModel(seed.ME)
            contents = seed.texts(HUGE)
            rows = [seed.message(3, number, contents[number - 1]) for number in range(1, HUGE + 1)]
            model.load(seed.conversation_id(3), rows, False)
            self._view = TimelineView(self.whole.theme)
            model.setParent(self._view)
            self._view.resize(800, 720)
            self._view.set_model(model)
            self._view.show()
            self._view.flush()
            for _ in range(400):
                self.paper.add(TEXT)
        return self._view

    def _file(self) -> sqlite3.Connection:
        path = self.data / "accounts" / seed.ACCOUNT / "slot-0" / "cache.db"
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


def ms(samples: Samples) -> Samples:
    return {arm: [each * 1000 for each in took] for arm, took in samples.items()}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="cdb-inside-") as directory:
        data = Path(directory)
        os.environ["CHATDESK_DATA"] = directory
        begun = time.monotonic()
        small = "--small" in sys.argv
        size = (SMALL, [SMALL, LARGE, SMALL]) if small else (CONVERSATIONS, [HUGE, LARGE, SMALL])
        asyncio.run(seed.seed(data, seed.Wish(*size, last=2)))
        filled = time.monotonic() - begun
        application = QApplication(sys.argv[:1])
        application.setQuitOnLastWindowClosed(False)

        async def live() -> int:
            whole = Application(application, provider=None, memory_vault=True, linger=0.0)
            whole.window.resize(1100, 720)
            tasks = Tasks(whole, data)
            whole.start()
            while whole.open_account.account is None:
                await settled()
            await settled(2.0)
            loop = asyncio.get_running_loop()
            lines: asyncio.Queue[str] = asyncio.Queue()

            def read() -> None:
                for line in sys.stdin:
                    loop.call_soon_threadsafe(lines.put_nowait, line.strip())
                loop.call_soon_threadsafe(lines.put_nowait, "")

            threading.Thread(target=read, daemon=True).start()
            answer({"filled": round(filled, 1)})
            while name := await lines.get():
                work: Callable[[], Awaitable[Samples]] = getattr(tasks, name)
                answer(await work())
            whole.windows.quit()
            await whole.closed.wait()
            await whole.stop()
            return 0

        return run_in_qt(application, live)


def answer(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
