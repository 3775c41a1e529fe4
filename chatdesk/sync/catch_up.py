"""Pulling what is newer than the cursors: one road for the cold start, the reconnect and the repair."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Any

from chatdesk.backend.base import ChangesPage, MessagesPage, Remote
from chatdesk.domain.change import ChangeSet
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Refused, Retryable
from chatdesk.store.store import Store
from chatdesk.sync.needs import Done, Needs, Pass, Want
from chatdesk.sync.paging import follow
from chatdesk.sync.part import Part
from chatdesk.sync.retry import Backoff

SETTLE = 0.1
"""Seconds a gap is given to close by itself: two channels race, and a frame may be overtaken by the next."""

FIRST_PAGE = 100


class CatchUp(Part):
    """Serves wishes to pull, one after the other, until none is left.

    First the conversation the user has just opened, then the user's own changes and beside them the
    conversation looked at, then every cached conversation that is behind. A wish is a revision to reach, so a
    gap that closed by itself costs nothing. A failed wish stays and is tried again with backoff; one that
    fails for good (the conversation is gone or forbidden) is dropped, since the user's changes will tell.
    """

    def __init__(
        self,
        *,
        store: Store,
        remote: Remote,
        clock: Clock,
        random: Random,
        publish: Callable[[ChangeSet], None],
        on_failed: Callable[[ChatDeskError], None],
        on_pulled: Callable[[], None],
    ) -> None:
        super().__init__("catch-up", clock, random)
        self._store = store
        self._remote = remote
        self._publish = publish
        self._on_failed = on_failed
        self._on_pulled = on_pulled
        self._needs = Needs()
        self._open: tuple[str, ...] = ()
        self._retry = Backoff(random)
        self._rest_until = 0.0
        self._held = False
        self.user_cursor: int | None = None
        self.open_cursor: int | None = None

    # Wishes -------------------------------------------------------------------------------------------------

    def everything(self, done: Done | None = None) -> None:
        """Pull the user's changes, the open conversations, and every conversation that is behind."""
        now = self.clock.monotonic()
        self._needs.want_user(Want(0, now))
        for conversation_id in self._open:
            self._needs.want(conversation_id, Want(0, now))
        if done is not None:
            self._needs.passes.append(Pass(done))
        self.ring()

    def user_gap(self, target: int) -> None:
        """Reach this user revision."""
        self._needs.want_user(Want(target, self.clock.monotonic() + SETTLE))
        self.ring()

    def conversation_gap(self, conversation_id: str, target: int) -> None:
        """Reach this revision of a cached conversation."""
        self._needs.want(conversation_id, Want(target, self.clock.monotonic() + SETTLE))
        self.ring()

    def conversation(self, conversation_id: str, done: Done | None = None) -> None:
        """Pull what is new in a conversation."""
        self._needs.want(conversation_id, Want(0, self.clock.monotonic()))
        if done is not None:
            self._needs.waiters.setdefault(conversation_id, []).append(done)
        self.ring()

    def open(self, conversation_ids: Sequence[str], opening: str | None) -> None:
        """These are looked at now, the first one last: ``opening`` is pulled before anything else.

        What it replaced is no longer urgent, unless another window shows it.
        """
        before = self._needs.opening
        self._open = tuple(conversation_ids)
        if before not in self._open:
            self._needs.opening = None
        if opening is not None:
            if self._needs.opening not in (None, opening):
                self._needs.want(str(self._needs.opening), Want(0, self.clock.monotonic()))
            self._needs.opening = opening
        self.open_cursor = None
        self.ring()

    def go(self) -> None:
        """Try again at once what waits for its backoff, also after ``hold``."""
        self._held = False
        self._rest_until = 0.0
        self._retry.reset()
        self.ring()

    def hold(self) -> None:
        """Ask the server nothing until ``go``: the session is over."""
        self._held = True

    def abandon(self) -> None:
        """Tell everybody who waits that nothing comes any more."""
        self._needs.fail(ChatDeskError("Synchronisation has ended."))

    @property
    def held(self) -> bool:
        return self._held

    # Work ---------------------------------------------------------------------------------------------------

    async def round(self) -> None:
        await self.pause(self._delay())
        while self._delay() == 0.0:
            try:
                await self._serve_one()
            except ChatDeskError as failure:
                self._fail(failure)
                if not isinstance(failure, Retryable | Refused | NeedsSignIn):
                    raise
            except Exception:
                self._fail(Retryable("Catching up failed.", "ChatDesk tries again by itself."))
                raise
            else:
                self._retry.reset()
            await self.note_cursors()

    @property
    def idle(self) -> bool:
        """Whether nobody wishes for anything."""
        return self._needs.ready_at() is None

    async def load_older(self, conversation_id: str, before_seq: int | None, limit: int = FIRST_PAGE) -> bool:
        """Fetch the page before ``before_seq``; tell whether it brought messages. Raises like ``Remote``."""
        page = await self._remote.page_messages(conversation_id, before_seq, limit)
        self._publish(await self._store.apply(page.rows, complete_from={conversation_id: not page.more}))
        return bool(page.rows.messages)

    def _delay(self) -> float | None:
        """Seconds until there is something to do; None when only a wish can change that."""
        ready_at = self._needs.ready_at()
        if ready_at is None or self._held:
            return None
        return max(0.0, max(ready_at, self._rest_until) - self.clock.monotonic())

    def _fail(self, failure: ChatDeskError) -> None:
        wish = failure.retry_after if isinstance(failure, Retryable) else None
        self._rest_until = self.clock.monotonic() + self._retry.next(wish)
        self._held = self._held or isinstance(failure, NeedsSignIn)
        self._needs.fail(failure)
        self._on_failed(failure)

    async def _serve_one(self) -> None:
        now = self.clock.monotonic()
        if self._needs.opening is not None:
            await self._serve_opening(self._needs.opening)
            return
        shown = self._open[0] if self._open else None
        found = self._needs.next_conversation(now, shown)
        if self._needs.user is not None and self._needs.user.ready_at <= now:
            # Neither needs the other, and what is looked at is on screen one answer earlier.
            looked_at = [self._serve_conversation(shown)] if shown is not None and found == shown else []
            await _side_by_side(self._serve_user(self._needs.user), *looked_at)
        elif found is not None:
            await self._serve_conversation(found)

    async def _serve_opening(self, conversation_id: str) -> None:
        self._needs.opening = None
        try:
            await self._pull_conversation(conversation_id, 0)
        except Refused:
            pass  # not on the server yet, or not for us any more
        except BaseException:
            if conversation_id in self._open:
                self._needs.opening = self._needs.opening or conversation_id
            raise

    async def _serve_user(self, want: Want) -> None:
        waiting = [waiting for waiting in self._needs.passes if waiting.owed is None]
        self._needs.user = None
        try:
            await self._pull_user(want.target)
        except BaseException:
            self._needs.want_user(Want(want.target, self.clock.monotonic()))
            raise
        self._needs.owe(waiting)

    async def _serve_conversation(self, conversation_id: str) -> None:
        want = self._needs.conversations.pop(conversation_id)
        waiters = self._needs.waiters.pop(conversation_id, [])
        self._needs.under_way.add(conversation_id)
        try:
            await self._pull_conversation(conversation_id, want.target)
        except Refused:
            pass  # gone or forbidden; the user's changes say which
        except BaseException:
            # At the end of the row: one conversation that cannot be pulled must not hold up the others.
            self._needs.want(conversation_id, Want(want.target, self.clock.monotonic()))
            self._needs.waiters.setdefault(conversation_id, [])[:0] = waiters
            raise
        finally:
            self._needs.under_way.discard(conversation_id)
        self._needs.served(conversation_id, waiters)

    async def _pull_user(self, target: int) -> None:
        cursor = await self._store.user_cursor()
        if target and cursor >= target:
            return

        async def keep(page: ChangesPage) -> None:
            self._publish(await self._store.apply(page.rows, user_cursor=page.cursor))
            self.touch()

        await follow(cursor, self._remote.pull_changes, keep)
        await self._want_what_is_behind()
        self._on_pulled()

    async def _want_what_is_behind(self) -> None:
        """Wish for every cached conversation that moved, also for what an earlier run left undone."""
        now = self.clock.monotonic()
        for conversation_id, revision in (await self._store.behind()).items():
            self._needs.want(conversation_id, Want(revision, now))

    async def _pull_conversation(self, conversation_id: str, target: int) -> None:
        cursor = await self._store.conversation_cursor(conversation_id)
        if cursor is None:
            if conversation_id in self._open:
                await self.first_page(conversation_id)
            return
        if target and cursor >= target:
            return

        async def keep(page: MessagesPage) -> None:
            cursors = {conversation_id: page.cursor}
            self._publish(await self._store.apply(page.rows, conversation_cursors=cursors))
            self.touch()

        await follow(cursor, lambda after: self._remote.pull_messages(conversation_id, after), keep)

    async def first_page(self, conversation_id: str, limit: int = FIRST_PAGE) -> None:
        """Fetch the newest page of a conversation. Raises like ``Remote``."""
        page = await self._remote.page_messages(conversation_id, None, limit)
        self._publish(
            await self._store.apply(
                page.rows,
                conversation_cursors={conversation_id: page.cursor},
                complete_from={conversation_id: not page.more},
            )
        )
        self.touch()

    async def note_cursors(self) -> None:
        """Read how far everything is, for the diagnostics."""
        shown = self._open[0] if self._open else None
        self.user_cursor, self.open_cursor = await self._store.standing(shown)


async def _side_by_side(*works: Coroutine[Any, Any, None]) -> None:
    """Do these at once, each to its end; raises the gravest of what they raised."""
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if failures:
        raise max(failures, key=lambda failure: isinstance(failure, NeedsSignIn))
