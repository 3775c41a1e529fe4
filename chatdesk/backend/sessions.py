"""The session of one account: kept, renewed in time, shared with the other windows of this computer.

A refresh token works once, and a server that sees one twice may end every session of the user. So one
refresh runs at a time: within this process because callers share it, on this computer because only the
holder of a lock beside the session file may ask, and only after it read the file again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chatdesk.backend.http import may_send
from chatdesk.backend.session_lock import PATIENCE, Lease, SessionLock
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Offline, Retryable
from chatdesk.domain.session import Session
from chatdesk.domain.token import issued_at, token_life
from chatdesk.runtime.tasks import TaskScope

if TYPE_CHECKING:
    from chatdesk.backend.auth import SignOutScope

_log = logging.getLogger(__name__)

MARGIN = 60.0
"""Seconds before its end at which a token is renewed."""

LAST_MOMENT = 5.0
"""Seconds that a token must still be good for to be handed out when it could not be renewed."""

CLEAR_SECONDS = 2.0
"""How long signing in or out waits for another window's renewal before it goes on all the same."""

_ATTEMPTS = 3


class SessionStorage(Protocol):
    """Where the session lies between runs; its methods block and are called in a thread.

    ``load`` returns None only when there is no session: nobody is signed in, or somebody signed out in
    another window. What cannot be read raises a ``ChatDeskError`` and signs nobody out.

    ``save`` puts a session in the place of the lease that its caller holds, and it counts as later than all
    that its caller has loaded. ``load`` returns the latest of all places. So a process that stands still
    within ``save``, is overtaken and goes on much later replaces nothing of what the others stored.
    """

    def load(self) -> Session | None: ...

    def save(self, session: Session, place: int = 0) -> None: ...

    def clear(self) -> None: ...


class SessionAuth(Protocol):
    """The requests that a keeper makes; see ``AuthApi``."""

    async def refresh(self, refresh_token: str) -> Session: ...

    async def sign_out(self, access_token: str, scope: SignOutScope = "local") -> None: ...


class SessionKeeper:
    """The ``TokenSource`` of one account.

    ``lock_path`` is a file beside the session file. ``remake`` makes a session out of nothing, where that is
    possible: the owner of this computer's own back end never has to sign in again. ``patience`` is how many
    seconds another process may take over a renewal before it is overtaken.
    """

    def __init__(
        self,
        storage: SessionStorage,
        auth: SessionAuth,
        clock: Clock,
        lock_path: Path,
        remake: Callable[[], Awaitable[Session]] | None = None,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._storage = storage
        self._auth = auth
        self._clock = clock
        self._lock = SessionLock(lock_path, clock, patience)
        self._remake = remake
        self._session: Session | None = None
        self._stored = False
        self._forgotten = False
        self._distrusted: str | None = None
        self._renewal: asyncio.Task[Session] | None = None
        self._scope = TaskScope("session", _ignore)

    @property
    def session(self) -> Session | None:
        """The session as last known, current or not."""
        return self._session

    async def restore(self) -> Session | None:
        """Read the stored session, without any request; raises what the storage raises."""
        self._session = await asyncio.to_thread(self._storage.load)
        self._stored = self._session is not None
        return self._session

    async def adopt(self, session: Session) -> None:
        """Keep a new session, after signing in; one that cannot be stored lasts as long as the process."""
        self._session = session
        self._forgotten = False
        self._distrusted = None
        try:
            async with asyncio.timeout(CLEAR_SECONDS), self._lock.held() as lease:
                await self._save(session, lease.place)
        except (TimeoutError, Retryable):
            await self._save(session)

    async def access_token(self) -> str:
        """Return a token that is good for a minute, or for what is left if it cannot be renewed now."""
        session = self._require()
        if not self._is_due(session):
            return session.access_token
        try:
            return (await self._renewed()).access_token
        except Retryable:
            if session.access_token != self._distrusted and self._left(session) > LAST_MOMENT:
                return session.access_token
            raise

    def distrust(self, token: str) -> None:
        """Note that the server refused this token: the next one is another, whatever the clock says."""
        self._distrusted = token

    async def replaced(self) -> bool:
        """Tell whether another window has stored a newer session than the one known here, and take it."""
        session = self._session
        if session is None:
            return await self.restore() is not None
        return (await self._latest()).refresh_token != session.refresh_token

    async def end(self, scope: SignOutScope = "local") -> bool:
        """End the session on the server; False when the server could not be told. It is kept here."""
        if self._session is None:
            return True
        try:
            # Only a token that is good ends its session; a renewal that runs is waited for anyway.
            await self._auth.sign_out(await self.access_token(), scope)
        except NeedsSignIn:
            return True
        except ChatDeskError as error:
            _log.info("The server was not told of the sign-out: %s", type(error).__name__)
            return False
        return True

    async def forget(self) -> None:
        """Forget the session on this computer, whatever the server or another window is about just now.

        The lock keeps a window that renews from storing its answer afterwards; one that hangs with the lock
        is not waited for, it looks before it stores.
        """
        self.abandon()
        try:
            async with asyncio.timeout(CLEAR_SECONDS), self._lock.held():
                await asyncio.to_thread(self._storage.clear)
        except (TimeoutError, Retryable):
            await asyncio.to_thread(self._storage.clear)

    def abandon(self) -> None:
        """Forget the session in memory and give up a renewal that runs; what is stored stays as it is."""
        self._session = None
        self._stored = False
        self._forgotten = True
        if self._renewal is not None:
            self._renewal.cancel()

    async def sign_out(self, scope: SignOutScope = "local") -> bool:
        """End the session on the server and forget it here; False when the server could not be told."""
        told = await self.end(scope)
        await self.forget()
        return told

    async def close(self) -> None:
        """Wait for a renewal that runs: its answer may hold the only token that still works."""
        if self._renewal is not None:
            await asyncio.wait({self._renewal})
        await self._scope.close()

    async def _renewed(self) -> Session:
        """Join the renewal that runs, or start one; a caller that gives up does not stop it half-way."""
        if self._renewal is None or self._renewal.done():
            self._renewal = self._scope.start(self._renew(), "renew")
        renewal = self._renewal
        try:
            return await asyncio.shield(renewal)
        except asyncio.CancelledError:
            if renewal.cancelled() and self._forgotten:
                raise self._signed_out() from None
            raise

    async def _renew(self) -> Session:
        for _ in range(_ATTEMPTS):
            async with self._lock.held() as lease:
                session = await self._latest()
                if not self._is_due(session):
                    return session
                if lease.left() <= 0:
                    # This process stood still meanwhile: others may have been here, so it looks again.
                    continue
                try:
                    return await self._trade(session, lease)
                except NeedsSignIn:
                    # Perhaps another process, stopped while it held the lock, was faster after all.
                    latest = await self._latest()
                    if latest.refresh_token == session.refresh_token:
                        return await self._made_anew(session, lease.place)
                    if not self._is_due(latest):
                        return latest
        raise Retryable("The session could not be renewed just now.", "It is tried again.", code="lease")

    async def _latest(self) -> Session:
        """Take over what another process stored; a file that cannot be read, or is older, changes nothing."""
        session = self._require()
        try:
            stored = await asyncio.to_thread(self._storage.load)
        except ChatDeskError as error:
            _log.warning("The stored session could not be read: %s", type(error).__name__)
            return session
        if stored is None:
            if not self._stored:
                return session
            raise self._signed_out()
        if stored.user_id == session.user_id and _is_newer(stored, session):
            self._session = session = stored
            self._distrusted = None
        return session

    async def _trade(self, session: Session, lease: Lease) -> Session:
        """Ask for the next session within the lease; an answer that comes later is as good as lost.

        A process that is stopped here must not ask when it goes on: by then the token may be spent, and
        asking with it ends the session of everybody.
        """
        may_send.set(lambda: lease.left() > 0)
        try:
            async with asyncio.timeout(lease.left()):
                renewed = await self._auth.refresh(session.refresh_token)
        except TimeoutError as error:
            raise Offline("The sign-in server did not answer in time.", "It is tried again.") from error
        except (NeedsSignIn, Retryable):
            raise
        except ChatDeskError as error:
            # An unknown refusal, a wrong address: no proof that the session is over.
            raise Retryable(error.message, error.next_step, error.code) from error
        finally:
            may_send.set(None)
        return await self._keep(renewed, session, lease.place)

    async def _made_anew(self, session: Session, place: int) -> Session:
        if self._remake is None:
            raise NeedsSignIn("The session has ended.", "Sign in again; nothing stored here is lost.")
        renewed = await self._remake()
        if renewed.user_id != session.user_id:
            raise NeedsSignIn("This account is not on this back end any more.", "Sign in again.")
        return await self._keep(renewed, session, place)

    async def _keep(self, renewed: Session, before: Session, place: int) -> Session:
        """Store the session that follows ``before``, unless what lies there by now says otherwise.

        This process may have been stopped since it asked: others then went on without it, and signed out or
        renewed the session further. What they left is the truth.
        """
        known = self._stored

        def store() -> Session | None:
            try:
                stored = self._storage.load()
            except (ChatDeskError, OSError):
                stored = before  # It cannot be read by anybody: a good one takes its place.
            if stored is None and known:
                return None
            if (
                stored is not None
                and stored.refresh_token != before.refresh_token
                and stored.user_id == renewed.user_id
                and _is_newer(stored, renewed)
            ):
                return stored
            try:
                self._storage.save(renewed, place)
            except (ChatDeskError, OSError) as error:
                _log.warning("The session could not be stored: %s", type(error).__name__)
            else:
                self._stored = True
            return renewed

        kept = await asyncio.to_thread(store)
        if kept is None or self._forgotten:
            raise self._signed_out()
        self._session = kept
        self._distrusted = None
        return kept

    async def _save(self, session: Session, place: int = 0) -> None:
        try:
            await asyncio.to_thread(self._storage.save, session, place)
            self._stored = True
        except (ChatDeskError, OSError) as error:
            _log.warning("The session could not be stored: %s", type(error).__name__)

    def _signed_out(self) -> NeedsSignIn:
        self._session = None
        return NeedsSignIn("You signed out in another window.", "Sign in again.", code="signed_out")

    def _require(self) -> Session:
        if self._session is None:
            raise NeedsSignIn("Nobody is signed in.", "Sign in.", code="signed_out")
        return self._session

    def _left(self, session: Session) -> float:
        return (session.expires_at - self._clock.now()) / timedelta(seconds=1)

    def _is_due(self, session: Session) -> bool:
        """Tell by the wall clock, which goes on while the computer sleeps.

        A token made for less than three minutes is used for two thirds of its life.
        """
        if session.access_token == self._distrusted:
            return True
        life = token_life(session.access_token)
        margin = MARGIN if life is None else min(MARGIN, life / 3)
        left = self._left(session)
        if life is not None and left > life + MARGIN:
            return True  # The clock went back: nobody knows how old this token is.
        return left <= margin


def _is_newer(one: Session, other: Session) -> bool:
    """Tell whether ``one`` was made after ``other``: by the server's clock, else by this computer's.

    Two sessions of the same second are as good as each other, unless their tokens differ: then the one that
    was stored counts, because others may have it already.
    """
    if one.refresh_token == other.refresh_token and one.access_token == other.access_token:
        return False
    ones, others = issued_at(one.access_token), issued_at(other.access_token)
    if ones is not None and others is not None:
        return ones >= others
    return one.expires_at >= other.expires_at


def _ignore(name: str, failure: BaseException) -> None:
    """Leave a failed renewal to its callers; only what they could not expect is logged."""
    if not isinstance(failure, ChatDeskError):
        _log.error("Task %s failed", name, exc_info=failure)
