"""The account that is open: one store, one engine, one order of changes for all windows of a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.change import ChangeSet
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Delta, Ephemeral, StopRequested
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.mutation import Mutation
from chatdesk.domain.session import Account, SyncState
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.conversation_edits import ConversationEdits
from chatdesk.services.deletions import Deletions
from chatdesk.services.loaded import EntriesLoaded
from chatdesk.services.mutations import MutationMaker
from chatdesk.services.notices import NoticeService
from chatdesk.services.read_marks import ReadMarks
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine

WRITE_SECONDS = 2.0


class View(Protocol):
    """What a window's service is to the account."""

    @property
    def current_conversation(self) -> str: ...

    async def begin(self) -> None:
        """The account is open; show what the window showed last."""

    def end(self) -> None:
        """It is closed."""

    async def choices(self, conversation_id: str) -> Any: ...

    def expect_version(self, message_id: str) -> None: ...


class OpenAccount(QObject):
    """What the windows of a process share; each has a ``RealtimeService`` of its own on top.

    Signals, each with one frozen value:

    - ``entries_loaded(EntriesLoaded)``: the list from the store, once after ``attach``
    - ``messages_loaded(MessagesLoaded)``: a page that any of the windows has loaded
    - ``changes_applied(ChangeSet)``: rows that changed in the store, whoever changed them
    - ``state_changed(SyncState)``, ``delta_received(Delta)``, ``stop_requested(StopRequested)``
    - ``company_told(Ephemeral)``: what other people do: presence, typing, read marks
    - ``leaving_changed(frozenset)``: the messages that are about to be deleted
    - ``closed()``: nobody is signed in any more
    """

    entries_loaded = Signal(object)
    messages_loaded = Signal(object)
    changes_applied = Signal(object)
    state_changed = Signal(object)
    delta_received = Signal(object)
    stop_requested = Signal(object)
    company_told = Signal(object)
    leaving_changed = Signal(object)
    closed = Signal()

    def __init__(self, clock: Clock, notices: NoticeService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._notices = notices
        self._views: list[View] = []
        """The one the user looked at last is the first."""
        self._scope: TaskScope | None = None
        self._engine: SyncEngine | None = None
        self._store: Store | None = None
        self._make: MutationMaker | None = None
        self._writes: set[asyncio.Task[Any]] = set()
        self._held: list[str] = []
        self.account: Account | None = None
        self.marks: ReadMarks | None = None
        self.deletions: Deletions | None = None
        self.submitting = asyncio.Lock()
        self.conversations = ConversationEdits(self.submit, clock, self)

    # Life ---------------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The store of the account; raises ``RuntimeError`` before ``attach``."""
        if self._store is None:
            raise RuntimeError("No account is open.")
        return self._store

    @property
    def engine(self) -> SyncEngine:
        """The engine of the account; raises ``RuntimeError`` before ``attach``."""
        if self._engine is None:
            raise RuntimeError("No account is open.")
        return self._engine

    @property
    def maker(self) -> MutationMaker:
        """Makes this user's mutations; raises ``RuntimeError`` before ``attach``."""
        if self._make is None:
            raise RuntimeError("No account is open.")
        return self._make

    async def attach(self, account: Account, store: Store, engine: SyncEngine) -> None:
        """Serve an account: shows what its store has, then starts its engine."""
        self.account, self._store, self._engine = account, store, engine
        make = self._make = MutationMaker(account.user_id, self._clock)
        scope = self._scope = TaskScope("account", self._failed)
        self.marks = ReadMarks(make, engine, self._clock, scope)
        self.deletions = Deletions(self._clock, scope, self._delete_message, self.leaving_changed.emit)
        self.conversations.attach(make, scope)
        self.entries_loaded.emit(EntriesLoaded(await store.entries(), await store.profiles()))
        for view in list(self._views):
            await view.begin()
        await engine.start()

    async def detach(self) -> None:
        """Stop serving: ends every task, the engine and its socket; the store is the caller's.

        What the user did last (a message sent, a draft, the window's place) is still written, for which the
        disk has two seconds.
        """
        if self.deletions is not None:
            self.deletions.flush()
        self.conversations.detach()
        if self._writes:
            await asyncio.wait(self._writes, timeout=WRITE_SECONDS)
        scope, engine = self._scope, self._engine
        self._scope = self._engine = self._store = self._make = None
        self.account = self.marks = self.deletions = None
        if scope is not None:
            await scope.close()
        if engine is not None:
            await engine.stop()
        for view in list(self._views):
            view.end()
        self.closed.emit()

    # Windows ------------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The window the user looked at last; raises ``IndexError`` without any."""
        return self._views[0]

    @property
    def shown(self) -> tuple[str, ...]:
        """The conversations that the windows show, the one looked at last first."""
        return tuple(
            dict.fromkeys(view.current_conversation for view in self._views if view.current_conversation)
        )

    def add(self, view: View) -> None:
        """There is one more window."""
        self._views.append(view)

    def remove(self, view: View) -> None:
        """A window is closed; its channels are left unless another one shows the same."""
        if view in self._views:
            self._views.remove(view)
            self.look()

    def focus(self, view: View) -> None:
        """The user turned to this window: its conversation is the last to lose its channels."""
        if view in self._views and self._views[0] is not view:
            self._views.remove(view)
            self._views.insert(0, view)
            self.look()

    def look(self) -> None:
        """Tell the engine which conversations are shown now."""
        if self._engine is not None:
            self._engine.open_conversations(self.shown, self._held)

    @contextmanager
    def holding(self, conversation_id: str) -> Iterator[None]:
        """Stay in a conversation's channels, shown or not: who looks at it hears what is written here."""
        self._held.append(conversation_id)
        self.look()
        try:
            yield
        finally:
            self._held.remove(conversation_id)
            self.look()

    # Changes ------------------------------------------------------------------------------------------------

    def submit(self, mutation: Mutation) -> asyncio.Task[Any] | None:
        """Hand a change to the outbox, after those that were made before it."""
        return self.write(self.submit_in_order(mutation), mutation.kind.value)

    def change(self, words: Callable[[MutationMaker], Mutation]) -> None:
        """Make a change that another service has the words for."""
        self.submit(words(self.maker))

    async def submit_in_order(self, mutation: Mutation) -> None:
        async with self.submitting:
            await self.engine.submit(mutation)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any] | None:
        """Run ``work`` while the account is open; its failure becomes a notice."""
        if self._scope is None:
            work.close()
            return None
        return self._scope.start(work, name)

    def write(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any] | None:
        """Run ``work`` that is still to be finished when the account is closed."""
        if (task := self.start(work, name)) is not None:
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)
        return task

    def save_setting(self, key: str, value: str) -> None:
        """Keep a setting of this instance."""
        if self._store is not None:
            self.write(self._store.save_setting(key, value), "save setting")

    # What the engine tells (SyncListener) -------------------------------------------------------------------

    @property
    def listener(self) -> EngineListener:
        """What the engine should report to."""
        return EngineListener(self)

    def take_changes(self, changes: ChangeSet) -> None:
        """Pass on what changed."""
        if changes:
            if self.marks is not None:
                self.marks.take_changes(changes)
            self.changes_applied.emit(changes)

    def _delete_message(self, conversation_id: str, message_id: str) -> None:
        self.submit(self.maker.delete_message(conversation_id, message_id))

    def _failed(self, name: str, failure: BaseException) -> None:
        if isinstance(failure, ChatDeskError):
            self._notices.failed(failure)
        else:
            raise failure


class EngineListener:
    """The engine's listener: plain calls in, Qt signals out."""

    def __init__(self, account: OpenAccount) -> None:
        self._account = account

    def changes_applied(self, changes: ChangeSet) -> None:
        self._account.take_changes(changes)

    def state_changed(self, state: SyncState) -> None:
        self._account.state_changed.emit(state)

    def ephemeral_received(self, change: Ephemeral) -> None:
        match change:
            case Delta():
                self._account.delta_received.emit(change)
            case StopRequested():
                self._account.stop_requested.emit(change)
            case _:
                self._account.company_told.emit(change)
