"""The centre: what the user does goes in as methods, what happened anywhere comes out as signals.

It carries the three subscriptions and seven functions of the web app that ChatDesk succeeds: profile,
conversations and the open conversation's messages; ``create_conversation``, ``send_message``,
``update_profile``, ``set_current_conversation``, ``refresh_profile``, ``refresh_conversations`` and
``refresh_messages``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.change import ChangeSet, Verb
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.ids import new_id
from chatdesk.domain.message import Role
from chatdesk.domain.mutation import Mutation, OutboxState
from chatdesk.domain.session import Account, LinkState, SyncState
from chatdesk.domain.text import MAX_TITLE, storable
from chatdesk.services.conversation_edits import ConversationEdits
from chatdesk.services.loaded import EntriesLoaded, MessageRefused
from chatdesk.services.mutations import NEW_TITLE, MutationMaker
from chatdesk.services.notices import NoticeService
from chatdesk.services.open_account import EngineListener, OpenAccount
from chatdesk.services.shown_pages import ShownPages
from chatdesk.services.window_drafts import WindowDrafts
from chatdesk.services.writing import Files, Letter, MessageWriter
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine

LAST_CONVERSATION = "last_conversation"


def of_window(key: str, number: int) -> str:
    """Return the name under which a window keeps something; that of the first window has no number."""
    return key if number == 1 else f"{key}#{number}"


class RealtimeService(QObject):
    """One window's view of the open account, which it may share with other windows of the process.

    What only this window decides is here: the conversation it shows, how far back, which versions, what is
    unsent in it. ``number`` counts the windows from 1; each keeps its drafts and choices under its own.

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
    - ``draft_loaded(str, str)``, ``draft_files_loaded(str, tuple[NewFile])``: a conversation that was opened,
      and what was left unsent in it
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
    draft_files_loaded = Signal(str, object)
    version_expected = Signal(str)
    branch_wanted = Signal(str)
    leaving_changed = Signal(object)

    def __init__(
        self,
        clock: Clock,
        notices: NoticeService,
        parent: QObject | None = None,
        *,
        shared: OpenAccount | None = None,
        number: int = 1,
    ) -> None:
        super().__init__(parent)
        self._notices = notices
        self.shared = shared or OpenAccount(clock, notices, self)
        self.number = number
        self._current = ""
        self._wanted = ""
        """The conversation asked for last; it becomes the current one when its messages are read."""
        self._pages: ShownPages | None = None
        self._writer: MessageWriter | None = None
        self.drafts = WindowDrafts(
            self.shared, self._own, self.draft_loaded.emit, self.draft_files_loaded.emit
        )
        self.shared.entries_loaded.connect(self.entries_loaded)
        self.shared.changes_applied.connect(self._take_changes)
        self.shared.state_changed.connect(self._take_state)
        self.shared.delta_received.connect(self.delta_received)
        self.shared.stop_requested.connect(self.stop_requested)
        self.shared.leaving_changed.connect(self.leaving_changed)
        self.messages_loaded.connect(self.shared.messages_loaded)
        self.shared.add(self)

    # Life ---------------------------------------------------------------------------------------------------

    @property
    def current_conversation(self) -> str:
        """The id of the open conversation, empty for none."""
        return self._current

    @property
    def account(self) -> Account | None:
        return self.shared.account

    @property
    def store(self) -> Store:
        """The store of the signed-in account; raises ``RuntimeError`` before ``attach``."""
        return self.shared.store

    @property
    def engine(self) -> SyncEngine:
        """The engine of the signed-in account; raises ``RuntimeError`` before ``attach``."""
        return self.shared.engine

    async def attach(self, account: Account, store: Store, engine: SyncEngine) -> None:
        """Serve an account in all windows: shows what its store has, starts its engine."""
        await self.shared.attach(account, store, engine)

    async def detach(self) -> None:
        """Stop serving, see ``OpenAccount.detach``."""
        await self.shared.detach()

    async def begin(self) -> None:
        """The account is open: show the conversation this window showed last."""
        self.serve()
        await self._go_back(True)

    async def join(self, *, again: bool = False) -> None:
        """Serve a window that was opened while the account is; it begins with no conversation.

        ``again``: it was open at the last start and begins with the one it showed.
        """
        self.serve()
        self.entries_loaded.emit(EntriesLoaded(await self.store.entries(), await self.store.profiles()))
        self.state_changed.emit(self.engine.state)
        await self._go_back(again)

    def serve(self) -> None:
        """Get ready to show conversations of the account that is open."""
        store, engine = self.store, self.engine
        self._pages = ShownPages(
            store, engine.load_older, self.messages_loaded.emit, self.branch_wanted.emit, self.number
        )
        self._writer = MessageWriter(store, engine, self.shared.maker, self._pages)

    def end(self) -> None:
        """The account is closed."""
        self._pages = self._writer = None
        self._current = self._wanted = ""
        self.current_conversation_changed.emit("")

    def leave(self) -> None:
        """The window is closed, the account may stay open for others."""
        self._wanted = self._current = ""
        self.shared.remove(self)
        self.shared.disconnect(self)

    @property
    def conversations(self) -> ConversationEdits:
        """What is done with whole conversations, the same for all windows."""
        return self.shared.conversations

    # The seven functions ------------------------------------------------------------------------------------

    def create_conversation(self, title: str, model_id: str | None) -> str:
        """Make a conversation and open it; returns its id at once."""
        conversation_id = new_id()
        title = storable(title).strip()[:MAX_TITLE] or NEW_TITLE
        self.shared.submit(self.shared.maker.create_conversation(conversation_id, title, model_id))
        self.set_current_conversation(conversation_id)
        return conversation_id

    def send_message(
        self,
        conversation_id: str,
        role: str,
        content: str,
        after: str | None = None,
        files: Files = (),
        wants_reply: bool = False,
    ) -> str:
        """Send a message; returns its id at once, ``message_accepted`` or ``message_refused`` follows.

        It answers the newest message on the path that leads by ``after``, the last one its author saw.
        ``wants_reply`` as in ``Letter``.
        """
        message_id = new_id()
        place = (message_id, conversation_id, Role(role), storable(content), after, None)
        letter = Letter(*place, tuple(files), wants_reply)
        self.shared.write(self._send(letter), "send")
        return message_id

    def update_profile(self, updates: Mapping[str, Any]) -> None:
        """Change the own profile; keys: ``username``, ``display_name``, ``avatar_path``."""
        self.shared.submit(self.shared.maker.update_profile(updates))

    def change(self, words: Callable[[MutationMaker], Mutation]) -> None:
        """Make a change that another service has the words for."""
        self.shared.change(words)

    def set_current_conversation(self, conversation_id: str) -> None:
        """Open a conversation, or none: its messages load, its channel is joined, the others are left."""
        self._wanted = conversation_id
        self.shared.start(self._open(conversation_id), "open")

    def refresh_profile(self) -> None:
        """Fetch the profile again now."""
        self.shared.start(self.engine.refresh_profile(), "refresh profile")

    def refresh_conversations(self) -> None:
        """Fetch the conversation list again now."""
        self.shared.start(self.engine.refresh_conversations(), "refresh conversations")

    def refresh_messages(self) -> None:
        """Fetch the open conversation's messages again now."""
        self.shared.start(self.engine.refresh_messages(self._current or None), "refresh messages")

    # More that a user can do --------------------------------------------------------------------------------

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; an empty one changes nothing."""
        title = storable(title).strip()[:MAX_TITLE]
        if title:
            self.shared.submit(self.shared.maker.update_conversation(conversation_id, {"title": title}))

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation for all its members."""
        self.shared.submit(self.shared.maker.delete_conversation(conversation_id))

    def delete_message_soon(self, message_id: str) -> None:
        """Delete a message of the open conversation in a few seconds; ``leaving_changed`` follows at once.

        Its place stays, its text goes.
        """
        if self.shared.deletions is not None:
            self.shared.deletions.delete(self._current, message_id)

    def undo_delete(self, message_id: str) -> None:
        """Keep a message that is about to be deleted."""
        if self.shared.deletions is not None:
            self.shared.deletions.undo(message_id)

    def edit_message(
        self, message_id: str, content: str, files: Files = (), wants_reply: bool = False
    ) -> str:
        """Send another version of a message of the open conversation; returns its id, as ``send_message``."""
        version_id = new_id()
        self.version_expected.emit(version_id)
        place = (version_id, self._current, Role.USER, storable(content), None, message_id)
        letter = Letter(*place, tuple(files), wants_reply)
        self.shared.write(self._send(letter), "edit")
        return version_id

    def switch_branch(self, message_id: str) -> None:
        """Show a message of the open conversation, whichever versions it takes; ``branch_wanted`` follows."""
        if self._pages is not None:
            self.shared.start(self._pages.switch(message_id), "switch branch")

    def keep_choices(self, conversation_id: str, choices: Mapping[str, str]) -> None:
        """Remember which versions this window shows."""
        if self._pages is not None and conversation_id:
            self.save_setting(*self._pages.keep(conversation_id, choices))

    async def choices(self, conversation_id: str) -> Mapping[str, str]:
        """Return which versions this window shows, by family."""
        return await self._pages.choices(conversation_id) if self._pages is not None else {}

    def mark_read(self, seq: int) -> None:
        """Note that the open conversation was read up to message number ``seq``."""
        if self.shared.marks is not None and self._current:
            self.shared.marks.read(self._current, seq)

    def load_older(self) -> None:
        """Load the page before what is shown; ``messages_loaded`` follows when there is one."""
        if self._current and self._pages is not None:
            self.shared.start(self._pages.load_older(), "load older")

    def retry(self, entity_id: str) -> None:
        """Send a refused change again."""
        self.shared.start(self.engine.retry(entity_id), "retry")

    def discard(self, entity_id: str) -> None:
        """Forget a refused change."""
        self.shared.start(self.engine.discard(entity_id), "discard")

    def show_failed(self) -> None:
        """Look for the oldest refused change; ``failed_found`` follows if there is one."""
        self.shared.start(self._find_failed(), "find failed")

    def save_setting(self, key: str, value: str) -> None:
        """Keep a setting of this instance."""
        self.shared.save_setting(key, value)

    def keep_window(self, key: str, value: str) -> None:
        """Keep something of this window; ``kept`` returns it."""
        self.shared.save_setting(of_window(key, self.number), value)

    async def kept(self, key: str) -> str | None:
        """Return what the window of this number kept."""
        return await self.store.setting(of_window(key, self.number))

    # What the account tells ---------------------------------------------------------------------------------

    @property
    def listener(self) -> EngineListener:
        """What the engine should report to."""
        return self.shared.listener

    def expect_version(self, message_id: str) -> None:
        """A version that this window asked for will have this id."""
        self.version_expected.emit(message_id)

    def _take_changes(self, changes: ChangeSet) -> None:
        """Pass on what changed; leaves the open conversation when it is gone."""
        self.changes_applied.emit(changes)
        if self._pages is not None:
            if self._pages.note_first_page(changes):
                self.shared.start(self._pages.tell_older(), "tell older")
            if self._pages.incomplete:
                self.shared.start(self._pages.complete(), "complete")
        for change in changes.conversations:
            if change.verb is Verb.REMOVED and change.entry.id == self._wanted:
                self.set_current_conversation("")

    def _take_state(self, state: SyncState) -> None:
        self.state_changed.emit(state)
        if state.link is LinkState.CONNECTED and self._pages is not None and self._pages.owed:
            self.load_older()  # It was not to be had without a connection.

    # Inside -------------------------------------------------------------------------------------------------

    def _own(self, conversation_id: str) -> str:
        """The name of this window's draft for a conversation."""
        return of_window(conversation_id, self.number)

    async def _send(self, letter: Letter) -> None:
        writer = self._writer
        if writer is None:
            return
        try:
            async with self.shared.submitting:
                is_first = await writer.write(letter)
        except ChatDeskError as failure:
            self._notices.failed(failure)
            refused = MessageRefused(letter.conversation_id, letter.id, letter.content)
            self.message_refused.emit(refused)
            return
        self.message_accepted.emit(letter.id)
        if is_first and (title := await writer.entitle(letter)) is not None:
            # A change of its own: if it is refused, the message stays accepted all the same.
            await self.shared.submit_in_order(title)

    async def _open(self, conversation_id: str) -> None:
        async with self.shared.submitting:
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
            self.shared.look()
            self.current_conversation_changed.emit(conversation_id)
            self.messages_loaded.emit(loaded)
            if pages.incomplete:
                self.shared.start(pages.complete(), "complete")
            await self.drafts.bring(conversation_id)
            await self.store.save_setting(of_window(LAST_CONVERSATION, self.number), conversation_id)

    async def _go_back(self, to_last: bool) -> None:
        await self.drafts.bring("")
        last = await self.store.setting(of_window(LAST_CONVERSATION, self.number))
        if to_last and last and await self.store.entry(last) is not None:
            self.set_current_conversation(last)

    async def _find_failed(self) -> None:
        failed = next((each for each in await self.store.outbox() if each.state is OutboxState.FAILED), None)
        if failed is not None:
            self.failed_found.emit(failed)
