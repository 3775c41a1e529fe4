"""What can be changed of the way into the open account: its address, its password, its other sessions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.errors import ChatDeskError, Refused
from chatdesk.domain.sign_in import LocalMail
from chatdesk.runtime.tasks import TaskScope

NONCE_CODES = frozenset({"reauthentication_needed", "reauthentication_not_valid"})


class AccessRights(Protocol):
    """The port to the open account's own rights at its back end; every method raises ``ChatDeskError``."""

    async def change_email(self, email: str) -> bool:
        """Ask for another address; True when it counts at once."""
        ...

    async def confirm_email(self, address: str, code: str) -> bool:
        """Use the code that went to one of the addresses; False when the other one has to confirm too."""
        ...

    async def email(self) -> str:
        """Return the address that counts now."""
        ...

    async def change_password(self, password: str, nonce: str) -> None: ...

    async def send_nonce(self) -> None: ...

    async def end_others(self) -> None:
        """End the sessions of all other devices."""
        ...

    async def mails(self) -> tuple[LocalMail, ...]: ...


class AccountChanges(QObject):
    """Asks for one change at a time.

    Signals: ``busy_changed(bool)``; ``failed(ChatDeskError)``; ``code_wanted(str)`` with the address that got
    a mail; ``email_changed(str)``; ``nonce_wanted()`` when a code was sent that a new password needs;
    ``password_changed()``; ``others_ended()``; ``mails_read(tuple of LocalMail)``.
    """

    busy_changed = Signal(bool)
    failed = Signal(object)
    code_wanted = Signal(str)
    email_changed = Signal(str)
    nonce_wanted = Signal()
    password_changed = Signal()
    others_ended = Signal()
    mails_read = Signal(object)

    def __init__(self, rights: AccessRights, email: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rights = rights
        self._email = email
        self._wanted = ""
        self._busy = False
        self._scope = TaskScope("account changes", self._broke)

    @property
    def current_email(self) -> str:
        """The address that counts until the new one is confirmed."""
        return self._email

    def change_email(self, email: str) -> None:
        """Ask for another address; repeated, the mails are sent again."""

        async def work() -> None:
            if email.lower() == self._email.lower():
                raise Refused("This is your e-mail address already.", "Enter another one.", "same_email")
            if await self._rights.change_email(email):
                self.email_changed.emit(email)
            else:
                self._wanted = email
                self.code_wanted.emit(email)

        self._try(work)

    def confirm_email(self, address: str, code: str) -> None:
        """Use the code that went to ``address``."""

        async def work() -> None:
            if await self._rights.confirm_email(address, code):
                self.email_changed.emit(self._wanted)
            else:
                self.code_wanted.emit(self._email if address == self._wanted else self._wanted)

        self._try(work)

    def look_for_email(self) -> None:
        """See whether the links of the mails were opened."""

        async def work() -> None:
            email = await self._rights.email()
            if email.lower() != self._wanted.lower():
                raise Refused(
                    "The new e-mail address is not confirmed yet.",
                    "Open the links in both messages, or enter the code.",
                    "not_yet",
                )
            self.email_changed.emit(email)

        self._try(work)

    def change_password(self, password: str, nonce: str) -> None:
        """Choose another password; where a code is needed for it, one is sent."""

        async def work() -> None:
            try:
                await self._rights.change_password(password, nonce)
            except Refused as refused:
                if refused.code == "reauthentication_needed":
                    await self._rights.send_nonce()
                    self.nonce_wanted.emit()
                    return
                raise
            self.password_changed.emit()

        self._try(work)

    def send_nonce(self) -> None:
        """Send the code for a new password once more."""

        async def work() -> None:
            await self._rights.send_nonce()
            self.nonce_wanted.emit()

        self._try(work)

    def end_others(self) -> None:
        """Sign out on all other devices."""

        async def work() -> None:
            await self._rights.end_others()
            self.others_ended.emit()

        self._try(work)

    def read_mails(self) -> None:
        """Read the mails of this computer."""

        async def work() -> None:
            self.mails_read.emit(await self._rights.mails())

        self._scope.start(self._tell(work), "mails")

    async def close(self) -> None:
        """Give up what is being asked."""
        await self._scope.close()

    def _try(self, work: Callable[[], Awaitable[None]]) -> None:
        if not self._busy:
            self._set_busy(True)
            self._scope.start(self._carry_out(work), "change")

    async def _carry_out(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await self._tell(work)
        finally:
            self._set_busy(False)

    async def _tell(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except ChatDeskError as failure:
            self.failed.emit(failure)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self.busy_changed.emit(busy)

    def _broke(self, _name: str, failure: BaseException) -> None:
        self.failed.emit(
            ChatDeskError("Something went wrong in ChatDesk.", "Try again.", type(failure).__name__)
        )
