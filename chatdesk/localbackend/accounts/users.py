"""Rows of auth.users and the JSON that the client libraries want of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson

from chatdesk.localbackend.failures import auth_failure

__all__ = [
    "OWNER_EMAIL",
    "RESERVED_DOMAIN",
    "add_user",
    "change_user",
    "confirm_user",
    "find_user",
    "find_user_by_email",
    "normal_email",
    "open_address",
    "user_json",
]

# An account that only the owner of this computer gets, by the control token; nobody can sign up below it.
RESERVED_DOMAIN = "this-computer.local"
OWNER_EMAIL = f"owner@{RESERVED_DOMAIN}"

_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f.]+(?:\.[^@\s\x00-\x1f.]+)*")
_FIELDS = """id::text, aud, role, email, encrypted_password, email_confirmed_at, last_sign_in_at,
    raw_app_meta_data::text as app, raw_user_meta_data::text as own, is_anonymous, created_at, updated_at,
    email_change, (
        select coalesce(jsonb_agg(to_jsonb(i) order by i.created_at), '[]')::text
        from auth.identities i where i.user_id = users.id
    ) as elsewhere"""


def normal_email(text: object) -> str:
    """The address in lower case; raises a 400 ``validation_failed`` failure when it is none."""
    if not isinstance(text, str) or len(text) > 255 or not _EMAIL.fullmatch(text.strip()):
        raise auth_failure(400, "validation_failed", "Unable to validate email address: invalid format")
    return text.strip().lower()


def open_address(text: object) -> str:
    """The same, for an address that somebody wants an account for: this computer's own is refused."""
    address = normal_email(text)
    if address.endswith(f"@{RESERVED_DOMAIN}"):
        raise auth_failure(400, "email_address_invalid", f"Email address {address!r} is reserved")
    return address


async def find_user(connection: Any, user_id: str) -> Any | None:
    """The user's row by id."""
    return await connection.fetchrow(
        f"select {_FIELDS} from auth.users where id = $1::text::uuid and deleted_at is null", user_id
    )


async def find_user_by_email(connection: Any, email: str) -> Any | None:
    """The user's row by address."""
    return await connection.fetchrow(
        f"select {_FIELDS} from auth.users where lower(email) = $1 and deleted_at is null", email
    )


async def add_user(
    connection: Any,
    email: str,
    password_hash: str | None,
    app: Mapping[str, Any],
    own: Mapping[str, Any],
    *,
    confirmed: bool = True,
) -> Any:
    """A new user's row. Raises a 422 ``user_already_exists`` failure when the address is taken."""
    try:
        return await connection.fetchrow(
            f"""insert into auth.users (email, encrypted_password, email_confirmed_at, raw_app_meta_data,
                                        raw_user_meta_data)
                values ($1, $2, case when $5 then now() end, $3::jsonb, $4::jsonb)
                returning {_FIELDS}""",
            email,
            password_hash,
            orjson.dumps(app).decode(),
            orjson.dumps(own).decode(),
            confirmed,
        )
    except asyncpg.UniqueViolationError as taken:
        raise auth_failure(422, "user_already_exists", "User already registered") from taken


async def confirm_user(connection: Any, user_id: str) -> None:
    """Note that somebody has read a mail to the user's address."""
    await connection.execute(
        """update auth.users set email_confirmed_at = coalesce(email_confirmed_at, now()), updated_at = now()
           where id = $1::text::uuid""",
        user_id,
    )


async def change_user(
    connection: Any, user_id: str, email: str | None, password_hash: str | None, own: Mapping[str, Any]
) -> Any:
    """The changed user's row; None and {} change nothing, a null in ``own`` removes that key."""
    try:
        return await connection.fetchrow(
            f"""update auth.users set email = coalesce($2, email),
                    encrypted_password = coalesce($3, encrypted_password),
                    raw_user_meta_data = jsonb_strip_nulls(raw_user_meta_data || $4::jsonb),
                    updated_at = now()
                where id = $1::text::uuid and deleted_at is null returning {_FIELDS}""",
            user_id,
            email,
            password_hash,
            orjson.dumps(own).decode(),
        )
    except asyncpg.UniqueViolationError as taken:
        raise auth_failure(
            422, "email_exists", "A user with this email address has already been registered"
        ) from taken


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def user_json(row: Any) -> dict[str, Any]:
    """The user as ``supabase_auth.types.User`` reads it."""
    confirmed, email = _shown(row["email_confirmed_at"]), row["email"] or ""
    created, updated = _shown(row["created_at"]), _shown(row["updated_at"])
    signed_in = _shown(row["last_sign_in_at"])
    app = orjson.loads(row["app"])
    identity = {
        "identity_id": row["id"],
        "id": row["id"],
        "user_id": row["id"],
        "identity_data": {
            "sub": row["id"],
            "email": email,
            "email_verified": confirmed is not None,
            "phone_verified": False,
        },
        "provider": "email",
        "last_sign_in_at": signed_in,
        "created_at": created,
        "updated_at": updated,
        "email": email,
    }
    with_mail = bool(email) and "email" in app.get("providers", ())
    user = {
        "id": row["id"],
        "aud": row["aud"],
        "role": row["role"],
        "email": email,
        "email_confirmed_at": confirmed,
        "confirmed_at": confirmed,
        "phone": "",
        "last_sign_in_at": signed_in,
        "app_metadata": app,
        "user_metadata": orjson.loads(row["own"]),
        "identities": [
            *([identity] if with_mail else []),
            *(_identity_json(each) for each in orjson.loads(row["elsewhere"])),
        ],
        "created_at": created,
        "updated_at": updated,
        "is_anonymous": row["is_anonymous"],
    }
    if row["email_change"]:
        user["new_email"] = row["email_change"]
    return user


def _identity_json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "identity_id": row["user_id"],
        "id": row["provider_id"],
        "user_id": row["user_id"],
        "identity_data": row["identity_data"],
        "provider": row["provider"],
        "last_sign_in_at": row["last_sign_in_at"],
        "created_at": row["created_at"],
        "updated_at": row["last_sign_in_at"],
        "email": row["identity_data"].get("email"),
    }
