"""A sign-in that leads through a browser: begun with a challenge, ended by whoever knows its secret."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from chatdesk.localbackend.accounts.legs import matches_challenge
from chatdesk.localbackend.failures import ReplyFailure, auth_failure

__all__ = ["BrowserFlows", "Way"]

_WAY_SECONDS = 600.0
_CODE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Way:
    """A browser that is on its way: through which provider, where to, and for whom."""

    method: str
    redirect_to: str
    challenge: str


class BrowserFlows:
    """Keeps the ways. Everything is good for one use, and only hashes of what travels are kept."""

    async def begin(self, connection: Any, way: Way) -> str:
        """Return the state under which the provider sends the browser back."""
        state = secrets.token_urlsafe(32)
        await connection.execute("delete from auth.flow_states where created_at < now() - interval '1 hour'")
        await connection.execute(
            """insert into auth.flow_states (state_hash, challenge, method, redirect_to)
               values ($1, $2, $3, $4)""",
            _hash(state),
            way.challenge,
            way.method,
            way.redirect_to,
        )
        return state

    async def came_back(self, connection: Any, state: str) -> Way | None:
        """Use up a state; None when nobody was sent away with it, or it was too long ago."""
        row = await connection.fetchrow(
            """delete from auth.flow_states
               where state_hash = $1 and created_at > clock_timestamp() - make_interval(secs => $2)
               returning method, redirect_to, challenge""",
            _hash(state),
            _WAY_SECONDS,
        )
        return None if row is None else Way(row["method"], row["redirect_to"], row["challenge"])

    async def grant(self, connection: Any, user_id: str, way: Way) -> str:
        """Return the code that whoever began may trade for a session of the user."""
        code = secrets.token_urlsafe(32)
        await connection.execute(
            """insert into auth.flow_states (code_hash, challenge, method, redirect_to, user_id)
               values ($1, $2, $3, $4, $5::text::uuid)""",
            _hash(code),
            way.challenge,
            way.method,
            way.redirect_to,
            user_id,
        )
        return code

    async def trade(self, connection: Any, code: object, verifier: object) -> tuple[str, str] | ReplyFailure:
        """Return (user id, method) of a code, or the refusal to raise after the commit.

        A code is used up whoever shows it: a wrong secret means that somebody else has got hold of it.
        """
        row = await connection.fetchrow(
            """delete from auth.flow_states where code_hash = $1
               returning user_id::text as user_id, method, challenge,
                         extract(epoch from clock_timestamp() - created_at)::float8 as age""",
            _hash(str(code)),
        )
        if row is None:
            return auth_failure(404, "flow_state_not_found", "invalid flow state, no valid flow state found")
        if row["age"] > _CODE_SECONDS:
            return auth_failure(403, "flow_state_expired", "invalid flow state, flow state has expired")
        if not matches_challenge(verifier, row["challenge"]):
            return auth_failure(
                400, "bad_code_verifier", "code challenge does not match previously saved code verifier"
            )
        return row["user_id"], row["method"]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
