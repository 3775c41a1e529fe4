"""Rows about people who share a conversation: JSON as it arrives, domain types as they leave."""

from __future__ import annotations

from chatdesk.backend.wire import Fields
from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.sharing import Invitation, Member, OpenInvite, Roster


def roster(value: object) -> Roster:
    """Read a roster; an unknown role counts as the one that may do least."""
    row = Fields(value, "roster")
    return Roster(
        conversation_id=row.id("conversation_id"),
        revision=row.whole("revision"),
        members=tuple(_member(each) for each in row.list("members")),
        invites=tuple(_open_invite(each) for each in row.list("invites")),
    )


def invitation(value: object) -> Invitation:
    """Read an invitation to the user."""
    row = Fields(value, "invitation")
    return Invitation(
        id=row.id("id"),
        conversation_id=row.id("conversation_id"),
        title=row.text("title", 10_000),
        role=row.choice("role", MemberRole, unknown=MemberRole.VIEWER),
        inviter=row.text_or_none("inviter", 1_000),
        revision=row.whole("revision"),
        created_at=row.moment("created_at"),
        expires_at=row.moment("expires_at"),
    )


def _member(value: object) -> Member:
    row = Fields(value, "member")
    return Member(
        user_id=row.id("user_id"),
        role=row.choice("role", MemberRole, unknown=MemberRole.VIEWER),
        joined_at=row.moment("joined_at"),
    )


def _open_invite(value: object) -> OpenInvite:
    row = Fields(value, "invite")
    return OpenInvite(
        id=row.id("id"),
        to=row.text_or_none("to", 1_000),
        role=row.choice("role", MemberRole, unknown=MemberRole.VIEWER),
        uses=row.whole("uses"),
        max_uses=None if row.get("max_uses") is None else row.whole("max_uses"),
        created_at=row.moment("created_at"),
        expires_at=row.moment("expires_at"),
    )
