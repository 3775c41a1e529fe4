"""What a phx_join asks for, and why it is refused."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import asyncpg

from chatdesk.localbackend.database import UNREACHABLE
from chatdesk.localbackend.realtime.authority import Authority, Rights
from chatdesk.localbackend.realtime.frames import PREFIX, Frame
from chatdesk.localbackend.tokens import Caller, TokenRefused, Tokens

__all__ = ["JoinRefused", "JoinRequest", "authorised", "confirmed", "read_join"]


class JoinRefused(Exception):
    """The text is the reason in the reply: a code, a colon and a sentence."""


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """The configuration of a join, checked."""

    name: str
    ack: bool
    hears_itself: bool
    presence_key: str
    presence_enabled: bool
    token: str


def read_join(frame: Frame, anon_key: str) -> JoinRequest:
    """Read the payload of a phx_join; raises ``JoinRefused`` for what the embedded back end does not have."""
    if not frame.topic.startswith(PREFIX):
        raise JoinRefused("unmatched topic")
    name = frame.topic.removeprefix(PREFIX)
    if not name:
        raise JoinRefused("TopicNameRequired: You must provide a topic name")
    config = _object(frame.payload.get("config"))
    broadcast, presence = _object(config.get("broadcast")), _object(config.get("presence"))
    if config.get("postgres_changes"):
        raise JoinRefused(
            "PostgresChangesNotSupported: The embedded back end has no postgres_changes; use broadcasts from "
            "the database (realtime.send) on a private channel"
        )
    if not config.get("private"):
        raise JoinRefused("PrivateOnly: This project only allows private channels")
    if broadcast.get("replay"):
        raise JoinRefused("ReplayNotSupported: The embedded back end does not replay broadcasts")
    token = frame.payload.get("access_token")
    if not isinstance(token, str) or not token or token.startswith("sb_"):
        token = anon_key
    key = presence.get("key")
    return JoinRequest(
        name=name,
        ack=broadcast.get("ack") is True,
        hears_itself=broadcast.get("self") is True,
        presence_key=key if isinstance(key, str) and key else str(uuid.uuid4()),
        presence_enabled=presence.get("enabled") is True,
        token=token,
    )


def confirmed(tokens: Tokens, token: str) -> Caller:
    """Who shows ``token``; raises ``JoinRefused``."""
    try:
        return tokens.verify(token)
    except TokenRefused as refused:
        code = "JwtSignatureError" if "Signature" in str(refused) else "InvalidJWTToken"
        raise JoinRefused(f"{code}: {refused}") from refused


async def authorised(authority: Authority, caller: Caller, name: str, *, presence: bool) -> Rights:
    """The caller's rights; raises ``JoinRefused`` when it may read nothing or the database is away."""
    try:
        rights = await authority.rights(caller, name, presence=presence)
    except UNREACHABLE as error:
        raise JoinRefused(
            "UnableToConnectToProject: Realtime was unable to connect to the project database"
        ) from error
    except asyncpg.PostgresError as error:
        raise JoinRefused(f"UnableToSetPolicies: {error}") from error
    if not rights.reads:
        raise JoinRefused(
            f"Unauthorized: You do not have permissions to read from this Channel topic: {name}"
        )
    return rights


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
