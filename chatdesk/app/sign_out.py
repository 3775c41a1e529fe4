"""Leaving an account: here, on all devices, or because another window of this computer did."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.session import Account, LinkState, SyncState
from chatdesk.language.door import ngettext
from chatdesk.services.notices import NoticeLevel
from chatdesk.ui.words import number

if TYPE_CHECKING:
    from chatdesk.app.application import Application

_log = logging.getLogger(__name__)

LAST_WORDS = 10.0
"""Seconds that a window gives its unsent changes when another window has signed out."""

FINISH_SECONDS = 8.0

UNTOLD = "You are signed out here, but the server could not be told."
UNTOLD_STEP = "Sign in on any device and sign out on all of them to end this session there too."


class SignOut:
    """The one road out of an account, in this order.

    The engine stops, so nothing new is fetched or sent. The sign-out is marked on this computer, so that
    every other window sees it even if this one dies now. The server is told while there is still a token. The
    session, its key, and at last the files go. A step that fails keeps none of the later ones from being
    taken: whoever signs out is signed out here.
    """

    def __init__(self, whole: Application) -> None:
        self._whole = whole
        self._leaving = asyncio.Lock()
        self._ending = False

    async def leave(self, account: Account, everywhere: bool) -> None:
        """Sign out of ``account``, on all devices if ``everywhere``."""
        whole = self._whole
        async with self._leaving:
            if whole.open_account.account != account:
                return
            self._ending = True
            await self._stop()
            await self._try(whole.workspace.begin_sign_out(), "mark")
            told = await whole.accounts.sign_out(account, everywhere)
            await self._try(whole.workspace.close(erase=True), "erase")
            self._ending = False
        whole.session.left()
        if not told:
            whole.notices.tell(UNTOLD, UNTOLD_STEP, NoticeLevel.WARNING)

    async def follow(self, account: Account) -> None:
        """Do here what another window of this computer did; what waits is sent first if that is quick."""
        whole = self._whole
        async with self._leaving:
            if whole.open_account.account != account:
                return
            lost = await self._last_words()
            await self._stop()
            await whole.accounts.drop(account)
            await self._try(whole.workspace.close(erase=True), "erase")
        whole.session.left()
        if lost:
            text = ngettext(
                "You signed out in another window; {count} change of this one was not sent and is gone.",
                "You signed out in another window; {count} changes of this one were not sent and are gone.",
                lost,
            )
            whole.notices.tell(text.format(count=number(lost)), "", NoticeLevel.WARNING)
        else:
            whole.notices.tell("You signed out in another window.")

    async def gone(self, account: Account) -> bool:
        """Remove everything of an account that the server deleted; tell whether it was still open here."""
        whole = self._whole
        async with self._leaving:
            if whole.open_account.account != account:
                return False
            self._ending = True
            await whole.watch.close()
            await self._stop()
            await self._try(whole.workspace.begin_sign_out(), "mark")
            await whole.accounts.forget(account)
            await self._try(whole.workspace.close(erase=True), "erase")
            self._ending = False
        whole.session.left()
        return True

    async def finished(self) -> None:
        """Wait for a sign-out that runs: the window may be closed over it, the session must not stay."""
        if not self._ending:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS), self._leaving:
                pass

    async def _stop(self) -> None:
        await self._whole.workspace.stop()
        self._whole.windows.clear()

    async def _last_words(self) -> int:
        """Wait until everything is sent, for a while; return how many changes are not."""
        account = self._whole.open_account
        done = asyncio.Event()
        last = account.engine.state

        def look(state: SyncState) -> None:
            nonlocal last
            last = state
            if not state.pending or state.link is LinkState.NEEDS_SIGN_IN:
                done.set()

        account.state_changed.connect(look)
        look(last)
        try:
            async with asyncio.timeout(LAST_WORDS):
                await done.wait()
        except TimeoutError:
            pass
        finally:
            account.state_changed.disconnect(look)
        return last.pending + last.failed

    async def _try(self, step: Awaitable[None], name: str) -> None:
        try:
            await step
        except (ChatDeskError, OSError) as failure:
            _log.warning("Signing out: %s failed: %s", name, type(failure).__name__)
            self._whole.notices.tell(
                "Not everything of this account could be removed from this computer.",
                "It is removed when the account is opened again.",
                NoticeLevel.WARNING,
            )
