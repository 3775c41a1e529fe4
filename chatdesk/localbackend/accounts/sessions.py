"""Sessions: an access token of an hour and a refresh token that is good for one use.

A refresh token is random, its successor is derived from it with a key of this installation. Only hashes are
stored, and still a client whose answer was lost gets the very successor that it missed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any

from chatdesk.localbackend.accounts.users import find_user, user_json
from chatdesk.localbackend.failures import auth_failure
from chatdesk.localbackend.tokens import Tokens

__all__ = ["Sessions"]

_LONGEST_CHAIN = 64


class Sessions:
    """Starts, renews and ends sessions.

    ``secret`` keys the chain of refresh tokens; ``reuse_seconds`` is how long a used one is forgiven whatever
    came after it. The direct parent of the active one is forgiven always: its answer may have been lost.
    """

    def __init__(self, tokens: Tokens, secret: bytes, reuse_seconds: float = 10.0) -> None:
        self._tokens = tokens
        self._key = hashlib.sha256(b"chatdesk refresh tokens\0" + secret).digest()
        self._reuse_seconds = reuse_seconds

    async def start(
        self, connection: Any, user_id: str, method: str, agent: str | None, issuer: str
    ) -> dict[str, Any]:
        """A new session of the user as session JSON; ``method`` is what was shown (password, ...)."""
        session_id = await connection.fetchval(
            "insert into auth.sessions (user_id, user_agent) values ($1::text::uuid, $2) returning id::text",
            user_id,
            agent,
        )
        await connection.execute(
            "update auth.users set last_sign_in_at = now() where id = $1::text::uuid", user_id
        )
        token = _encoded(secrets.token_bytes(24))
        await connection.execute(
            """insert into auth.refresh_tokens (token_hash, session_id, user_id)
               values ($1, $2::text::uuid, $3::text::uuid)""",
            _hash(token),
            session_id,
            user_id,
        )
        return await self._answer(connection, user_id, session_id, token, method, issuer)

    async def renew(self, connection: Any, token: str, issuer: str) -> dict[str, Any] | None:
        """The session that ``token`` renews, or None when the token was used up.

        None means that the whole family has been revoked; the caller commits that and then refuses with
        ``used_up``. Raises a 400 ``refresh_token_not_found`` failure for an unknown token.
        """
        session_id = await connection.fetchval(
            "select session_id::text from auth.refresh_tokens where token_hash = $1", _hash(token)
        )
        # The lock makes one of several refreshes with the same token; the row is read after it.
        if session_id is None or not await connection.fetchval(
            "select true from auth.sessions where id = $1::text::uuid for update", session_id
        ):
            raise auth_failure(
                400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found"
            )
        row = await connection.fetchrow(
            """select id, user_id::text as user_id, revoked_at is not null as used,
                      coalesce(extract(epoch from clock_timestamp() - revoked_at), 0)::float8 as age
               from auth.refresh_tokens where token_hash = $1""",
            _hash(token),
        )
        if not row["used"]:
            active = await self._rotate(connection, row, session_id, token)
        else:
            found = await self._successor(connection, row, session_id, token)
            if found is None:
                await connection.execute(
                    """update auth.refresh_tokens set revoked_at = coalesce(revoked_at, now())
                       where session_id = $1::text::uuid""",
                    session_id,
                )
                return None
            active = found
        return await self._answer(connection, row["user_id"], session_id, active, "password", issuer)

    @staticmethod
    def used_up() -> Exception:
        """The refusal of a token whose family has been revoked."""
        return auth_failure(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")

    async def exists(self, connection: Any, session_id: str) -> bool:
        """Whether the session has not been signed out."""
        return bool(
            await connection.fetchval("select true from auth.sessions where id::text = $1", session_id)
        )

    async def end(self, connection: Any, user_id: str, session_id: str, scope: str) -> None:
        """Sign out: ``global`` all sessions of the user, ``local`` this one, ``others`` all but this one."""
        condition = {"global": "true", "local": "id::text = $2", "others": "id::text <> $2"}[scope]
        await connection.execute(
            f"""delete from auth.sessions
                where user_id = $1::text::uuid and $2::text is not null and {condition}""",
            user_id,
            session_id,
        )

    async def _rotate(self, connection: Any, row: Any, session_id: str, token: str) -> str:
        child = self._child(token)
        await connection.execute(
            "update auth.refresh_tokens set revoked_at = clock_timestamp() where id = $1", row["id"]
        )
        await connection.execute(
            """insert into auth.refresh_tokens (token_hash, parent, session_id, user_id)
               values ($1, $2, $3::text::uuid, $4::text::uuid)""",
            _hash(child),
            row["id"],
            session_id,
            row["user_id"],
        )
        await connection.execute(
            "update auth.sessions set refreshed_at = now() where id = $1::text::uuid", session_id
        )
        return child

    async def _successor(self, connection: Any, row: Any, session_id: str, token: str) -> str | None:
        """The active token of the session if ``token`` may still be answered with it."""
        active = await connection.fetchrow(
            """select parent, token_hash from auth.refresh_tokens
               where session_id = $1::text::uuid and revoked_at is null order by id desc limit 1""",
            session_id,
        )
        if active is None:
            return None
        if active["parent"] != row["id"] and row["age"] > self._reuse_seconds:
            return None
        for _ in range(_LONGEST_CHAIN):
            token = self._child(token)
            if hmac.compare_digest(_hash(token), active["token_hash"]):
                return token
        return None

    def _child(self, token: str) -> str:
        return _encoded(hmac.digest(self._key, token.encode("utf-8", "replace"), "sha256")[:24])

    async def _answer(
        self, connection: Any, user_id: str, session_id: str, refresh_token: str, method: str, issuer: str
    ) -> dict[str, Any]:
        row = await find_user(connection, user_id)
        if row is None:
            raise auth_failure(403, "user_not_found", "User from sub claim in JWT does not exist")
        user = user_json(row)
        now = int(time.time())
        claims = {
            "iss": issuer,
            "sub": user_id,
            "aud": user["aud"],
            "exp": now + self._tokens.lifetime,
            "iat": now,
            "email": user["email"],
            "phone": "",
            "app_metadata": user["app_metadata"],
            "user_metadata": user["user_metadata"],
            "role": user["role"],
            "aal": "aal1",
            "amr": [{"method": method, "timestamp": now}],
            "session_id": session_id,
            "is_anonymous": user["is_anonymous"],
        }
        return {
            "access_token": self._tokens.sign(claims),
            "token_type": "bearer",
            "expires_in": self._tokens.lifetime,
            "expires_at": now + self._tokens.lifetime,
            "refresh_token": refresh_token,
            "user": user,
        }


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
