"""The centre: what the user does goes in as methods, what happened anywhere comes out as signals.

It carries the three subscriptions and seven functions of the web app that ChatDesk succeeds: profile,
conversations and the open conversation's messages; ``create_conversation``, ``send_message``,
``update_profile``, ``set_current_conversation``, ``refresh_profile``, ``refresh_conversations`` and
``refresh_messages``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.change import ChangeSet, Verb
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Delta, Ephemeral, StopRequested
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.ids import new_id
from chatdesk.domain.message import Role
from chatdesk.domain.mutation import Mutation, OutboxState
from chatdesk.domain.session import Account, SyncState
from chatdesk.domain.text import MAX_TITLE, storable
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.conversation_edits import ConversationEdits
from chatdesk.services.deletions import Deletions
from chatdesk.services.loaded import EntriesLoaded, MessageRefused
from chatdesk.services.mutations import NEW_TITLE, MutationMaker
from chatdesk.services.notices import NoticeService
from chatdesk.services.read_marks import ReadMarks
from chatdesk.services.shown_pages import ShownPages
from chatdesk.services.writing import Files, Letter, MessageWriter
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine

LAST_CONVERSATION = "last_conversation"
WRITE_SECONDS = 2.0


class RealtimeService(QObject):
    """Owns the sync engine of the signed-in account and turns its words into signals.

    Signals, each with one frozen value:

    - ``entries_loaded(EntriesLoaded)``: the list from the store, once after ``attach``
    - ``messages_loaded(MessagesLoaded)``: a page of the open conversation
    - ``changes_applied(ChangeSet)``: rows that changed in the store, whoever changed them
    - ``state_changed(SyncState)``, ``delta_received(Delta)``, ``stop_requested(StopRequested)``
    - ``current_conversation_changed(str)``: the open conversation's id, empty for none
    - ``message_accepted(str)``: this message is safe on disk
    - ``message_refused(MessageRefused)``: it is not, and here is its text
    - ``failed_found(OutboxEntry)``: the oldest change that was refused, after ``show_failed``
    - ``version_expected(str)``: a version that this window asked for has this id and is to be shown
    - ``branch_wanted(str)``: this message is to be shown, whichever versions that takes
    - ``leaving_changed(frozenset)``: the messages that are about to be deleted
    - ``draft_loaded(str, str)``: a conversation that was opened, and what was left unsent in it
    """

    entries_loaded = Signal(object)
    messages_loaded = Signal(object)
    changes_applied = Signal(object)
    state_changed = Signal(object)
    delta_received = Signal(object)
    stop_requested = Signal(object)
    current_conversation_changed = Signal(str)
    message_accepted = Signal(str)
    message_refused = Signal(object)
    failed_found = Signal(object)
    draft_loaded = Signal(str, str)
    version_expected = Signal(str)
    branch_wanted = Signal(str)
    leaving_changed = Signal(object)

    def __init__(self, clock: Clock, notices: NoticeService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._notices = notices
        self._scope: TaskScope | None = None
        self._engine: SyncEngine | None = None
        self._store: Store | None = None
        self._account: Account | None = None
        self._make: MutationMaker | None = None
        self._marks: ReadMarks | None = None
        self._current = ""
        self._wanted = ""
        """The conversation asked for last; it becomes the current one when its messages are read."""
        self._submitting = asyncio.Lock()
        self._pages: ShownPages | None = None
        self._writer: MessageWriter | None = None
        self._deletions: Deletions | None = None
        self._writes: set[asyncio.Task[Any]] = set()
        self.conversations = ConversationEdits(self._submit, clock, self)

    # Life ---------------------------------------------------------------------------------------------------

    @property
    def current_conversation(self) -> str:
        """The id of the open conversation, empty for none."""
        return self._current

    @property
    def account(self) -> Account | None:
        return self._account

    @property
    def store(self) -> Store:
        """The store of the signed-in account; raises ``RuntimeError`` before ``attach``."""
        if self._store is None:
            raise RuntimeError("No account is open.")
        return self._store

    @property
    def engine(self) -> SyncEngine:
        """The engine of the signed-in account; raises ``RuntimeError`` before ``attach``."""
        if self._engine is None:
            raise RuntimeError("No account is open.")
        return self._engine

    async def attach(self, account: Account, store: Store, engine: SyncEngine) -> None:
        """Serve an account: shows what its store has, reopens its last conversation, starts its engine."""
        self._account, self._store, self._engine = account, store, engine
        self._make = MutationMaker(account.user_id, self._clock)
        self._scope = TaskScope("realtime", self._failed)
        self._marks = ReadMarks(self._make, engine, self._clock, self._scope)
        self._pages = ShownPages(store, engine.load_older, self.messages_loaded.emit, self.branch_wanted.emit)
        self._writer = MessageWriter(store, engine, self._make, self._pages)
        self._deletions = Deletions(self._clock, self._scope, self.delete_message, self.leaving_changed.emit)
        self.conversations.attach(self._make, self._scope)
        self.entries_loaded.emit(EntriesLoaded(await store.entries(), await store.profiles()))
        last = await store.setting(LAST_CONVERSATION)
        if last and await store.entry(last) is not None:
            self.set_current_conversation(last)
        await engine.start()

    async def detach(self) -> None:
        """Stop serving: ends every task, the engine and its socket; the store is the caller's.

        What the user did last (a message sent, a draft, the window's place) is still written, for which the
        disk has two seconds.
        """
        if self._deletions is not None:
            self._deletions.flush()
        self.conversations.detach()
        if self._writes:
            await asyncio.wait(self._writes, timeout=WRITE_SECONDS)
        scope, engine = self._scope, self._engine
        self._scope = self._engine = self._store = self._account = self._make = self._marks = None
        self._pages = self._deletions = self._writer = None
        self._current = self._wanted = ""
        if scope is not None:
            await scope.close()
        if engine is not None:
            await engine.stop()
        self.current_conversation_changed.emit("")

    # The seven functions ------------------------------------------------------------------------------------

    def create_conversation(self, title: str, model_id: str | None) -> str:
        """Make a conversation and open it; returns its id at once."""
        conversation_id = new_id()
        title = storable(title).strip()[:MAX_TITLE] or NEW_TITLE
        self._submit(self._maker.create_conversation(conversation_id, title, model_id))
        self.set_current_conversation(conversation_id)
        return conversation_id

    def send_message(
        self, conversation_id: str, role: str, content: str, after: str | None = None, files: Files = ()
    ) -> str:
        """Send a message; returns its id at once, ``message_accepted`` or ``message_refused`` follows.

        It answers the newest message on the path that leads by ``after``, the last one its author saw.
        """
        message_id = new_id()
        letter = Letter(message_id, conversation_id, Role(role), storable(content), after, files=tuple(files))
        self._write(self._send(letter), "send")
        return message_id

    def update_profile(self, updates: Mapping[str, Any]) -> None:
        """Change the own profile; keys: ``username``, ``display_name``, ``avatar_path``."""
        self._submit(self._maker.update_profile(updates))

    def set_current_conversation(self, conversation_id: str) -> None:
        """Open a conversation, or none: its messages load, its channel is joined, the others are left."""
        self._wanted = conversation_id
        self._start(self._open(conversation_id), "open")

    def refresh_profile(self) -> None:
        """Fetch the profile again now."""
        self._start(self.engine.refresh_profile(), "refresh profile")

    def refresh_conversations(self) -> None:
        """Fetch the conversation list again now."""
        self._start(self.engine.refresh_conversations(), "refresh conversations")

    def refresh_messages(self) -> None:
        """Fetch the open conversation's messages again now."""
        self._start(self.engine.refresh_messages(), "refresh messages")

    # More that a user can do --------------------------------------------------------------------------------

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; an empty one changes nothing."""
        title = storable(title).strip()[:MAX_TITLE]
        if title:
            self._submit(self._maker.update_conversation(conversation_id, {"title": title}))

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation for all its members."""
        self._submit(self._maker.delete_conversation(conversation_id))

    def delete_message(self, conversation_id: str, message_id: str) -> None:
        """Delete a message; its place stays, its text goes."""
        self._submit(self._maker.delete_message(conversation_id, message_id))

    def delete_message_soon(self, message_id: str) -> None:
        """Delete a message of the open conversation in a few seconds; ``leaving_changed`` follows at once."""
        if self._deletions is not None:
            self._deletions.delete(self._current, message_id)

    def undo_delete(self, message_id: str) -> None:
        """Keep a message that is about to be deleted."""
        if self._deletions is not None:
            self._deletions.undo(message_id)

    def edit_message(self, message_id: str, content: str, files: Files = ()) -> str:
        """Send another version of a message of the open conversation; returns its id, as ``send_message``."""
        version_id = new_id()
        self.version_expected.emit(version_id)
        text = storable(content)
        letter = Letter(version_id, self._current, Role.USER, text, None, message_id, tuple(files))
        self._write(self._send(letter), "edit")
        return version_id

    def switch_branch(self, message_id: str) -> None:
        """Show a message of the open conversation, whichever versions it takes; ``branch_wanted`` follows."""
        if self._pages is not None:
            self._start(self._pages.switch(message_id), "switch branch")

    def keep_choices(self, conversation_id: str, choices: Mapping[str, str]) -> None:
        """Remember which versions this window shows."""
        if self._pages is not None and conversation_id:
            self.save_setting(*self._pages.keep(conversation_id, choices))

    async def choices(self, conversation_id: str) -> Mapping[str, str]:
        """Return which versions this window shows, by family."""
        return await self._pages.choices(conversation_id) if self._pages is not None else {}

    def mark_read(self, seq: int) -> None:
        """Note that the open conversation was read up to message number ``seq``."""
        if self._marks is not None and self._current:
            self._marks.read(self._current, seq)

    def load_older(self) -> None:
        """Load the page before what is shown; ``messages_loaded`` follows when there is one."""
        if self._current and self._pages is not None:
            self._start(self._pages.load_older(), "load older")

    def retry(self, entity_id: str) -> None:
        """Send a refused change again."""
        self._start(self.engine.retry(entity_id), "retry")

    def discard(self, entity_id: str) -> None:
        """Forget a refused change."""
        self._start(self.engine.discard(entity_id), "discard")

    def show_failed(self) -> None:
        """Look for the oldest refused change; ``failed_found`` follows if there is one."""
        self._start(self._find_failed(), "find failed")

    def save_draft(self, conversation_id: str, text: str) -> None:
        """Keep unsent text for the next start."""
        if self._store is not None:
            self._write(self._store.save_draft(conversation_id, storable(text)), "save draft")

    def save_setting(self, key: str, value: str) -> None:
        """Keep a setting of this instance."""
        if self._store is not None:
            self._write(self._store.save_setting(key, value), "save setting")

    # What the engine tells (SyncListener) -------------------------------------------------------------------

    @property
    def listener(self) -> EngineListener:
        """What the engine should report to."""
        return EngineListener(self)

    def take_changes(self, changes: ChangeSet) -> None:
        """Pass on what changed; leaves the open conversation when it is gone."""
        if not changes:
            return
        if self._marks is not None:
            self._marks.take_changes(changes)
        self.changes_applied.emit(changes)
        if self._pages is not None:
            if self._pages.note_first_page(changes):
                self._start(self._pages.tell_older(), "tell older")
            if self._pages.incomplete:
                self._start(self._pages.complete(), "complete")
        for change in changes.conversations:
            if change.verb is Verb.REMOVED and change.entry.id == self._wanted:
                self.set_current_conversation("")

    # Inside -------------------------------------------------------------------------------------------------

    @property
    def _maker(self) -> MutationMaker:
        if self._make is None:
            raise RuntimeError("No account is open.")
        return self._make

    def _start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any] | None:
        if self._scope is None:
            work.close()
            return None
        return self._scope.start(work, name)

    def _write(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any] | None:
        if (task := self._start(work, name)) is not None:
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)
        return task

    def _failed(self, name: str, failure: BaseException) -> None:
        if isinstance(failure, ChatDeskError):
            self._notices.failed(failure)
        else:
            raise failure

    def _submit(self, mutation: Mutation) -> asyncio.Task[Any] | None:
        return self._write(self._submit_in_order(mutation), mutation.kind.value)

    async def _submit_in_order(self, mutation: Mutation) -> None:
        async with self._submitting:
            await self.engine.submit(mutation)

    async def _send(self, letter: Letter) -> None:
        writer = self._writer
        if writer is None:
            return
        try:
            async with self._submitting:
                is_first = await writer.write(letter)
        except ChatDeskError as failure:
            self._notices.failed(failure)
            refused = MessageRefused(letter.conversation_id, letter.id, letter.content)
            self.message_refused.emit(refused)
            return
        self.message_accepted.emit(letter.id)
        if is_first and (title := await writer.entitle(letter)) is not None:
            # A change of its own: if it is refused, the message stays accepted all the same.
            await self._submit_in_order(title)

    async def _open(self, conversation_id: str) -> None:
        async with self._submitting:
            if conversation_id != self._wanted:
                return  # The user went on to another one while others were opened.
            pages = self._pages
            if pages is None:
                return
            loaded = await pages.first(conversation_id)
            if conversation_id != self._wanted:
                return
            self._current = conversation_id
            pages.opened(loaded)
            self.engine.open_conversation(conversation_id or None)
            self.current_conversation_changed.emit(conversation_id)
            self.messages_loaded.emit(loaded)
            if pages.incomplete:
                self._start(pages.complete(), "complete")
            self.draft_loaded.emit(conversation_id, await self.store.draft(conversation_id))
            await self.store.save_setting(LAST_CONVERSATION, conversation_id)

    async def _find_failed(self) -> None:
        entries = await self.store.outbox()
        failed = next((entry for entry in entries if entry.state is OutboxState.FAILED), None)
        if failed is not None:
            self.failed_found.emit(failed)


class EngineListener:
    """The engine's listener: plain calls in, Qt signals out."""

    def __init__(self, service: RealtimeService) -> None:
        self._service = service

    def changes_applied(self, changes: ChangeSet) -> None:
        self._service.take_changes(changes)

    def state_changed(self, state: SyncState) -> None:
        self._service.state_changed.emit(state)

    def ephemeral_received(self, change: Ephemeral) -> None:
        match change:
            case Delta():
                self._service.delta_received.emit(change)
            case StopRequested():
                self._service.stop_requested.emit(change)
