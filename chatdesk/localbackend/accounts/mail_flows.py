"""Everything that goes by mail: confirming an address, codes to sign in with, new passwords and addresses."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import asyncpg

from chatdesk.localbackend.accounts.browser_flows import BrowserFlows, Way
from chatdesk.localbackend.accounts.legs import Leg
from chatdesk.localbackend.accounts.mailroom import (
    CHANGE_CURRENT,
    CHANGE_NEW,
    CONFIRMATION,
    MAGIC_LINK,
    REAUTHENTICATION,
    RECOVERY,
    Mailroom,
    Shown,
)
from chatdesk.localbackend.accounts.sessions import Sessions
from chatdesk.localbackend.accounts.settings import AuthSettings
from chatdesk.localbackend.accounts.users import (
    add_user,
    confirm_user,
    find_user_by_email,
    normal_email,
    open_address,
)
from chatdesk.localbackend.database import Database
from chatdesk.localbackend.failures import auth_failure

__all__ = ["MailFlows"]

_EMAIL_PROVIDER = {"provider": "email", "providers": ["email"]}
_KINDS = {
    "signup": (CONFIRMATION,),
    "email": (CONFIRMATION, MAGIC_LINK),
    "magiclink": (MAGIC_LINK, CONFIRMATION),
    "recovery": (RECOVERY,),
    "email_change": (CHANGE_NEW, CHANGE_CURRENT),
}
_TRIES_SECONDS = 300.0

HALF_WAY = {
    "msg": "Confirmation link accepted. Please proceed to confirm link sent to the other email",
    "code": "200",
}


class MailFlows:
    """The requests around mails. All refusals are reply failures."""

    def __init__(
        self,
        database: Database,
        mailroom: Mailroom,
        sessions: Sessions,
        browser: BrowserFlows,
        settings: AuthSettings,
    ) -> None:
        self._pool = database.auth
        self._mailroom = mailroom
        self._sessions = sessions
        self._browser = browser
        self._settings = settings
        self._tries: deque[float] = deque()

    async def send_code(
        self, email: object, create: bool, own: dict[str, Any], leg: Leg, issuer: str
    ) -> None:
        """Send a code and a link to sign in with; an unknown address gets an account if ``create``."""
        address = open_address(email)
        async with self._pool.acquire() as connection, connection.transaction():
            row = await find_user_by_email(connection, address)
            if row is None:
                if not create:
                    raise auth_failure(422, "otp_disabled", "Signups not allowed for otp")
                row = await add_user(connection, address, None, _EMAIL_PROVIDER, own, confirmed=False)
            kind = MAGIC_LINK if row["email_confirmed_at"] is not None else CONFIRMATION
            await self._mailroom.send(connection, row["id"], kind, address, leg, issuer)

    async def send_reset(self, email: object, leg: Leg, issuer: str) -> None:
        """Send a code to choose a new password with; whether the address is known is nobody's business."""
        address = normal_email(email)
        async with self._pool.acquire() as connection, connection.transaction():
            row = await find_user_by_email(connection, address)
            if row is not None and not _is_owner(row):
                await self._mailroom.send(connection, row["id"], RECOVERY, address, leg, issuer)

    async def resend(self, kind: object, email: object, leg: Leg, issuer: str) -> None:
        """Send a mail again that asked to confirm an address."""
        address = normal_email(email)
        if kind not in ("signup", "email_change"):
            raise auth_failure(400, "validation_failed", "Missing one of these types: signup, email_change")
        async with self._pool.acquire() as connection, connection.transaction():
            row = await find_user_by_email(connection, address)
            if row is None:
                return
            if kind == "signup" and row["email_confirmed_at"] is None:
                await self._mailroom.send(connection, row["id"], CONFIRMATION, address, leg, issuer)
            elif kind == "email_change" and row["email_change"]:
                await self.send_change(connection, row, row["email_change"], leg, issuer)

    async def send_change(self, connection: Any, row: Any, address: str, leg: Leg, issuer: str) -> None:
        """Note a new address and ask both to confirm it."""
        other = await find_user_by_email(connection, address)
        if other is not None:
            raise auth_failure(
                422, "email_exists", "A user with this email address has already been registered"
            )
        await self._mailroom.send(connection, row["id"], CHANGE_NEW, address, leg, issuer)
        if self._settings.confirm_both_addresses and row["email"]:
            await self._mailroom.send(connection, row["id"], CHANGE_CURRENT, row["email"], leg, issuer)
        await connection.execute(
            "update auth.users set email_change = $2, updated_at = now() where id = $1::text::uuid",
            row["id"],
            address,
        )

    async def send_nonce(self, connection: Any, row: Any, issuer: str) -> None:
        """Send a code that proves that it is still the same person."""
        await self._mailroom.send(connection, row["id"], REAUTHENTICATION, row["email"], Leg(), issuer)

    async def is_nonce(self, row: Any, nonce: object) -> bool:
        """Use up the code of ``send_nonce``; a wrong one is counted."""
        self._count()
        async with self._pool.acquire() as connection, connection.transaction():
            shown = await self._mailroom.take(
                connection, row["id"], (REAUTHENTICATION,), row["email"], str(nonce)
            )
        return shown is not None

    async def verify(
        self, kind: object, email: object, code: object, agent: str | None, issuer: str
    ) -> dict[str, Any]:
        """The session for a code, or ``HALF_WAY`` when another address has to confirm as well."""
        if not isinstance(kind, str) or kind not in _KINDS:
            raise auth_failure(400, "validation_failed", "Verify requires a known type")
        if not isinstance(code, str) or not code:
            raise auth_failure(400, "validation_failed", "Verify requires a token")
        self._count()
        address = normal_email(email)
        answer = None
        async with self._pool.acquire() as connection, connection.transaction():
            user_id = await connection.fetchval(
                """select id::text from auth.users
                   where (lower(email) = $1 or ($2 and email_change = $1)) and deleted_at is null
                   order by lower(email) = $1 desc limit 1 for update""",
                address,
                kind == "email_change",
            )
            shown = None
            if user_id is not None:
                shown = await self._mailroom.take(connection, user_id, _KINDS[kind], address, code)
            if shown is not None:
                answer = await self._session_for(connection, shown, agent, issuer)
        if answer is None:
            raise auth_failure(403, "otp_expired", "Token has expired or is invalid")
        return answer

    async def verify_hash(self, token_hash: str, agent: str | None, issuer: str) -> dict[str, Any]:
        """The same for what a link carries."""
        self._count()
        async with self._pool.acquire() as connection, connection.transaction():
            shown = await self._mailroom.take_link(connection, token_hash)
            if shown is not None:
                return await self._session_for(connection, shown, agent, issuer)
        raise auth_failure(403, "otp_expired", "Email link is invalid or has expired")

    async def follow_link(self, link: str, redirect_to: str | None) -> dict[str, str]:
        """Do what a link in a mail asks for; returns what its address takes along: code, message or error.

        A session is never put into an address: there is a code for who asked with a challenge, and nothing
        but the confirmation for everybody else.
        """
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                shown = await self._mailroom.take_link(connection, link)
                if shown is None:
                    return _told(auth_failure(403, "otp_expired", "Email link is invalid or has expired"))
                if not await self._settle(connection, shown):
                    return {"message": HALF_WAY["msg"]}
                if shown.challenge is None or redirect_to is None:
                    return {"message": "Confirmed"}
                way = Way("otp", redirect_to, shown.challenge)
                return {"code": await self._browser.grant(connection, shown.user_id, way)}
        except asyncpg.UniqueViolationError:
            return _told(auth_failure(422, "email_exists", "This e-mail address has an account by now"))

    async def mails(self) -> list[dict[str, Any]]:
        """Everything that was sent, newest first."""
        async with self._pool.acquire() as connection:
            return await self._mailroom.mails(connection)

    async def _session_for(
        self, connection: Any, shown: Shown, agent: str | None, issuer: str
    ) -> dict[str, Any]:
        try:
            async with connection.transaction():
                whole = await self._settle(connection, shown)
        except asyncpg.UniqueViolationError as taken:
            raise auth_failure(
                422, "email_exists", "A user with this email address has already been registered"
            ) from taken
        if not whole:
            return dict(HALF_WAY)
        return await self._sessions.start(connection, shown.user_id, "otp", agent, issuer)

    async def _settle(self, connection: Any, shown: Shown) -> bool:
        """Write down what a code proves; False when one more is needed for it."""
        if shown.kind not in (CHANGE_NEW, CHANGE_CURRENT):
            await confirm_user(connection, shown.user_id)
            return True
        other = CHANGE_CURRENT if shown.kind == CHANGE_NEW else CHANGE_NEW
        if await self._mailroom.waits(connection, shown.user_id, other):
            return False
        await connection.execute(
            """update auth.users set email = coalesce(email_change, email), email_change = null,
                   email_confirmed_at = now(), updated_at = now()
               where id = $1::text::uuid""",
            shown.user_id,
        )
        return True

    def _count(self) -> None:
        now = time.monotonic()
        while self._tries and self._tries[0] < now - _TRIES_SECONDS:
            self._tries.popleft()
        if len(self._tries) >= self._settings.code_tries:
            raise auth_failure(429, "over_request_rate_limit", "Request rate limit reached")
        self._tries.append(now)


def _is_owner(row: Any) -> bool:
    return '"local_owner": true' in row["app"]


def _told(failure: Any) -> dict[str, str]:
    return {
        "error": "access_denied",
        "error_code": str(failure.body["code"]),
        "error_description": str(failure.body["message"]),
    }
