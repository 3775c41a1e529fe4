"""Who shares a conversation, and what is open between people: rosters, invitations, links."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qs, quote, urlsplit

from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.errors import BadInput


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a conversation; what is only theirs, such as pins, is not in it."""

    user_id: str
    role: MemberRole
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class OpenInvite:
    """An invitation that its conversation's owner can still withdraw.

    ``to`` is what the owner typed for a person, or None for a link; ``max_uses`` is None when only time ends
    the link.
    """

    id: str
    to: str | None
    role: MemberRole
    uses: int
    max_uses: int | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Roster:
    """The members of a conversation, the first to come first; ``invites`` only its owner knows."""

    conversation_id: str
    revision: int
    members: tuple[Member, ...]
    invites: tuple[OpenInvite, ...] = ()

    @property
    def is_shared(self) -> bool:
        """Tell whether more than one person is in it."""
        return len(self.members) > 1

    def role_of(self, user_id: str) -> MemberRole | None:
        return next((member.role for member in self.members if member.user_id == user_id), None)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that the user received and has not answered; ``inviter`` is a name, if there is one."""

    id: str
    conversation_id: str
    title: str
    role: MemberRole
    inviter: str | None
    revision: int
    created_at: datetime
    expires_at: datetime


class SharingKind(StrEnum):
    """What people do with each other; each value is the name of the RPC that carries it out."""

    INVITE = "invite_person"
    LINK = "create_link"
    REVOKE = "revoke_invite"
    ACCEPT = "accept_invite"
    DECLINE = "decline_invite"
    JOIN = "join_by_link"
    SET_ROLE = "set_member_role"
    REMOVE = "remove_member"
    HAND_OVER = "hand_over"


# Links ------------------------------------------------------------------------------------------------------

_SCHEME = "chatdesk"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def new_token() -> str:
    """Return a secret of 32 random bytes as text (base64url): what a link hands out."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


def token_hash(token: str) -> str:
    """Return what the server may know of a secret: its SHA-256, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(token: str, project: str | None) -> str:
    """Return the link that hands out ``token``; ``project`` is the address where it is good, if any."""
    at = f"?at={quote(project, safe='')}" if project else ""
    return f"{_SCHEME}://join/{token}{at}"


def read_link(text: str, project: str | None) -> str:
    """Return the secret of a link or code that somebody pasted; raises ``BadInput``.

    ``project`` is the address of the account that would join: a link of another project is good there only.
    """
    found = re.search(rf"{_SCHEME}://\S+", text.strip(), re.IGNORECASE)
    if found is None:
        token, at = text.strip().strip("<>\"'"), None
    else:
        parts = urlsplit(found[0].rstrip(">\"').,;"))
        token = parts.path.strip("/")
        at = parse_qs(parts.query).get("at", [None])[0]
    if not _TOKEN.match(token):
        raise BadInput(
            "This is not a link or code of a conversation.", "Copy all of it from the person who invited you."
        )
    if at is not None and at.rstrip("/") != (project or "").rstrip("/"):
        raise BadInput(
            f"This link is for another project: {urlsplit(at).hostname or at}.",
            "Sign in there first, then paste the link again.",
        )
    return token
