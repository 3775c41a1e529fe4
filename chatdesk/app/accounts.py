"""Making, finding and ending the accounts of this machine."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from chatdesk.app.account_book import AccountBook, KnownAccount
from chatdesk.app.gateway import LOCAL_ACCOUNT, Ears, Gateway
from chatdesk.app.secrets import Secrets
from chatdesk.app.session_files import MemorySession
from chatdesk.app.slow_import import Part, imported
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError, Misconfigured, Refused, VaultUnavailable
from chatdesk.domain.session import Account, BackendAddress, BackendKind, Session
from chatdesk.services.session import SignInRequest

_log = logging.getLogger(__name__)

NOWHERE = BackendAddress(BackendKind.LOCAL, "", "")
"""The embedded back end's address before it was started."""


class MachineAccounts:
    """The ``Accounts`` port, and the gateways of the accounts it opened.

    ``data`` is ChatDesk's directory; ``linger`` how long the embedded back end outlives its last window.
    """

    def __init__(self, data: Path, book: AccountBook, secrets: Secrets, clock: Clock, linger: float) -> None:
        self._data = data
        self._book = book
        self._secrets = secrets
        self._clock = clock
        self._linger = linger
        self._gateways: dict[str, Gateway] = {}
        self._sessions: defaultdict[str, MemorySession] = defaultdict(MemorySession)
        """Sessions of a computer without a keyring, by the account's key."""
        self._replaced: list[Gateway] = []
        self.on_vault_missing: Callable[[VaultUnavailable], None] | None = None
        """Called when an open account needs the vault and it does not answer."""
        self.on_server_newer: Callable[[str], None] | None = None
        self.on_account_gone: Callable[[str], None] | None = None
        """Called with an account's key: its server may not be written to; it was deleted."""

    def last(self) -> Account | None:
        known = self._book.last()
        return known.account if known else None

    def known(self) -> tuple[KnownAccount, ...]:
        """Return the accounts of this machine, the one that was opened last first."""
        return self._book.all()

    def choose(self, key: str) -> Account | None:
        """Make a known account the one to open, now and at the next start."""
        known = self._book.known(key)
        if known is None:
            return None
        self._note_opened(known)
        return known.account

    def name(self, account: Account, name: str) -> None:
        """Note what the owner of an account is called, for the list of accounts."""
        try:
            self._book.named(account.key, name)
        except OSError as failure:
            _log.warning("accounts.json could not be written: %s", type(failure).__name__)

    def gateway(self, account: Account) -> Gateway:
        """Return the way to an account's back end; one per account, until ``release``."""
        if account.key not in self._gateways:
            known = self._book.known(account.key)
            self._gateways[account.key] = self._gateway(account.key, known.address if known else NOWHERE)
        return self._gateways[account.key]

    def visit(self, known: KnownAccount) -> Gateway:
        """Return a way to an account beside the one that an open account has; its caller closes it."""
        return self._gateway(known.account.key, known.address)

    async def release_replaced(self) -> None:
        """Close the gateways that a new sign-in replaced, once nobody uses them any more."""
        while self._replaced:
            await self._replaced.pop().close()

    async def release(self) -> None:
        """Close every gateway."""
        await self.release_replaced()
        for gateway in self._gateways.values():
            await gateway.close()
        self._gateways.clear()

    async def release_one(self, account: Account) -> None:
        """Close the gateway of an account that is not shown any more; its session stays."""
        await self._release(account)

    async def _release(self, account: Account) -> None:
        gateway = self._gateways.pop(account.key, None)
        if gateway is not None:
            await gateway.close()

    def _note_closed(self, account: Account) -> None:
        """Forget the account before its session: cut off in between, nobody is signed in again unasked."""
        try:
            self._book.closed(account.key)
        except OSError as failure:
            _log.warning("accounts.json could not be written: %s", type(failure).__name__)

    async def use_this_computer(self) -> Account:
        gateway = self._gateway(LOCAL_ACCOUNT, NOWHERE)
        try:
            session = await gateway.mint()
        except BaseException:
            await gateway.close()
            raise
        account = Account(LOCAL_ACCOUNT, session.user_id, BackendKind.LOCAL, "")
        return self._open(account, NOWHERE, gateway)

    async def connect(self, request: SignInRequest) -> Account:
        await imported(Part.REQUESTS)
        from chatdesk.backend.check import check_project, clean_address

        address = clean_address(request.url, request.api_key)
        await check_project(address)
        return await self.admit(address, await self._session(address, request))

    async def admit(self, address: BackendAddress, session: Session) -> Account:
        """Keep a session that the back end at ``address`` gave somebody; theirs is the account to open."""
        local = address.kind is BackendKind.LOCAL
        place = "" if local else f"-{hashlib.sha256(address.url.encode()).hexdigest()[:8]}"
        key = f"{address.kind.value}{place}-{session.user_id}"
        gateway = self._gateway(key, address)
        try:
            await gateway.adopt(session)
        except BaseException:
            await gateway.close()
            raise
        account = Account(key, session.user_id, address.kind, "" if local else address.url, session.email)
        return self._open(account, address, gateway)

    def scratch(self, address: BackendAddress) -> Gateway:
        """A way to a back end before it is known whose it will be; it is the caller's to close."""
        return self._gateway("nobody", address)

    def readdress(self, account: Account, email: str) -> Account:
        """Note another e-mail address of an account; returns the account with it."""
        changed = replace(account, email=email)
        known = self._book.known(account.key)
        if known is not None:
            try:
                self._book.opened(KnownAccount(changed, known.address))
            except OSError as failure:
                _log.warning("accounts.json could not be written: %s", type(failure).__name__)
        return changed

    async def sign_in_again(self, account: Account, email: str, password: str) -> None:
        gateway = self.gateway(account)
        if account.is_owner:
            session = await gateway.owner_session()
        else:
            auth = await gateway.auth()
            session = await auth.sign_in(email, password)
        await self.go_on(account, session)

    async def go_on(self, account: Account, session: Session) -> None:
        """Give an open account a new session; one of another user is ended, and ``Refused``."""
        gateway = self.gateway(account)
        if session.user_id != account.user_id:
            with contextlib.suppress(ChatDeskError):
                await (await gateway.auth()).sign_out(session.access_token)
        if session.user_id != account.user_id:
            raise Refused(
                "This is another account than the one that is open here.",
                "Sign in as the one who was signed in, or sign out first.",
                "other_user",
            )
        await gateway.adopt(session)

    async def sign_out(self, account: Account, everywhere: bool) -> bool:
        gateway = self.gateway(account)
        self._note_closed(account)
        told = await gateway.sign_out("global" if everywhere else "local")
        await self._release(account)
        return told

    async def forget(self, account: Account) -> None:
        """Forget an account that is no more: nobody is told, there is nobody to tell."""
        gateway = self.gateway(account)
        self._note_closed(account)
        await gateway.forget()
        await self._release(account)

    async def drop(self, account: Account) -> None:
        """Let go of an account that another window has signed out of; nothing on disk changes."""
        gateway = self._gateways.get(account.key)
        if gateway is not None:
            await gateway.let_go()
        await self._release(account)

    def do_without_vault(self) -> None:
        self._secrets.do_without()

    async def _session(self, address: BackendAddress, request: SignInRequest) -> Session:
        from chatdesk.backend.auth import AuthApi
        from chatdesk.backend.client import BackendClient

        client = BackendClient(address)
        try:
            auth = AuthApi(client, self._clock)
            if not request.create:
                return await auth.sign_in(request.email, request.password)
            session = await auth.sign_up(request.email, request.password)
        finally:
            await client.close()
        if session is None:
            raise Refused(
                "The account was made, but its e-mail address is not confirmed yet.",
                "Open the message you were sent, then sign in.",
                "email_not_confirmed",
            )
        return session

    def _open(self, account: Account, address: BackendAddress, gateway: Gateway) -> Account:
        if account.key in self._gateways:
            # An engine may still run on the old one until the account is opened anew.
            self._replaced.append(self._gateways[account.key])
        self._gateways[account.key] = gateway
        self._note_opened(KnownAccount(account, address))
        return account

    def _note_opened(self, known: KnownAccount) -> None:
        try:
            self._book.opened(known)
        except OSError as failure:
            raise Misconfigured(
                f"The account could not be noted: {failure.strerror}.", "Check the data directory."
            ) from failure

    def _gateway(self, key: str, address: BackendAddress) -> Gateway:
        return Gateway(
            address,
            account_key=key,
            directory=self._data / "accounts" / key,
            backend_home=self._data / "local",
            secrets=self._secrets,
            clock=self._clock,
            linger=self._linger,
            memory=self._sessions[key],
            ears=Ears(
                self._vault_missing,
                lambda: self._tell(self.on_server_newer, key),
                lambda: self._tell(self.on_account_gone, key),
            ),
        )

    @staticmethod
    def _tell(ear: Callable[[str], None] | None, key: str) -> None:
        if ear is not None:
            ear(key)

    def _vault_missing(self, failure: VaultUnavailable) -> None:
        if self.on_vault_missing is not None:
            self.on_vault_missing(failure)
