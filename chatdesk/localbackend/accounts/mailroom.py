"""Mails with a code and a link: written here, kept here, read in ChatDesk's own window."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chatdesk.localbackend.accounts.legs import Leg
from chatdesk.localbackend.accounts.settings import AuthSettings
from chatdesk.localbackend.failures import auth_failure

__all__ = [
    "CHANGE_CURRENT",
    "CHANGE_NEW",
    "CONFIRMATION",
    "MAGIC_LINK",
    "REAUTHENTICATION",
    "RECOVERY",
    "Mailroom",
    "Shown",
]

CONFIRMATION = "confirmation"
MAGIC_LINK = "magiclink"
RECOVERY = "recovery"
CHANGE_NEW = "email_change_new"
CHANGE_CURRENT = "email_change_current"
REAUTHENTICATION = "reauthentication"

_LINK_TYPES = {
    CONFIRMATION: "signup",
    MAGIC_LINK: "magiclink",
    RECOVERY: "recovery",
    CHANGE_NEW: "email_change",
    CHANGE_CURRENT: "email_change",
}
_MOST_WRONG = 10
"""Wrong codes after which a code is worthless: a stranger's chance is one in a hundred thousand."""

_KEPT = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """A code or link that somebody had: what it was for and the challenge it was asked for with."""

    user_id: str
    kind: str
    challenge: str | None


class Mailroom:
    """Sends codes and takes them back. All methods work in the caller's transaction.

    ``key`` makes the hashes worthless to who reads the tables only: six digits are soon guessed.
    """

    def __init__(self, key: bytes, settings: AuthSettings) -> None:
        self._key = hashlib.sha256(b"chatdesk one-time codes\0" + key).digest()
        self._settings = settings

    async def send(
        self, connection: Any, user_id: str, kind: str, address: str, leg: Leg, issuer: str
    ) -> None:
        """Write a mail to ``address``; what was sent for the same purpose before counts no longer.

        Raises a 429 ``over_email_send_rate_limit`` failure within the pause after the last one.
        """
        await connection.execute("select from auth.users where id = $1::text::uuid for update", user_id)
        left = await connection.fetchval(
            """select $3::float8 - extract(epoch from clock_timestamp() - max(created_at))::float8
               from auth.mails where user_id = $1::text::uuid and kind = $2""",
            user_id,
            kind,
            self._settings.mail_pause,
        )
        if left is not None and left > 0:
            raise auth_failure(
                429,
                "over_email_send_rate_limit",
                f"For security purposes, you can only request this after {math.ceil(left)} seconds.",
            )
        code, link = f"{secrets.randbelow(1_000_000):06d}", secrets.token_urlsafe(32)
        await connection.execute(
            """insert into auth.one_time_tokens (user_id, kind, address, code_hash, link_hash, challenge)
               values ($1::text::uuid, $2, $3, $4, $5, $6)
               on conflict (user_id, kind) do update set address = excluded.address,
                   code_hash = excluded.code_hash, link_hash = excluded.link_hash,
                   challenge = excluded.challenge, wrong = 0, created_at = clock_timestamp()""",
            user_id,
            kind,
            address,
            self._hash(user_id, kind, code),
            self._hash("link", "", link),
            leg.challenge,
        )
        await connection.execute(
            """insert into auth.mails (user_id, address, kind, code, link)
               values ($1::text::uuid, $2, $3, $4, $5)""",
            user_id,
            address,
            kind,
            code,
            self._address(kind, link, leg, issuer),
        )
        await connection.execute(
            """delete from auth.mails
               where id <= (select max(id) from auth.mails) - $1 or created_at < now() - interval '1 day'""",
            _KEPT,
        )

    async def take(
        self, connection: Any, user_id: str, kinds: tuple[str, ...], address: str, code: str
    ) -> Shown | None:
        """Use up a code; None when there is no such code, it is too old or was guessed at too often.

        A wrong one is counted, so the caller commits in any case.
        """
        rows = await connection.fetch(
            """select id, kind, code_hash, challenge from auth.one_time_tokens
               where user_id = $1::text::uuid and kind = any($2) and address = $3 and wrong < $4
                 and created_at > clock_timestamp() - make_interval(secs => $5)
               for update""",
            user_id,
            list(kinds),
            address,
            _MOST_WRONG,
            self._settings.code_life,
        )
        for row in rows:
            if hmac.compare_digest(row["code_hash"], self._hash(user_id, row["kind"], code)):
                await connection.execute("delete from auth.one_time_tokens where id = $1", row["id"])
                return Shown(user_id, row["kind"], row["challenge"])
        await connection.execute(
            "update auth.one_time_tokens set wrong = wrong + 1 where id = any($1)",
            [row["id"] for row in rows],
        )
        return None

    async def take_link(self, connection: Any, link: str) -> Shown | None:
        """Use up a link; None when it is unknown, used or too old."""
        row = await connection.fetchrow(
            """delete from auth.one_time_tokens
               where link_hash = $1 and created_at > clock_timestamp() - make_interval(secs => $2)
               returning user_id::text as user_id, kind, challenge""",
            self._hash("link", "", link),
            self._settings.code_life,
        )
        return None if row is None else Shown(row["user_id"], row["kind"], row["challenge"])

    async def waits(self, connection: Any, user_id: str, kind: str) -> bool:
        """Whether a code of this purpose is still to be shown."""
        return bool(
            await connection.fetchval(
                "select true from auth.one_time_tokens where user_id = $1::text::uuid and kind = $2",
                user_id,
                kind,
            )
        )

    async def mails(self, connection: Any) -> list[dict[str, Any]]:
        """The newest mails first."""
        rows = await connection.fetch(
            """select id, address, kind, code, link, created_at from auth.mails
               where created_at > now() - interval '1 day' order by id desc limit $1""",
            _KEPT,
        )
        return [
            {
                "id": row["id"],
                "to": row["address"],
                "kind": row["kind"],
                "code": row["code"],
                "link": row["link"],
                "sent_at": row["created_at"].isoformat(),
            }
            for row in rows
        ]

    def _hash(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\0".join(parts).encode("utf-8", "replace"), "sha256")

    @staticmethod
    def _address(kind: str, link: str, leg: Leg, issuer: str) -> str | None:
        if kind not in _LINK_TYPES:
            return None
        query = {"token": link, "type": _LINK_TYPES[kind]}
        if leg.redirect_to is not None:
            query["redirect_to"] = leg.redirect_to
        return f"{issuer}/verify?{urlencode(query)}"
