"""How far the other members have read in the conversations that are open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from chatdesk.backend.base import Remote
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import MemberMarks
from chatdesk.domain.errors import ChatDeskError, Offline, Retryable
from chatdesk.sync.deadline import deadline
from chatdesk.sync.pace import LEAST
from chatdesk.sync.part import Part
from chatdesk.sync.retry import Backoff

PAUSE = 1.0
"""Seconds between two requests about one conversation: people who read together move their marks together."""

REPAIR = 60.0
"""Seconds after which the marks of a shared conversation are asked for in any case: a hint may be lost."""

REQUEST_DEADLINE = 15.0


class Marks(Part):
    """Asks for the marks of a conversation when something says that they moved, never once for each.

    ``enabled`` is set while other people are known at all: whoever shares nothing costs no request.
    ``publish`` gets every answer; ``company`` tells from the last one whether others are in a conversation.
    """

    def __init__(
        self, *, remote: Remote, clock: Clock, random: Random, publish: Callable[[MemberMarks], None]
    ) -> None:
        super().__init__("marks", clock, random)
        self.enabled = False
        self._remote = remote
        self._publish = publish
        self._failures = Backoff(random)
        self._open: tuple[str, ...] = ()
        self._members: dict[str, int] = {}
        self._due: dict[str, float] = {}
        """When each conversation is to be asked about."""
        self._asked: dict[str, float] = {}

    def company(self, conversation_id: str) -> bool:
        """Tell whether the conversation is known to have other members."""
        return self._members.get(conversation_id, 1) > 1

    def open(self, conversation_ids: Sequence[str]) -> None:
        """These are looked at; the marks of others are not asked for any more."""
        self._open = tuple(conversation_ids)
        for known in (self._due, self._asked):
            for each in [each for each in known if each not in self._open]:
                del known[each]

    def want(self, conversation_id: str) -> None:
        """The marks of a conversation may have moved."""
        if not self.enabled or conversation_id not in self._open or conversation_id in self._due:
            return
        now = self.clock.monotonic()
        self._due[conversation_id] = max(now, self._asked.get(conversation_id, now - PAUSE) + PAUSE)
        self.ring()

    def want_all(self) -> None:
        """Whose marks may be seen has changed, or who is there."""
        for each in self._open:
            self.want(each)

    async def round(self) -> None:
        await self.pause(self._rest())
        now = self.clock.monotonic()
        for each, asked in list(self._asked.items()):
            if self.company(each) and now - asked >= REPAIR:
                self.want(each)
        for each in [each for each, due in self._due.items() if due <= now]:
            await self._ask(each)
            self.touch()

    def _rest(self) -> float | None:
        now = self.clock.monotonic()
        moments = [
            *self._due.values(),
            *(at + REPAIR for each, at in self._asked.items() if self.company(each)),
        ]
        return max(LEAST, min(moments) - now) if moments else None

    async def _ask(self, conversation_id: str) -> None:
        self._asked[conversation_id] = self.clock.monotonic()
        del self._due[conversation_id]
        try:
            async with deadline(self.scope, self.clock, REQUEST_DEADLINE, "The server did not answer."):
                marks = await self._remote.member_marks(conversation_id)
        except (Offline, Retryable):
            if conversation_id in self._open:
                self._due[conversation_id] = self.clock.monotonic() + PAUSE + self._failures.next()
            return
        except ChatDeskError:
            # A project of an older version, or a member no longer: who is there says so when that changes.
            self._asked.pop(conversation_id, None)
            return
        self._failures.reset()
        if conversation_id in self._open:
            self._members[conversation_id] = marks.members
            self._publish(marks)
