"""What must be pulled, and who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from chatdesk.domain.errors import ChatDeskError

Done = Callable[[ChatDeskError | None], None]


def outcome() -> tuple[asyncio.Future[None], Done]:
    """Return what can be waited for and the word that ends it; it raises what that was given."""
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def done(failure: ChatDeskError | None) -> None:
        if ended.done():
            return
        if failure is None:
            ended.set_result(None)
        else:
            ended.set_exception(failure)

    return ended, done


@dataclass(slots=True)
class Want:
    """A wish to pull from ``ready_at`` on; ``target`` is the revision to reach, 0 means whatever there is."""

    target: int
    ready_at: float

    def joined_with(self, other: Want | None) -> Want:
        """One wish that satisfies both."""
        if other is None:
            return self
        target = 0 if 0 in (self.target, other.target) else max(self.target, other.target)
        return Want(target, min(self.ready_at, other.ready_at))


@dataclass(slots=True, eq=False)
class Pass:
    """Somebody who waits for the user's changes and then for the conversations that moved by then.

    ``owed`` is None until the user's changes are in.
    """

    done: Done
    owed: set[str] | None = None


@dataclass(slots=True)
class Needs:
    """All open wishes. Who serves one takes it out first, so a wish that comes meanwhile is a new wish."""

    opening: str | None = None
    user: Want | None = None
    conversations: dict[str, Want] = field(default_factory=dict)
    passes: list[Pass] = field(default_factory=list)
    waiters: dict[str, list[Done]] = field(default_factory=dict)
    under_way: set[str] = field(default_factory=set)
    """Conversations that are being pulled now."""

    def want_user(self, want: Want) -> None:
        self.user = want.joined_with(self.user)

    def want(self, conversation_id: str, want: Want) -> None:
        self.conversations[conversation_id] = want.joined_with(self.conversations.get(conversation_id))

    def ready_at(self) -> float | None:
        """When the first wish is ready; None when there is none."""
        if self.opening is not None:
            return 0.0
        wants = [*self.conversations.values(), *([self.user] if self.user is not None else [])]
        return min((want.ready_at for want in wants), default=None)

    def next_conversation(self, now: float, first: str | None) -> str | None:
        """Return the ready conversation to serve now, ``first`` before the others."""
        ready = [key for key, want in self.conversations.items() if want.ready_at <= now]
        return first if first in ready else next(iter(ready), None)

    def owe(self, passes: Iterable[Pass]) -> None:
        """The user's changes are in: these passes now wait for the conversations that are behind."""
        for waiting in passes:
            waiting.owed = self.under_way | set(self.conversations)
        self._settle()

    def served(self, conversation_id: str, waiters: Iterable[Done]) -> None:
        """A conversation was pulled to its end."""
        for waiting in self.passes:
            if waiting.owed is not None:
                waiting.owed.discard(conversation_id)
        for done in waiters:
            done(None)
        self._settle()

    def fail(self, failure: ChatDeskError) -> None:
        """Tell everybody who waits that it went wrong; the wishes themselves stay."""
        told = [waiting.done for waiting in self.passes]
        told += [done for waiters in self.waiters.values() for done in waiters]
        self.passes, self.waiters = [], {}
        for done in told:
            done(failure)

    def _settle(self) -> None:
        finished = [waiting for waiting in self.passes if waiting.owed is not None and not waiting.owed]
        self.passes = [waiting for waiting in self.passes if waiting.owed is None or waiting.owed]
        for waiting in finished:
            waiting.done(None)
