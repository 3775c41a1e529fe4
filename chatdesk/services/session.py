"""Who is signed in, and how one gets there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.errors import ChatDeskError, VaultUnavailable
from chatdesk.domain.session import Account
from chatdesk.runtime.tasks import TaskScope


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """What it takes to sign in to a Supabase project, or with ``create`` to make the account first."""

    url: str
    api_key: str
    email: str
    password: str = field(repr=False)
    create: bool = False


class Accounts(Protocol):
    """The port to everything that makes, keeps and ends accounts on this machine."""

    def last(self) -> Account | None:
        """Return the account that was open last, from a file: no vault, no network."""
        ...

    def choose(self, key: str) -> Account | None:
        """Make a known account the one to open, now and at the next start."""
        ...

    async def use_this_computer(self) -> Account:
        """Open the account of the embedded back end, making it on the first call."""
        ...

    async def connect(self, request: SignInRequest) -> Account:
        """Sign in to (or up at) a Supabase project."""
        ...

    async def sign_in_again(self, account: Account, email: str, password: str) -> None:
        """Make a new session for an open account whose own is over; ``Refused`` for another user's."""
        ...

    def do_without_vault(self) -> None:
        """From now on keep secrets in memory only: the next start asks again."""
        ...


class SessionService(QObject):
    """Signs in and out.

    Signals: ``signed_in(Account)``; ``signed_in_again()`` when an open account has a session again;
    ``signed_out()``; ``busy_changed(bool)`` around every request; ``sign_in_failed(ChatDeskError)``;
    ``sign_in_again_failed(ChatDeskError)``; ``vault_missing(ChatDeskError)`` when the keyring is silent, to
    be followed by ``continue_without_vault`` if the user accepts signing in for this session only.
    """

    signed_in = Signal(object)
    signed_in_again = Signal()
    sign_in_again_failed = Signal(object)
    signed_out = Signal()
    busy_changed = Signal(bool)
    sign_in_failed = Signal(object)
    vault_missing = Signal(object)

    def __init__(self, accounts: Accounts, scope: TaskScope, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._accounts = accounts
        self._scope = scope
        self._wish: Callable[[], Awaitable[Account]] | None = None

    def resume(self) -> None:
        """Open the last account again, offline too, or ask for one."""
        account = self._accounts.last()
        if account is not None:
            self.signed_in.emit(account)
        else:
            self.signed_out.emit()

    def switch_to(self, key: str) -> None:
        """Open another account of this machine; nobody is asked, its session is kept here."""
        try:
            account = self._accounts.choose(key)
        except ChatDeskError as failure:
            self.sign_in_failed.emit(failure)
            return
        if account is not None:
            self.signed_in.emit(account)

    def use_this_computer(self) -> None:
        """Sign in to the account on this computer, without a question."""
        self._begin(self._accounts.use_this_computer)

    def connect_supabase(self, request: SignInRequest) -> None:
        """Sign in to a Supabase project."""
        self._begin(lambda: self._accounts.connect(request))

    def enter(self, wish: Callable[[], Awaitable[Account]]) -> None:
        """Open the account of somebody who has got in by another way; ``wish`` may be asked twice."""
        self._begin(wish)

    def came_back(self) -> None:
        """Note that the open account has a session again."""
        self.signed_in_again.emit()

    def continue_without_vault(self) -> None:
        """Accept that the sign-in lasts for this session only, and go on with what was asked."""
        self._accounts.do_without_vault()
        if self._wish is not None:
            self._begin(self._wish)

    def sign_in_again(self, account: Account, email: str, password: str) -> None:
        """Go on with an open account whose session is over."""
        self._scope.start(self._sign_in_again(account, email, password), "sign in again")

    def left(self) -> None:
        """Note that nobody is signed in any more."""
        self.signed_out.emit()

    def _begin(self, wish: Callable[[], Awaitable[Account]]) -> None:
        self._wish = wish
        self._scope.start(self._sign_in(wish), "sign in")

    async def _sign_in(self, wish: Callable[[], Awaitable[Account]]) -> None:
        self.busy_changed.emit(True)
        try:
            account = await wish()
        except VaultUnavailable as failure:
            self.vault_missing.emit(failure)
        except ChatDeskError as failure:
            self.sign_in_failed.emit(failure)
        else:
            self._wish = None
            self.signed_in.emit(account)
        finally:
            self.busy_changed.emit(False)

    async def _sign_in_again(self, account: Account, email: str, password: str) -> None:
        try:
            await self._accounts.sign_in_again(account, email, password)
        except ChatDeskError as failure:
            self.sign_in_again_failed.emit(failure)
        else:
            self.signed_in_again.emit()
