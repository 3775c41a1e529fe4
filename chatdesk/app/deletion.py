"""Deleting the open account, and noticing that it was deleted elsewhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.session import Account
from chatdesk.services.notices import NoticeLevel

if TYPE_CHECKING:
    from chatdesk.app.application import Application


class Deletion(QObject):
    """Deletes on the server first, while everything here still stands: whatever fails there can be repeated.

    Only when the server said that the account is gone are its files, its session and its keys removed here.
    Signals: ``progressed(int)`` with the files removed so far; ``failed(ChatDeskError)``; ``deleted()``.
    """

    progressed = Signal(int)
    failed = Signal(object)
    deleted = Signal()

    def __init__(self, whole: Application) -> None:
        super().__init__()
        self._whole = whole
        self._work: asyncio.Task[None] | None = None
        self._own = ""
        """The key of the account that is being deleted here."""

    def delete(self) -> None:
        """Delete the open account for good."""
        account = self._whole.open_account.account
        if account is not None and (self._work is None or self._work.done()):
            self._work = self._whole.scope.start(self._delete(account), "delete account")

    def gone(self, key: str) -> None:
        """The server says that an account was deleted, by another device or window."""
        account = self._whole.open_account.account
        if account is not None and account.key == key and self._own != key:
            self._whole.scope.start(self._clear(account, elsewhere=True), "account gone")

    async def _delete(self, account: Account) -> None:
        self._own = account.key
        try:
            removal = await self._whole.accounts.gateway(account).removal()
            await removal.run(account.user_id, self.progressed.emit)
        except ChatDeskError as failure:
            self._own = ""
            self.failed.emit(failure)
            return
        await self._clear(account, elsewhere=False)
        self._own = ""
        self.deleted.emit()

    async def _clear(self, account: Account, *, elsewhere: bool) -> None:
        whole = self._whole
        if not await whole.sign_out_road.gone(account):
            return
        if elsewhere:
            whole.notices.tell(
                "This account was deleted on another device; nothing of it is left here.",
                "",
                NoticeLevel.WARNING,
            )
        else:
            whole.notices.tell("Your account was deleted.")
