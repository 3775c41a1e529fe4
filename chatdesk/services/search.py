"""Searching while somebody types, and bringing what was found on screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from chatdesk.domain.change import ChangeSet
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.search import SearchHit, TitleHit
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.realtime import RealtimeService

TYPING_PAUSE = 0.06
"""Seconds without another letter before the store is asked."""

FOLLOW_PAUSE = 0.3
COVERAGE_LIFE = 1.0
MOST_MESSAGES = 30
MOST_TITLES = 6


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many messages the search looks through, and how many there are as far as is known."""

    here: int = 0
    known: int = 0

    @property
    def complete(self) -> bool:
        return self.here >= self.known


@dataclass(frozen=True, slots=True)
class SearchResults:
    """What a query found: messages newest first, conversations in the order of the list."""

    query: str
    hits: tuple[SearchHit, ...] = ()
    conversations: tuple[TitleHit, ...] = ()
    coverage: Coverage = Coverage()


@dataclass(frozen=True, slots=True)
class FindResults:
    """The messages of one conversation that match, in its order; ``again``: the same question, asked anew
    because the conversation has changed."""

    conversation_id: str
    query: str
    message_ids: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class Revealed:
    """A message that was searched for is loaded, in the open conversation."""

    conversation_id: str
    message_id: str


class SearchService(QObject):
    """Asks the store a moment after the last letter; only the newest question is answered.

    Signals: ``results_ready(SearchResults)`` after ``search`` · ``found(FindResults)`` after ``find`` and
    whenever the answer may have changed · ``revealed(Revealed)`` after ``reveal``, when the message can be
    scrolled to.
    """

    results_ready = Signal(object)
    found = Signal(object)
    revealed = Signal(object)

    def __init__(self, realtime: RealtimeService, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._realtime = realtime
        self._clock = clock
        self._scope: TaskScope | None = None
        self._searching: asyncio.Task[Any] | None = None
        self._finding: asyncio.Task[Any] | None = None
        self._sought = ("", "")
        self._goal: Revealed | None = None
        self._coverage = (-COVERAGE_LIFE, Coverage())
        realtime.changes_applied.connect(self._follow)
        realtime.current_conversation_changed.connect(self._opened)
        # Queued: whoever else hears of it first puts the message where it can be shown.
        realtime.branch_wanted.connect(self._arrived, Qt.ConnectionType.QueuedConnection)

    def attach(self) -> None:
        """Serve the account that the realtime service is about to serve."""
        self._scope = TaskScope("search")

    async def detach(self) -> None:
        """Stop searching and forget the questions."""
        scope, self._scope = self._scope, None
        self._sought, self._goal = ("", ""), None
        self._coverage = (-COVERAGE_LIFE, Coverage())
        if scope is not None:
            await scope.close()

    def attend(self) -> None:
        """The user is typing: what runs in the background should make room."""
        if self._realtime.account is not None:
            self._realtime.engine.attend()

    def search(self, text: str) -> None:
        """Search everything; ``results_ready`` follows. Without a word it only tells the coverage."""
        self._searching = self._ask(self._searching, lambda: self._search(text), TYPING_PAUSE)

    def find(self, conversation_id: str, text: str) -> None:
        """Search one conversation and go on following it; ``found`` follows. An empty text ends it."""
        self._sought = (conversation_id, text)
        self._finding = self._ask(self._finding, lambda: self._find(again=False), TYPING_PAUSE)

    def reveal(self, conversation_id: str, message_id: str) -> None:
        """Open the conversation if it is not, load back to the message; ``revealed`` follows."""
        self.attend()
        self._goal = Revealed(conversation_id, message_id)
        if self._realtime.current_conversation == conversation_id:
            self._realtime.switch_branch(message_id)
        else:
            self._realtime.set_current_conversation(conversation_id)

    # Inside -------------------------------------------------------------------------------------------------

    def _ask(
        self, before: asyncio.Task[Any] | None, work: Callable[[], Awaitable[None]], pause: float
    ) -> asyncio.Task[Any] | None:
        if before is not None:
            before.cancel()
        self.attend()
        return None if self._scope is None else self._scope.start(self._later(work, pause), "search")

    async def _later(self, work: Callable[[], Awaitable[None]], pause: float) -> None:
        await self._clock.sleep(pause)
        if self._realtime.account is not None:
            with suppress(ChatDeskError):  # the store is closing, or heals and has nothing yet
                await work()

    async def _search(self, text: str) -> None:
        store = self._realtime.store
        titles = await store.search_titles(text, MOST_TITLES)
        hits = await store.search(text, MOST_MESSAGES)
        told, coverage = self._coverage
        if self._clock.monotonic() - told >= COVERAGE_LIFE:
            coverage = Coverage(*await store.coverage())
            self._coverage = (self._clock.monotonic(), coverage)
        self.results_ready.emit(SearchResults(text, hits, titles, coverage))

    async def _find(self, again: bool) -> None:
        conversation_id, text = self._sought
        ids = await self._realtime.store.find(text, conversation_id)
        self.found.emit(FindResults(conversation_id, text, ids, again))

    def _follow(self, changes: ChangeSet) -> None:
        """A reply grows, an older page arrives: the count on screen has to be right."""
        conversation_id, text = self._sought
        if not text.strip() or (self._finding is not None and not self._finding.done()):
            return
        if any(change.message.conversation_id == conversation_id for change in changes.messages):
            self._finding = (
                None
                if self._scope is None
                else self._scope.start(
                    self._later(lambda: self._find(again=True), FOLLOW_PAUSE), "find again"
                )
            )

    def _opened(self, conversation_id: str) -> None:
        goal = self._goal
        if goal is None:
            return
        if goal.conversation_id == conversation_id:
            self._realtime.switch_branch(goal.message_id)
        else:
            self._goal = None

    def _arrived(self, message_id: str) -> None:
        goal = self._goal
        if goal is not None and goal.message_id == message_id:
            self._goal = None
            self.revealed.emit(goal)
