"""The ways into an account on one back end, and the way to change them once one is in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from chatdesk.app.accounts import NOWHERE, MachineAccounts
from chatdesk.app.gateway import TELL_SECONDS, Gateway
from chatdesk.app.slow_import import Part, imported
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn
from chatdesk.domain.session import Account, BackendAddress, BackendKind, Session
from chatdesk.domain.sign_in import LocalMail, MailPurpose, Offers, SignInPlace
from chatdesk.language.door import _

if TYPE_CHECKING:
    from chatdesk.backend.auth_flows import AuthFlows
    from chatdesk.backend.loopback_listener import LoopbackListener

BROWSER_SECONDS = 600.0
MAIL_SECONDS = 3600.0
"""How long a browser may take: as long as Auth keeps what it is to bring back."""


class BackEndEntrance:
    """The ``Entrance`` port for one place. A session that came in stays here until it is admitted."""

    def __init__(self, accounts: MachineAccounts, place: SignInPlace) -> None:
        self._accounts = accounts
        self._place = place
        self._address: BackendAddress = NOWHERE
        self._gateway: Gateway | None = None
        self._listener: LoopbackListener | None = None
        self._patience = BROWSER_SECONDS
        self._verifier = ""
        self._session: Session | None = None
        self._tried = False
        self._turn = asyncio.Lock()

    async def offers(self) -> Offers | None:
        return await (await self._flows()).offers()

    async def sign_in(self, email: str, password: str) -> bool:
        self._session = await (await self._flows()).sign_in(email, password)
        return True

    async def sign_up(self, email: str, password: str) -> bool:
        flows = await self._flows()

        async def request(back: str | None) -> str:
            started = await flows.start_sign_up(email, password, back)
            self._session = started.session
            return started.verifier

        await self._sent_out(request)
        return self._session is not None

    async def send_code(self, email: str, create: bool) -> None:
        flows = await self._flows()
        await self._sent_out(lambda back: flows.send_code(email, create, back))

    async def send_reset(self, email: str) -> None:
        flows = await self._flows()
        await self._sent_out(lambda back: flows.send_reset(email, back))

    async def enter_code(self, email: str, code: str, purpose: MailPurpose) -> bool:
        self._session = await (await self._flows()).verify(email, code, purpose)
        return self._session is not None

    async def provider_page(self, provider: str) -> str:
        flows = await self._flows()
        listener = await self._opened_listener()
        try:
            page, verifier = await flows.provider_page(provider, listener.redirect_to)
        except BaseException:
            await listener.close()
            raise
        await self._expect(listener, BROWSER_SECONDS, verifier)
        return page

    async def browser_came(self) -> None:
        from chatdesk.backend.auth_failures import from_browser

        listener, verifier = self._listener, self._verifier
        if listener is None:
            await asyncio.Future()  # there is no way back: the code of the mail is the only way in
            return
        arrival = await listener.arrival(self._patience)
        if arrival.code is None:
            raise from_browser(arrival.error, arrival.error_code)
        self._session = await (await self._flows()).exchange(arrival.code, verifier)

    async def choose_password(self, password: str) -> None:
        await (await self._flows()).change_password(self._require().access_token, password)

    async def admit(self) -> Account:
        session, account = self._require(), self._place.account
        self._tried = True
        if account is None:
            address = NOWHERE if self._place.kind is BackendKind.LOCAL else self._address
            return await self._accounts.admit(address, session)
        await self._accounts.go_on(account, session)
        return account

    async def mails(self) -> tuple[LocalMail, ...]:
        await self._flows()
        return await self._gateway.mails() if self._gateway is not None else ()

    async def close(self) -> None:
        await self._shut()
        if self._session is not None and not self._tried:
            with contextlib.suppress(ChatDeskError, TimeoutError):
                async with asyncio.timeout(TELL_SECONDS):
                    await (await self._flows()).sign_out(self._session.access_token)
        if self._gateway is not None and self._place.account is None:
            await self._gateway.close()

    async def _flows(self) -> AuthFlows:
        """Reach the back end, the first time after a look whether it is one."""
        async with self._turn:
            if self._gateway is None:
                self._gateway = await self._reached()
        return await self._gateway.flows()

    async def _reached(self) -> Gateway:
        place = self._place
        if place.account is not None:
            return self._accounts.gateway(place.account)
        if place.kind is BackendKind.SUPABASE:
            await imported(Part.REQUESTS)
            from chatdesk.backend.check import check_project, clean_address

            address = clean_address(place.url, place.api_key)
            await check_project(address)
            self._address = address
        return self._accounts.scratch(self._address)

    async def _sent_out(self, request: Callable[[str | None], Awaitable[str]]) -> None:
        """Have a mail sent whose link leads back here; where this computer has no way, its code is enough.

        A mail that was not sent leaves everything as it was: the link of the one before still works.
        """
        listener: LoopbackListener | None = None
        with contextlib.suppress(ChatDeskError):
            listener = await self._opened_listener()
        try:
            verifier = await request(listener.redirect_to if listener is not None else None)
        except BaseException:
            if listener is not None:
                await listener.close()
            raise
        await self._expect(listener, MAIL_SECONDS, verifier)

    async def _opened_listener(self) -> LoopbackListener:
        from chatdesk.backend.loopback_listener import LoopbackListener

        return await LoopbackListener.opened(
            _("Back to ChatDesk"), _("You can close this page. ChatDesk goes on by itself.")
        )

    async def _expect(self, listener: LoopbackListener | None, patience: float, verifier: str) -> None:
        await self._shut()
        self._listener, self._patience, self._verifier = listener, patience, verifier

    async def _shut(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.close()

    def _require(self) -> Session:
        if self._session is None:
            raise NeedsSignIn("Nobody is signed in.", "Sign in.", code="signed_out")
        return self._session


class OpenAccountRights:
    """The ``AccessRights`` port of an open account."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def change_email(self, email: str) -> bool:
        return await (await self._gateway.flows()).change_email(await self._gateway.access_token(), email)

    async def confirm_email(self, address: str, code: str) -> bool:
        flows = await self._gateway.flows()
        session = await flows.verify(address, code, MailPurpose.NEW_ADDRESS)
        if session is None:
            return False
        # The account has a session; this one has nobody to keep it.
        with contextlib.suppress(ChatDeskError):
            await flows.sign_out(session.access_token)
        return True

    async def email(self) -> str:
        flows = await self._gateway.flows()
        _user_id, email = await flows.get_user(await self._gateway.access_token())
        return email or ""

    async def change_password(self, password: str, nonce: str) -> None:
        token = await self._gateway.access_token()
        await (await self._gateway.flows()).change_password(token, password, nonce)

    async def send_nonce(self) -> None:
        await (await self._gateway.flows()).send_nonce(await self._gateway.access_token())

    async def end_others(self) -> None:
        await (await self._gateway.flows()).sign_out(await self._gateway.access_token(), "others")

    async def mails(self) -> tuple[LocalMail, ...]:
        return await self._gateway.mails()
