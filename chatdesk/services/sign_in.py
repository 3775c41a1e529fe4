"""One attempt to get into an account: by password, by mail, or through a browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.session import Account
from chatdesk.domain.sign_in import LocalMail, MailPurpose, Offers, SignInPlace
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.session import SessionService


class Entrance(Protocol):
    """The port to one back end's ways in. What it gets hold of stays inside it until ``admit``.

    Every method raises ``ChatDeskError``. True means that somebody is in and ``admit`` may follow.
    """

    async def offers(self) -> Offers | None: ...

    async def sign_in(self, email: str, password: str) -> bool: ...

    async def sign_up(self, email: str, password: str) -> bool: ...

    async def send_code(self, email: str, create: bool) -> None: ...

    async def send_reset(self, email: str) -> None: ...

    async def enter_code(self, email: str, code: str, purpose: MailPurpose) -> bool: ...

    async def provider_page(self, provider: str) -> str:
        """Return the address that the browser is to open."""
        ...

    async def browser_came(self) -> None:
        """Wait until a browser came back with what the last request sent it out for."""
        ...

    async def choose_password(self, password: str) -> None:
        """Choose a new password, once somebody is in."""
        ...

    async def admit(self) -> Account:
        """Keep the session and make its account the open one; may be repeated when the keyring was silent."""
        ...

    async def mails(self) -> tuple[LocalMail, ...]: ...

    async def close(self) -> None:
        """End what was begun; a session that was not admitted is ended on the server."""
        ...


class SignInAttempt(QObject):
    """Asks a back end, one thing at a time, for a dialog that shows how it goes.

    Signals: ``offered(Offers)``; ``busy_changed(bool)``; ``failed(ChatDeskError)``; ``mail_sent(str)`` with
    the address; ``browser_wanted(str)`` with the address to open; ``browser_failed(ChatDeskError)`` when it
    came back without a session; ``password_wanted()`` when a new password is to be chosen; ``mails_read(tuple
    of LocalMail)``; ``done()`` when somebody is in and the session is kept.
    """

    offered = Signal(object)
    busy_changed = Signal(bool)
    failed = Signal(object)
    mail_sent = Signal(str)
    browser_wanted = Signal(str)
    browser_failed = Signal(object)
    password_wanted = Signal()
    mails_read = Signal(object)
    done = Signal()

    def __init__(
        self, entrance: Entrance, place: SignInPlace, session: SessionService, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.place = place
        self._entrance = entrance
        self._session = session
        self._scope = TaskScope("sign-in attempt", self._broke)
        self._waiting: TaskScope | None = None
        self._busy = False
        self._handed_over = False
        self._purpose = MailPurpose.SIGN_IN
        session.signed_in.connect(self._signed_in)
        session.sign_in_failed.connect(self._refused)
        session.vault_missing.connect(self._refused)

    def look_around(self) -> None:
        """Ask what the back end offers; without an answer everything is offered."""
        self._scope.start(self._look_around(), "offers")

    def sign_in(self, email: str, password: str) -> None:
        """Sign in with a password."""
        self._try(lambda: self._enter(self._entrance.sign_in(email, password)))

    def sign_up(self, email: str, password: str) -> None:
        """Make an account; repeated, the mail is sent again."""

        async def work() -> None:
            if await self._entrance.sign_up(email, password):
                self._admit()
            else:
                self._sent(email, MailPurpose.SIGN_UP)

        self._try(work)

    def send_code(self, email: str, *, create: bool) -> None:
        """Have a code to sign in with sent."""

        async def work() -> None:
            await self._entrance.send_code(email, create)
            self._sent(email, MailPurpose.SIGN_IN)

        self._try(work)

    def send_reset(self, email: str) -> None:
        """Have a code for a new password sent."""

        async def work() -> None:
            await self._entrance.send_reset(email)
            self._sent(email, MailPurpose.NEW_PASSWORD)

        self._try(work)

    def enter_code(self, email: str, code: str, purpose: MailPurpose) -> None:
        """Use the code of a mail."""

        async def work() -> None:
            if await self._entrance.enter_code(email, code, purpose):
                self._came_in(purpose)

        self._try(work)

    def choose_password(self, password: str) -> None:
        """Choose the new password that the mail was for, and go in."""

        async def work() -> None:
            await self._entrance.choose_password(password)
            self._admit()

        self._try(work)

    def go_to_provider(self, provider: str) -> None:
        """Go through the browser to a provider."""

        async def work() -> None:
            page = await self._entrance.provider_page(provider)
            self._purpose = MailPurpose.SIGN_IN
            self.browser_wanted.emit(page)
            self._await_browser()

        self._try(work)

    def read_mails(self) -> None:
        """Read the mails of this computer."""

        async def work() -> None:
            try:
                self.mails_read.emit(await self._entrance.mails())
            except ChatDeskError as failure:
                self.failed.emit(failure)

        self._scope.start(work(), "mails")

    def stop_waiting(self) -> None:
        """Wait for no browser any more, and give up what is being asked."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._scope.start(waiting.close(), "stop waiting")

    async def close(self) -> None:
        """End the attempt, wherever it is."""
        for signal, slot in (
            (self._session.signed_in, self._signed_in),
            (self._session.sign_in_failed, self._refused),
            (self._session.vault_missing, self._refused),
        ):
            signal.disconnect(slot)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            await waiting.close()
        await self._scope.close()
        await self._entrance.close()

    # Inside -------------------------------------------------------------------------------------------------

    def _try(self, work: Callable[[], Awaitable[None]]) -> None:
        if self._busy:
            return
        self._handed_over = False
        self._set_busy(True)
        self._scope.start(self._carry_out(work), "sign in")

    async def _carry_out(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except ChatDeskError as failure:
            self._set_busy(False)
            self.failed.emit(failure)
            return
        if not self._handed_over:
            self._set_busy(False)

    async def _enter(self, way: Awaitable[bool]) -> None:
        if await way:
            self._admit()

    def _came_in(self, purpose: MailPurpose) -> None:
        self.stop_waiting()
        if purpose is MailPurpose.NEW_PASSWORD:
            self.password_wanted.emit()
        else:
            self._admit()

    def _admit(self) -> None:
        """Hand over to the one who opens accounts; what comes of it comes by its signals."""
        self._handed_over = True
        self._set_busy(True)
        if self.place.account is None:
            self._session.enter(self._entrance.admit)
        else:
            self._scope.start(self._go_on(), "go on")

    async def _go_on(self) -> None:
        try:
            await self._entrance.admit()
        except ChatDeskError as failure:
            self._refused(failure)
        else:
            self._session.came_back()
            self._signed_in()

    def _signed_in(self, *_facts: object) -> None:
        if self._handed_over:
            self._handed_over = False
            self._set_busy(False)
            self.done.emit()

    def _refused(self, failure: ChatDeskError) -> None:
        if self._handed_over:
            self._set_busy(False)
            self.failed.emit(failure)

    def _sent(self, email: str, purpose: MailPurpose) -> None:
        self._purpose = purpose
        self.mail_sent.emit(email)
        self._await_browser()

    def _await_browser(self) -> None:
        self.stop_waiting()
        self._waiting = TaskScope("browser", self._broke)
        self._waiting.start(self._browser(self._purpose), "browser")

    async def _browser(self, purpose: MailPurpose) -> None:
        try:
            await self._entrance.browser_came()
        except ChatDeskError as failure:
            self.browser_failed.emit(failure)
        else:
            self._came_in(purpose)

    async def _look_around(self) -> None:
        try:
            offers = await self._entrance.offers()
        except ChatDeskError:
            offers = None  # it is told when somebody wants to use it
        if offers is not None:
            self.offered.emit(offers)

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)

    def _broke(self, name: str, failure: BaseException) -> None:
        self._set_busy(False)
        self.failed.emit(
            failure
            if isinstance(failure, ChatDeskError)
            else ChatDeskError("Something went wrong in ChatDesk.", "Try again.", type(failure).__name__)
        )
