"""Replies of a model: one call per turn, streamed into every window, stopped from any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from chatdesk.backend.base import Remote
from chatdesk.domain.change import ChangeSet
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import StopRequested
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.ids import new_id
from chatdesk.domain.message import DeliveryState, Message, MessageStatus, Role
from chatdesk.providers.base import Turn
from chatdesk.providers.windows import fitted
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.attached_context import ReadFile
from chatdesk.services.context import turns_before
from chatdesk.services.model_source import Asked, ModelSource
from chatdesk.services.notices import NoticeLevel, NoticeService
from chatdesk.services.open_account import OpenAccount, View
from chatdesk.services.reply_run import ReplyRun
from chatdesk.services.titles import Titles

REAP_SECONDS = 10.0
"""How often a window that shows a foreign running reply asks whether its instance is still alive."""

GO_ON = "Go on exactly where your answer was cut off. Do not repeat any of it and do not comment on it."


class GenerationService(QObject):
    """Asks the model for replies on behalf of this instance.

    Signals: ``replying_changed(str, str, bool)`` with conversation, message and whether a reply runs there,
    on whatever device; ``reply_ended(str, str, bool)`` with conversation, message and whether it failed, of a
    reply that this instance asked for and nobody stopped; ``model_missing()`` when a reply was wanted and no
    model is set up; ``models_changed()`` when ``models`` are others.
    """

    replying_changed = Signal(str, str, bool)
    reply_ended = Signal(str, str, bool)
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
        self._read_file = read_file
        self._remote: Remote | None = None
        self._scope: TaskScope | None = None
        self._holder = new_id()
        self._runs: dict[str, ReplyRun] = {}
        self._waiting: dict[str, Callable[[Message], None]] = {}
        self._running: dict[str, str] = {}
        account.changes_applied.connect(self._take_changes)
        account.messages_loaded.connect(lambda loaded: self._take_messages(loaded.messages))
        account.stop_requested.connect(self._take_stop)

    @property
    def models(self) -> tuple[str, ...]:
        """The ids of the models that can be asked, the default first; empty when none is set up."""
        return self._models.models

    def attach(self, remote: Remote) -> None:
        """Serve an account through its ``remote``."""
        self._remote = remote
        self._scope = TaskScope("generation", self._failed)
        self._scope.start(self._reap(), "reap")

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

    def request_reply(self, conversation_id: str, message_id: str, asker: View | None = None) -> None:
        """Have the model answer ``message_id`` as soon as the server has it.

        ``asker`` is the window that asks, by default the one looked at last: the model reads what it shows.
        """
        if not self._models.models:
            self.model_missing.emit()
        elif self._scope is not None:
            asker = asker or self._account.view
            self._scope.start(self._reply(asker, conversation_id, message_id), "reply")

    def regenerate(
        self, conversation_id: str, message_id: str, *, go_on: bool = False, asker: View | None = None
    ) -> None:
        """Have the question of the reply ``message_id`` answered once more; the reply stays as a version.

        ``go_on``: the new version begins with the text of this one and continues it.
        """
        if not self._models.models:
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

    async def _reply(self, asker: View, conversation_id: str, message_id: str) -> None:
        await self._delivered(message_id)
        prepared = await self._prepare(asker, conversation_id, message_id)
        if prepared is None:
            return
        run, turns, asked = prepared
        if (await run.claim(message_id, self._holder)).claimed:
            await self._carry_out(run, turns)
            await self._titles.entitle(message_id, run.message_id, asked)

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
        run, turns, _asked = prepared
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
        await self._carry_out(run, turns)

    async def _prepare(
        self, asker: View, conversation_id: str, question: str, beginning: str = ""
    ) -> tuple[ReplyRun, list[Turn], Asked] | None:
        assert self._remote is not None
        store = self._account.store
        entry = await store.entry(conversation_id)
        if entry is None:
            return None
        asked = await self._models.ask(entry.conversation.model)
        choices = await asker.choices(conversation_id)
        turns = await turns_before(store, entry.conversation, question, choices, self._read_file)
        if beginning:
            turns += [Turn(Role.ASSISTANT, beginning), Turn(Role.USER, GO_ON)]
        turns, left_out = fitted(turns, asked.window)
        run = ReplyRun(
            account=self._account,
            remote=self._remote,
            provider=asked.provider,
            clock=self._clock,
            model=asked.model,
            left_out=left_out,
            temperature=entry.conversation.temperature,
            beginning=beginning,
        )
        if left_out:
            self._tell_left_out(conversation_id)
        return run, turns, asked

    def _tell_left_out(self, conversation_id: str) -> None:
        """Say once per conversation that its model does not read all of it any more."""
        if conversation_id not in self._told_left_out:
            self._told_left_out.add(conversation_id)
            self._notices.tell(
                "The oldest messages are left out: this chat is longer than its model can read.",
                "Choose a model with a larger window, or start a new chat.",
                NoticeLevel.NEUTRAL,
            )

    async def _carry_out(self, run: ReplyRun, turns: list[Turn]) -> None:
        self._runs[run.message_id] = run
        try:
            await run.stream(turns)
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

    async def _reap(self) -> None:
        while True:
            await self._clock.sleep(REAP_SECONDS)
            for conversation_id in self._account.shown:
                message_id = self._running.get(conversation_id)
                if self._remote is None or message_id is None or message_id in self._runs:
                    continue
                try:
                    reply = await self._remote.reap_generations(conversation_id)
                except ChatDeskError:
                    continue  # Offline, signed out, or it is gone: the next round may know more.
                self._account.take_changes(await self._account.store.apply(reply.rows))

    def _take_changes(self, changes: ChangeSet) -> None:
        self._take_messages(tuple(change.message for change in changes.messages))

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
                self.replying_changed.emit(message.conversation_id, message.id, False)

    def _take_stop(self, request: StopRequested) -> None:
        if (run := self._runs.get(request.message_id)) is not None:
            run.stop()

    def _failed(self, name: str, failure: BaseException) -> None:
        if isinstance(failure, ChatDeskError):
            self._notices.failed(failure)
        else:
            raise failure
