"""Opening an account, and going from one to another: one after the other, whatever is clicked meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.session import Account

if TYPE_CHECKING:
    from chatdesk.app.application import Application


class Switch:
    """The one way into an account.

    What is unsent in the account that is left, text as well as changes, stays in its files and goes on when
    it is opened again; its session stays too. Another process may have it open at the same time.
    """

    def __init__(self, whole: Application) -> None:
        self._whole = whole
        self._turn = asyncio.Lock()
        self._wish: Account | None = None

    @property
    def wanted(self) -> str:
        """The key of the account that was asked for last, open by now or not; empty for none."""
        wanted = self._wish or self._whole.open_account.account
        return wanted.key if wanted is not None else ""

    async def open(self, account: Account) -> None:
        """Show an account in all windows of this process; raises ``ChatDeskError`` when that cannot be.

        Of several that are asked for in a row the last one counts.
        """
        self._wish = account
        async with self._turn:
            try:
                if self._wish is account:
                    await self._open(account)
            finally:
                if self._wish is account:
                    self._wish = None

    async def _open(self, account: Account) -> None:
        whole = self._whole
        before = whole.open_account.account
        await whole.watch.close()
        if before is not None and before.key != account.key:
            whole.windows.save()
            await whole.workspace.close()
            whole.windows.forget()
            await whole.accounts.release_one(before)
        whole.windows.show_account(account)
        try:
            await whole.workspace.open(account)
        except ChatDeskError:
            whole.windows.clear()
            whole.session.left()
            raise
        whole.watch.start(whole.data / "accounts" / account.key)
        await whole.windows.restore()
