"""Replies of a model: one call per turn, streamed into every window, stopped from any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from chatdesk.backend.base import Remote
from chatdesk.domain.change import ChangeSet
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import StopRequested
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.ids import new_id
from chatdesk.domain.message import DeliveryState, Message, MessageStatus, Role
from chatdesk.providers.base import Turn
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.model_source import Asked, ModelSource
from chatdesk.services.notices import NoticeLevel, NoticeService
from chatdesk.services.open_account import OpenAccount, View
from chatdesk.services.reply_watch import ReplyWatch
from chatdesk.services.titles import Titles

if TYPE_CHECKING:
    from chatdesk.services.attached_context import ReadFile
    from chatdesk.services.context import Reading
    from chatdesk.services.reply_run import ReplyRun

GO_ON = "Go on exactly where your answer was cut off. Do not repeat any of it and do not comment on it."


class GenerationService(QObject):
    """Asks the model for replies on behalf of this instance.

    Signals: ``replying_changed(str, str, bool)`` with conversation, message and whether a reply runs there,
    on whatever device; ``reply_ended(str, str, bool)`` with conversation, message and whether it failed, of a
    reply that this instance asked for and nobody stopped; ``reply_withheld(str, str)`` with a message and why
    no model was asked to answer it, empty when that holds no longer; ``model_missing()`` when a reply was
    wanted and no model is set up; ``models_changed()`` when ``models`` are others.
    """

    replying_changed = Signal(str, str, bool)
    reply_ended = Signal(str, str, bool)
    reply_withheld = Signal(str, str)
    model_missing = Signal()
    models_changed = Signal()

    def __init__(
        self,
        account: OpenAccount,
        notices: NoticeService,
        clock: Clock,
        models: ModelSource,
        parent: QObject | None = None,
        *,
        read_file: ReadFile | None = None,
    ) -> None:
        super().__init__(parent)
        self._account = account
        self._notices = notices
        self._clock = clock
        self._models = models
        self._titles = Titles(account, models)
        self._told_left_out: set[str] = set()
        self.withheld: dict[str, str] = {}
        """Messages that no model was asked to answer, and why."""
        self._read_file = read_file
        self._remote: Remote | None = None
        self._scope: TaskScope | None = None
        self._holder = new_id()
        self._runs: dict[str, ReplyRun] = {}
        self._waiting: dict[str, Callable[[Message], None]] = {}
        self._running: dict[str, str] = {}
        self._watch = ReplyWatch(account, clock, self._foreign)
        account.changes_applied.connect(self._take_changes)
        account.messages_loaded.connect(lambda loaded: self._take_messages(loaded.messages))
        account.stop_requested.connect(self._take_stop)

    @property
    def models(self) -> tuple[str, ...]:
        """The ids of the models that can be asked, the default first; empty when none is set up."""
        return self._models.models

    @property
    def expected(self) -> bool:
        """Whether a message is to be answered: a model is set up, even if it lacks something here."""
        return self._models.known

    def attach(self, remote: Remote) -> None:
        """Serve an account through its ``remote``."""
        self._remote = remote
        self._scope = TaskScope("generation", self._failed)
        self._scope.start(self._watch.run(remote), "watch replies")

    async def take_up(self) -> None:
        """Go on with what an earlier run was killed over: messages that wait for a model to be asked."""
        with suppress(ChatDeskError):  # The account is opened all the same.
            for wish in await self._account.store.reply_wishes():
                self.request_reply(wish.conversation_id, wish.message_id)

    async def detach(self) -> None:
        """End every reply of this instance as interrupted, its text kept, and stop."""
        for run in list(self._runs.values()):
            await run.interrupt()
        if self._scope is not None:
            await self._scope.close()
        self._scope = self._remote = None
        self._runs.clear()
        self._waiting.clear()
        self._running.clear()
        self.withheld.clear()

    def request_reply(self, conversation_id: str, message_id: str, asker: View | None = None) -> None:
        """Have the model answer ``message_id`` as soon as the server has it.

        ``asker`` is the window that asks, by default the one looked at last: the model reads what it shows.
        """
        if not self._models.known:
            self.model_missing.emit()
        elif self._scope is not None:
            asker = asker or self._account.view
            self._scope.start(self._reply(asker, conversation_id, message_id), "reply")

    def answer(self, conversation_id: str, message_id: str, asker: View | None = None) -> None:
        """Have a message answered that nobody was asked to answer, or whose replies were deleted."""
        if not self._models.known:
            self.model_missing.emit()
        elif self._scope is not None:
            work = self._answer(asker or self._account.view, conversation_id, message_id)
            self._scope.start(work, "answer")

    def regenerate(
        self, conversation_id: str, message_id: str, *, go_on: bool = False, asker: View | None = None
    ) -> None:
        """Have the question of the reply ``message_id`` answered once more; the reply stays as a version.

        ``go_on``: the new version begins with the text of this one and continues it.
        """
        if not self._models.known:
            self.model_missing.emit()
        elif self._scope is not None:
            work = self._again(asker or self._account.view, conversation_id, message_id, go_on)
            self._scope.start(work, "regenerate")

    def stop(self, message_id: str) -> None:
        """End the reply ``message_id``, whichever instance runs it; what it said stays."""
        if (run := self._runs.get(message_id)) is not None:
            run.stop()
            return
        conversation_id = next((c for c, m in self._running.items() if m == message_id), None)
        if conversation_id is not None and self._scope is not None:
            self._account.engine.send_ephemeral(StopRequested(conversation_id, message_id))
            self._scope.start(self._stop_remotely(message_id), "stop")

    def replying(self, conversation_id: str) -> str | None:
        """Return the id of the reply that runs in a conversation, on whatever device."""
        return self._running.get(conversation_id)

    @property
    def running(self) -> tuple[str, ...]:
        """The conversations in which a reply is being written."""
        return tuple(self._running)

    # Inside -------------------------------------------------------------------------------------------------

    async def _reply(self, asker: View, conversation_id: str, message_id: str, attempt: int = 1) -> None:
        """Ask once for the first reply; whatever the server says to that settles the wish for it."""
        self._withhold(message_id, "")
        await self._delivered(message_id)
        try:
            prepared = await self._prepare(asker, conversation_id, message_id)
            claim = await prepared[0].claim(message_id, self._holder, attempt) if prepared else None
        except ChatDeskError as failure:
            self._withhold(message_id, str(failure))
            claim, prepared = None, None
        with suppress(
            ChatDeskError
        ):  # A wish that is left is asked for once more at the next start, in vain.
            await self._account.store.forget_wish(message_id)
        if prepared is not None and claim is not None and claim.claimed:
            run, given, asked = prepared
            await self._carry_out(run, given)
            await self._titles.entitle(message_id, run.message_id, asked)

    async def _answer(self, asker: View, conversation_id: str, message_id: str) -> None:
        known = await self._account.store.replies(conversation_id, message_id)
        await self._reply(asker, conversation_id, message_id, len(known) + 1)

    def _withhold(self, message_id: str, reason: str) -> None:
        if reason != self.withheld.get(message_id, ""):
            self.withheld[message_id] = reason
            if not reason:
                del self.withheld[message_id]
            self.reply_withheld.emit(message_id, reason)

    async def _again(self, asker: View, conversation_id: str, message_id: str, go_on: bool) -> None:
        """Take the next free attempt; where another instance is quicker, its reply is the one to be shown."""
        store = self._account.store
        reply = await store.message(message_id)
        if reply is None or reply.parent_id is None:
            return
        question = reply.parent_id
        known = await store.replies(conversation_id, question)
        await self._delivered(question)
        beginning = reply.content if go_on else ""
        prepared = await self._prepare(asker, conversation_id, question, beginning)
        if prepared is None:
            return
        run, given, _asked = prepared
        asker.expect_version(run.message_id)
        attempt = len(known) + 1
        while not (claim := await run.claim(question, self._holder, attempt)).claimed:
            taken = claim.generation.message_id if claim.generation is not None else None
            if taken not in known:
                # Asked for elsewhere at the same moment: one call is enough.
                if taken is not None:
                    asker.expect_version(taken)
                return
            attempt += 1  # The numbers ran ahead of the replies that are left.
        await self._carry_out(run, given)

    async def _prepare(
        self, asker: View, conversation_id: str, question: str, beginning: str = ""
    ) -> tuple[ReplyRun, Reading, Asked] | None:
        from chatdesk.services.context import reading_for
        from chatdesk.services.reply_run import ReplyRun

        assert self._remote is not None
        store = self._account.store
        entry, asking = await store.entry(conversation_id), await store.message(question)
        if entry is None or asking is None or asking.deleted_at is not None:
            return None
        asked = await self._models.ask(entry.conversation.model)
        choices = await asker.choices(conversation_id)
        more = (Turn(Role.ASSISTANT, beginning), Turn(Role.USER, GO_ON)) if beginning else ()
        given = await reading_for(
            store,
            entry.conversation,
            question,
            choices,
            asked.window,
            read=self._read_file,
            load_older=self._account.engine.load_older,
            more=more,
        )
        run = ReplyRun(
            account=self._account,
            remote=self._remote,
            provider=asked.provider,
            clock=self._clock,
            model=asked.model,
            temperature=entry.conversation.temperature,
            beginning=beginning,
        )
        if given.left_out:
            self._tell_left_out(conversation_id)
        return run, given, asked

    def _tell_left_out(self, conversation_id: str) -> None:
        """Say once per conversation that its model does not read all of it any more."""
        if conversation_id not in self._told_left_out:
            self._told_left_out.add(conversation_id)
            self._notices.tell(
                "The oldest messages are left out: this chat is longer than its model can read.",
                "Choose a model with a larger window, or start a new chat.",
                NoticeLevel.NEUTRAL,
            )

    async def _carry_out(self, run: ReplyRun, given: Reading) -> None:
        self._runs[run.message_id] = run
        try:
            with self._account.holding(run.conversation_id):
                await run.stream(given)
        finally:
            self._runs.pop(run.message_id, None)
        if run.outcome in (MessageStatus.COMPLETE, MessageStatus.ERROR):
            failed = run.outcome is MessageStatus.ERROR
            self.reply_ended.emit(run.conversation_id, run.message_id, failed)

    async def _delivered(self, message_id: str) -> None:
        arrived = asyncio.get_running_loop().create_future()

        def look(message: Message) -> None:
            if message.delivery is DeliveryState.SENT and not arrived.done():
                arrived.set_result(None)

        # First listen, then look: it may be delivered in between.
        self._waiting[message_id] = look
        try:
            message = await self._account.store.message(message_id)
            if message is not None:
                look(message)
            await arrived
        finally:
            del self._waiting[message_id]

    async def _stop_remotely(self, message_id: str) -> None:
        assert self._remote is not None
        await self._remote.stop_generation(message_id)

    def _foreign(self) -> list[tuple[str, str]]:
        return [each for each in self._running.items() if each[1] not in self._runs]

    def _take_changes(self, changes: ChangeSet) -> None:
        news = tuple(change.message for change in changes.messages)
        self._watch.hear(
            message for message in news if self._running.get(message.conversation_id) == message.id
        )
        self._take_messages(news)

    def _take_messages(self, messages: tuple[Message, ...]) -> None:
        for message in messages:
            if (look := self._waiting.get(message.id)) is not None:
                look(message)
            if message.role is not Role.ASSISTANT:
                continue
            active = message.status is MessageStatus.STREAMING and message.deleted_at is None
            if active and self._running.get(message.conversation_id) != message.id:
                self._running[message.conversation_id] = message.id
                self.replying_changed.emit(message.conversation_id, message.id, True)
            elif not active and self._running.get(message.conversation_id) == message.id:
                del self._running[message.conversation_id]
                self._watch.forget(message.id)
                self.replying_changed.emit(message.conversation_id, message.id, False)

    def _take_stop(self, request: StopRequested) -> None:
        if (run := self._runs.get(request.message_id)) is not None:
            run.stop()

    def _failed(self, name: str, failure: BaseException) -> None:
        if isinstance(failure, ChatDeskError):
            self._notices.failed(failure)
        else:
            raise failure
