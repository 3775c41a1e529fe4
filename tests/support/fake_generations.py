"""The lease of a reply as the server keeps it, with failures on demand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chatdesk.backend.base import GenerationReply
from chatdesk.domain.change import RowBatch
from chatdesk.domain.errors import ChatDeskError, Refused
from chatdesk.domain.generation import Generation, GenerationState
from chatdesk.domain.message import Message, MessageStatus, Role
from tests.support.fake_remote import FakeRemote
from tests.support.fake_server import FakeServer
from tests.support.virtual_clock import VirtualClock

LEASE = timedelta(seconds=25)


class FakeGenerations(FakeRemote):
    """A ``Remote`` whose generation requests work too.

    ``failures[method]`` are raised by its next calls, in turn; ``calls`` counts those that arrived.
    """

    def __init__(self, remote: FakeRemote, server: FakeServer, clock: VirtualClock) -> None:
        self.__dict__.update(remote.__dict__)
        self._rows = server
        self._clock = clock
        self.failures: dict[str, list[ChatDeskError]] = defaultdict(list)
        self.calls: list[str] = []
        self.leases: dict[tuple[str, int], Generation] = {}

    async def claim_generation(
        self, *, generation_id: str, message_id: str, reply_to: str, attempt: int, holder: str, model: str
    ) -> GenerationReply:
        await self._arrive("claim")
        taken = self.leases.get((reply_to, attempt))
        if taken is not None:
            return GenerationReply(taken, RowBatch(), claimed=taken.id == generation_id)
        question, now = self._rows.messages[reply_to], self._clock.now()
        lease = Generation(
            generation_id,
            question.conversation_id,
            message_id,
            reply_to,
            attempt,
            holder,
            1,
            GenerationState.RUNNING,
            False,
            now + LEASE,
        )
        self.leases[reply_to, attempt] = lease
        message = Message(
            id=message_id,
            conversation_id=question.conversation_id,
            parent_id=reply_to,
            author_id=None,
            role=Role.ASSISTANT,
            content="",
            model=model,
            status=MessageStatus.STREAMING,
            seq=len(self._rows.messages) + 1,
            revision=0,
            created_at=now,
            updated_at=now,
        )
        return GenerationReply(lease, self._store(message))

    async def renew_generation(self, generation_id: str, fence: int, content: str | None) -> GenerationReply:
        await self._arrive("renew")
        lease = self._living(generation_id, fence)
        message = self._rows.messages[lease.message_id]
        rows = self._store(replace(message, content=content)) if content else RowBatch()
        return GenerationReply(self._keep(replace(lease, expires_at=self._clock.now() + LEASE)), rows)

    async def finish_generation(
        self,
        generation_id: str,
        fence: int,
        *,
        status: str,
        content: str,
        usage: Mapping[str, Any] | None,
        error: str | None,
    ) -> GenerationReply:
        await self._arrive("finish")
        lease = self._living(generation_id, fence)
        message = self._rows.messages[lease.message_id]
        ended = replace(message, status=MessageStatus(status), content=content, usage=usage, error=error)
        return GenerationReply(self._keep(replace(lease, state=GenerationState.FINISHED)), self._store(ended))

    async def stop_generation(self, message_id: str) -> GenerationReply:
        await self._arrive("stop")
        lease = next(lease for lease in self.leases.values() if lease.message_id == message_id)
        return GenerationReply(self._keep(replace(lease, stop_requested=True)), RowBatch())

    async def reap_generations(self, conversation_id: str) -> GenerationReply:
        await self._arrive("reap")
        rows = RowBatch()
        for lease in tuple(self.leases.values()):
            if lease.state is GenerationState.RUNNING and lease.expires_at < self._clock.now():
                self._keep(replace(lease, state=GenerationState.INTERRUPTED))
                message = self._rows.messages[lease.message_id]
                rows = self._store(replace(message, status=MessageStatus.INTERRUPTED))
        return GenerationReply(None, rows)

    async def _arrive(self, method: str) -> None:
        await self._clock.sleep(0.01)
        self.calls.append(method)
        if self.failures[method]:
            raise self.failures[method].pop(0)

    def _living(self, generation_id: str, fence: int) -> Generation:
        lease = next(lease for lease in self.leases.values() if lease.id == generation_id)
        running = lease.state is GenerationState.RUNNING and lease.expires_at >= self._clock.now()
        if not running or lease.fence != fence:
            raise Refused("This reply has ended.", code="55000")
        return lease

    def _keep(self, lease: Generation) -> Generation:
        self.leases[lease.reply_to, lease.attempt] = lease
        return lease

    def _store(self, message: Message) -> RowBatch:
        key = message.conversation_id
        conversation = self._rows.conversations[key]
        conversation = replace(conversation, revision=conversation.revision + 1)
        message = replace(message, revision=conversation.revision)
        self._rows.conversations[key], self._rows.messages[message.id] = conversation, message
        if message.id not in self._rows.by_conversation[key]:
            self._rows.by_conversation[key].append(message.id)
        return RowBatch(messages=(message,), conversations=(conversation,))
