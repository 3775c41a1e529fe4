"""One reply while this instance writes it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import Any

from chatdesk.backend.base import GenerationReply, Remote
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Refused, Retryable
from chatdesk.domain.generation import Generation
from chatdesk.domain.ids import new_id
from chatdesk.domain.message import MessageStatus
from chatdesk.domain.text import MAX_CONTENT
from chatdesk.domain.usage import BEGINS_AT, LEFT_OUT, SECONDS, sound_counts
from chatdesk.providers.base import ChatProvider, ReplyRequest
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.context import Reading
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.whole_characters import WholeCharacters

FLUSH_SECONDS = 0.016
"""One flush per frame to the own window."""

BROADCAST_SECONDS = 0.25
"""Four broadcasts a second: what a free Supabase project carries for several people at once."""

BROADCAST_MOST = 16_000
"""Characters of one broadcast; whoever misses more reads it in the row."""

CHECKPOINT_SECONDS = 1.75
"""With the way to the server less than 2 s of a reply are lost with its instance; each checkpoint also renews
the 25 s lease."""

FINISH_ATTEMPTS = 9
FINISH_WAIT_SECONDS = 5.0
"""The end is reported for half a minute: longer than the lease lives, after which it is not ours any more."""


class ReplyRun:
    """Holds the lease of one reply, streams it to this window and to the others, and ends it.

    The text goes three ways: every 16 ms to this window, four times a second to the others as deltas with
    their offset, and about every two seconds whole into the row, which alone is the truth. ``beginning`` is
    text of an earlier, cut off reply that this one goes on from.
    """

    def __init__(
        self,
        *,
        account: OpenAccount,
        remote: Remote,
        provider: ChatProvider,
        clock: Clock,
        model: str,
        temperature: float | None,
        beginning: str = "",
    ) -> None:
        self.message_id = new_id()
        self.outcome: MessageStatus | None = None
        """How it ended, once the server has it."""
        self._generation_id = new_id()
        self._account = account
        self._remote = remote
        self._provider = provider
        self._clock = clock
        self._model = model
        self._temperature = temperature
        self._lease: Generation | None = None
        self._text = beginning
        self._usage: dict[str, Any] = {}
        self._shown = self._told = 0
        self._wake = asyncio.Event()
        self._stopping = False
        self._lost = False
        """Whether the reply's end is for somebody else to write."""
        self._scope = TaskScope("reply", lambda name, failure: None)

    @property
    def conversation_id(self) -> str:
        """Where it is; raises ``RuntimeError`` before it was claimed."""
        return self._held.conversation_id

    def stop(self) -> None:
        """End the reply now; what it said stays."""
        self._stopping = True
        self._wake.set()

    async def claim(self, reply_to: str, holder: str, attempt: int = 1) -> GenerationReply:
        """Take the lease of this turn; the answer says who has it when another instance was quicker.

        Repeated with the same id until the server answers, if need be after the user has signed in again:
        without the lease no model is called.
        """
        wait = 0.5
        while True:
            try:
                reply = await self._remote.claim_generation(
                    generation_id=self._generation_id,
                    message_id=self.message_id,
                    reply_to=reply_to,
                    attempt=attempt,
                    holder=holder,
                    model=self._model,
                )
                break
            except (Retryable, NeedsSignIn) as failure:
                wish = failure.retry_after if isinstance(failure, Retryable) else None
                await self._clock.sleep(wish or wait)
                wait = min(wait * 2, 30.0)
        await self._apply(reply)
        self._lease = reply.generation if reply.claimed else None
        return reply

    async def stream(self, given: Reading) -> None:
        """Call the model and carry its reply to its end; what fails ends up on the message itself."""
        if given.left_out:
            self._usage |= {LEFT_OUT: given.left_out, BEGINS_AT: given.begins_at}
        began = self._clock.monotonic()
        reading = self._scope.start(self._read(given), "read")
        reading.add_done_callback(lambda _: self._wake.set())
        self._scope.start(self._tick(), "tick")
        saving: asyncio.Task[None] | None = None
        told = saved = self._clock.monotonic()
        while not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            self._show()
            if self._clock.monotonic() - told >= BROADCAST_SECONDS:
                told = self._clock.monotonic()
                self._tell()
            if self._clock.monotonic() - saved >= CHECKPOINT_SECONDS and (saving is None or saving.done()):
                saved = self._clock.monotonic()
                saving = self._scope.start(self._checkpoint(), "checkpoint")
            if reading.done():
                break
            await self._clock.sleep(FLUSH_SECONDS)
        failure = reading.exception() if reading.done() and not reading.cancelled() else None
        self._usage[SECONDS] = round(self._clock.monotonic() - began, 1)
        await self._scope.close()
        self._show()
        self._tell()
        if self._lost:
            return
        if failure is None:
            await self._finish(MessageStatus.INTERRUPTED if self._stopping else MessageStatus.COMPLETE, None)
        elif isinstance(failure, ChatDeskError):
            await self._finish(MessageStatus.ERROR, str(failure))
        else:
            await self._finish(MessageStatus.ERROR, "The reply failed unexpectedly. Ask for it again.")
            raise failure

    async def interrupt(self) -> None:
        """End the reply because this instance ends: one attempt of at most two seconds, the text kept."""
        self._lost = True
        self.stop()
        await self._scope.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self._finish(MessageStatus.INTERRUPTED, None, attempts=1)

    # Inside -------------------------------------------------------------------------------------------------

    @property
    def _held(self) -> Generation:
        if self._lease is None:
            raise RuntimeError("The reply was not claimed.")
        return self._lease

    async def _tick(self) -> None:
        """Look at the reply even while the model is silent: the lease has to be renewed all the same."""
        while True:
            await self._clock.sleep(BROADCAST_SECONDS)
            self._wake.set()

    async def _read(self, given: Reading) -> None:
        request = ReplyRequest(self._model, given.turns, self._temperature)
        whole = WholeCharacters()
        async with aclosing(self._provider.stream(request)) as chunks:
            async for chunk in chunks:
                self._text += whole.take(chunk.text)
                if chunk.usage:
                    self._usage |= sound_counts(chunk.usage)
                self._wake.set()
                if len(self._text) > MAX_CONTENT:
                    self._text = self._text[:MAX_CONTENT]
                    raise Refused(
                        "The reply is longer than a message can be.", "Ask for the rest in a new message."
                    )
        self._text += whole.rest()

    def _show(self) -> None:
        if self._shown < len(self._text):
            self._account.delta_received.emit(self._delta(self._shown))
            self._shown = len(self._text)

    def _tell(self) -> None:
        if 0 < len(self._text) - self._told <= BROADCAST_MOST:
            self._account.engine.send_ephemeral(self._delta(self._told))
        self._told = len(self._text)

    def _delta(self, offset: int) -> Delta:
        return Delta(self._held.conversation_id, self.message_id, offset, self._text[offset:])

    async def _checkpoint(self) -> None:
        try:
            reply = await self._remote.renew_generation(self._held.id, self._held.fence, self._text or None)
        except (Retryable, NeedsSignIn):
            return
        except Refused:
            # The lease ran out, so somebody may have marked the reply as interrupted: it is theirs to say.
            self._lost = True
            self.stop()
            return
        await self._apply(reply)
        if reply.generation is not None and reply.generation.stop_requested:
            self.stop()

    async def _finish(
        self, status: MessageStatus, error: str | None, attempts: int = FINISH_ATTEMPTS
    ) -> None:
        for attempt in range(attempts):
            try:
                reply = await self._remote.finish_generation(
                    self._held.id,
                    self._held.fence,
                    status=status.value,
                    content=self._text,
                    usage=self._usage or None,
                    error=error,
                )
            except (Retryable, NeedsSignIn):
                await self._clock.sleep(min(0.5 * 2**attempt, FINISH_WAIT_SECONDS))
            except ChatDeskError:
                return
            else:
                self.outcome = status
                await self._apply(reply)
                return

    async def _apply(self, reply: GenerationReply) -> None:
        self._account.take_changes(await self._account.store.apply(reply.rows))
