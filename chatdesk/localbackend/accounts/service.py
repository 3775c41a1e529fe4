"""What a person can do with accounts, without HTTP."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from chatdesk.localbackend.accounts.browser_flows import BrowserFlows
from chatdesk.localbackend.accounts.legs import Leg
from chatdesk.localbackend.accounts.mail_flows import MailFlows
from chatdesk.localbackend.accounts.mailroom import CONFIRMATION, Mailroom
from chatdesk.localbackend.accounts.owner import owner_name
from chatdesk.localbackend.accounts.passwords import Passwords
from chatdesk.localbackend.accounts.sessions import Sessions
from chatdesk.localbackend.accounts.settings import AuthSettings
from chatdesk.localbackend.accounts.users import (
    OWNER_EMAIL,
    add_user,
    change_user,
    confirm_user,
    find_user,
    find_user_by_email,
    open_address,
    user_json,
)
from chatdesk.localbackend.database import Database
from chatdesk.localbackend.failures import ReplyFailure, auth_failure
from chatdesk.localbackend.tokens import Caller

__all__ = ["Accounts"]

_EMAIL_PROVIDER = {"provider": "email", "providers": ["email"]}


class Accounts:
    """Sign-up, sign-in, refresh, sign-out and the user's own row. All refusals are reply failures.

    ``agent`` is the program that asks (for the list of sessions), ``issuer`` the address of this service.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sessions: Sessions,
        mailroom: Mailroom,
        settings: AuthSettings,
    ) -> None:
        self._pool = database.auth
        self._passwords = passwords
        self._sessions = sessions
        self._settings = settings
        self._mailroom = mailroom
        self.browser = BrowserFlows()
        self.by_mail = MailFlows(database, mailroom, sessions, self.browser, settings)

    async def sign_up(
        self,
        email: object,
        password: object,
        own: dict[str, Any],
        leg: Leg,
        agent: str | None,
        issuer: str,
    ) -> dict[str, Any]:
        """A new user: with its first session, or alone while a mail waits to be confirmed.

        Where addresses are confirmed, one that is known already gets a made-up user as its answer: who has
        an account is told to nobody. A repeated sign-up sends the mail again and changes no password.
        """
        address, confirm = open_address(email), self._settings.confirm_email
        if not isinstance(password, str) or not password:
            raise auth_failure(400, "validation_failed", "Signup requires a valid password")
        self._passwords.check_strength(password)
        async with self._pool.acquire() as connection:
            row = await find_user_by_email(connection, address)
        if row is not None and row["email_confirmed_at"] is not None:
            if confirm:
                return _made_up(address)
            raise auth_failure(422, "user_already_exists", "User already registered")
        password_hash = await self._passwords.hash(password) if row is None or not confirm else None
        async with self._pool.acquire() as connection, connection.transaction():
            if row is None:
                row = await add_user(
                    connection, address, password_hash, _EMAIL_PROVIDER, own, confirmed=not confirm
                )
            elif not confirm:
                await confirm_user(connection, row["id"])
                row = await change_user(connection, row["id"], None, password_hash, own)
            if not confirm:
                return await self._sessions.start(connection, row["id"], "password", agent, issuer)
            await self._mailroom.send(connection, row["id"], CONFIRMATION, address, leg, issuer)
            return user_json(row)

    async def sign_in(
        self, email: object, password: object, agent: str | None, issuer: str
    ) -> dict[str, Any]:
        """A session for the right password; 400 ``invalid_credentials`` otherwise, whatever was wrong."""
        row = None
        if isinstance(email, str) and isinstance(password, str):
            async with self._pool.acquire() as connection:
                row = await find_user_by_email(connection, email.strip().lower())
            # No connection is held while the hash is computed.
            stored = row["encrypted_password"] if row is not None else None
            if not await self._passwords.matches(password, stored):
                row = None
        if row is None:
            raise auth_failure(400, "invalid_credentials", "Invalid login credentials")
        if row["email_confirmed_at"] is None:
            raise auth_failure(400, "email_not_confirmed", "Email not confirmed")
        async with self._pool.acquire() as connection, connection.transaction():
            return await self._sessions.start(connection, row["id"], "password", agent, issuer)

    async def refresh(self, token: object, issuer: str) -> dict[str, Any]:
        """The renewed session."""
        if not isinstance(token, str) or not token:
            raise auth_failure(400, "validation_failed", "refresh_token required")
        async with self._pool.acquire() as connection, connection.transaction():
            session = await self._sessions.renew(connection, token, issuer)
        if session is None:
            raise self._sessions.used_up()
        return session

    async def trade(self, code: object, verifier: object, agent: str | None, issuer: str) -> dict[str, Any]:
        """The session for a code that a browser brought back, and the secret that never left its asker."""
        if not isinstance(code, str) or not code or not isinstance(verifier, str) or not verifier:
            raise auth_failure(
                400, "validation_failed", "both auth code and code verifier should be non-empty"
            )
        async with self._pool.acquire() as connection, connection.transaction():
            traded = await self.browser.trade(connection, code, verifier)
            if not isinstance(traded, ReplyFailure):
                return await self._sessions.start(connection, *traded, agent, issuer)
        raise traded

    async def user(self, caller: Caller) -> dict[str, Any]:
        """The caller's own user JSON."""
        async with self._pool.acquire() as connection:
            return user_json(await self._own_row(connection, caller))

    async def change(self, caller: Caller, wanted: dict[str, Any], leg: Leg, issuer: str) -> dict[str, Any]:
        """Change the caller's password or data, and begin to change the address.

        Where addresses are confirmed, a new one counts when the mails to it and to the old one are answered.
        A new password ends the user's other sessions.
        """
        own = wanted.get("data") or {}
        email = open_address(wanted["email"]) if wanted.get("email") else None
        password = wanted.get("password")
        if wanted.get("phone"):
            raise auth_failure(400, "phone_provider_disabled", "The embedded back end has no phone numbers")
        if not isinstance(own, dict):
            raise auth_failure(400, "validation_failed", "data must be an object")
        async with self._pool.acquire() as connection:
            row = await self._own_row(connection, caller)
        password_hash = None
        if password is not None:
            await self._require_recent(caller, row, wanted.get("nonce"))
            password_hash = await self._new_hash(password, row)
        session_id = str(caller.claims["session_id"])
        async with self._pool.acquire() as connection, connection.transaction():
            at_once = email if not self._settings.confirm_email else None
            if email is not None and email != row["email"] and at_once is None:
                await self.by_mail.send_change(connection, row, email, leg, issuer)
            row = await change_user(connection, row["id"], at_once, password_hash, own)
            if row is None:
                raise auth_failure(403, "user_not_found", "User from sub claim in JWT does not exist")
            if password_hash is not None:
                await self._sessions.end(connection, row["id"], session_id, "others")
            return user_json(row)

    async def reauthenticate(self, caller: Caller, issuer: str) -> None:
        """Send the caller a code that a change of the password may ask for."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self.by_mail.send_nonce(connection, await self._own_row(connection, caller), issuer)

    async def sign_out(self, caller: Caller, scope: str) -> None:
        """End sessions; ``scope`` is global, local or others."""
        if scope not in ("global", "local", "others"):
            raise auth_failure(400, "validation_failed", f"Unsupported logout scope {scope!r}")
        async with self._pool.acquire() as connection:
            row = await self._own_row(connection, caller)
            await self._sessions.end(connection, row["id"], str(caller.claims["session_id"]), scope)

    async def mint_owner_session(self, agent: str | None, issuer: str) -> dict[str, Any]:
        """A session of the account of whoever owns this computer's data directory; made when missing.

        It has no password: the control token, readable by this OS user only, is its only door.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext('chatdesk local owner'))")
            user_id = await connection.fetchval(
                """select id::text from auth.users
                   where raw_app_meta_data -> 'local_owner' = 'true' and deleted_at is null limit 1"""
            )
            if user_id is None:
                app = {**_EMAIL_PROVIDER, "local_owner": True}
                traits = {"display_name": owner_name()}
                user_id = (await add_user(connection, OWNER_EMAIL, None, app, traits))["id"]
            return await self._sessions.start(connection, user_id, "local_owner", agent, issuer)

    async def _own_row(self, connection: Any, caller: Caller) -> Any:
        session_id = caller.claims.get("session_id")
        if caller.subject is None or not isinstance(session_id, str):
            raise auth_failure(403, "bad_jwt", "invalid claim: missing sub claim")
        row = await find_user(connection, caller.subject)
        if row is None:
            raise auth_failure(403, "user_not_found", "User from sub claim in JWT does not exist")
        if not await self._sessions.exists(connection, session_id):
            raise auth_failure(
                403, "session_not_found", "Session from session_id claim in JWT does not exist"
            )
        return row

    async def _require_recent(self, caller: Caller, row: Any, nonce: object) -> None:
        """Ask for a code where the session is too old for a change of the password."""
        limit = self._settings.recent_session
        if limit is None:
            return
        if nonce:
            if not await self.by_mail.is_nonce(row, nonce):
                raise auth_failure(422, "reauthentication_not_valid", "Nonce has expired or is invalid")
            return
        async with self._pool.acquire() as connection:
            age = await connection.fetchval(
                """select extract(epoch from now() - created_at)::float8 from auth.sessions
                   where id::text = $1""",
                str(caller.claims["session_id"]),
            )
        if age is None or age > limit:
            raise auth_failure(400, "reauthentication_needed", "Password update requires reauthentication")

    async def _new_hash(self, password: object, row: Any) -> str:
        if not isinstance(password, str):
            raise auth_failure(400, "validation_failed", "password must be a text")
        self._passwords.check_strength(password)
        stored = row["encrypted_password"]
        if stored is not None and await self._passwords.matches(password, stored):
            raise auth_failure(
                422, "same_password", "New password should be different from the old password."
            )
        return await self._passwords.hash(password)


def _made_up(address: str) -> dict[str, Any]:
    """A user as a new one looks, whom nobody ever is; without identities, which the client libraries know."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {
        "id": str(uuid.uuid4()),
        "aud": "authenticated",
        "role": "",
        "email": address,
        "phone": "",
        "confirmation_sent_at": now,
        "app_metadata": _EMAIL_PROVIDER,
        "user_metadata": {},
        "identities": [],
        "created_at": now,
        "updated_at": now,
        "is_anonymous": False,
    }
