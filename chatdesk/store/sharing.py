"""The tables of rosters and of received invitations.

Both are read as a whole and never searched, so a row is its JSON. An invitation that is not open any more
stays as a row without one: a late, older row must not bring it back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.sharing import Invitation, Member, OpenInvite, Roster
from chatdesk.store.connection import Database
from chatdesk.store.rows import decoding, time_text

_MERGE_ROSTER = (
    "INSERT INTO rosters VALUES (?, ?, ?) ON CONFLICT (conversation_id) DO UPDATE SET"
    " revision = excluded.revision, body = excluded.body WHERE excluded.revision >= rosters.revision"
)
_MERGE_INVITATION = (
    "INSERT INTO invitations VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " revision = excluded.revision, body = excluded.body WHERE excluded.revision > invitations.revision"
)


def read_roster(cache: Database, conversation_id: str) -> Roster | None:
    row = cache.row("SELECT body FROM rosters WHERE conversation_id = ?", (conversation_id,))
    with decoding():
        return None if row is None else _roster(json.loads(row[0]))


def read_rosters(cache: Database) -> list[Roster]:
    found = cache.rows("SELECT body FROM rosters")
    with decoding():
        return [_roster(json.loads(row[0])) for row in found]


def merge_roster(cache: Database, row: Roster) -> None:
    """Store the roster unless the stored one is newer; the same number may say more to a new owner."""
    cache.execute(_MERGE_ROSTER, (row.conversation_id, row.revision, json.dumps(_roster_body(row))))


def remove_roster(cache: Database, conversation_id: str) -> None:
    cache.execute("DELETE FROM rosters WHERE conversation_id = ?", (conversation_id,))


def read_invitation(cache: Database, invitation_id: str) -> Invitation | None:
    """Return the invitation if it is open."""
    row = cache.row("SELECT body FROM invitations WHERE id = ?", (invitation_id,))
    with decoding():
        return None if row is None or row[0] is None else _invitation(json.loads(row[0]))


def read_invitations(cache: Database) -> list[Invitation]:
    """Return those that are open, the oldest first."""
    found = cache.rows("SELECT body FROM invitations WHERE body IS NOT NULL")
    with decoding():
        invitations = [_invitation(json.loads(row[0])) for row in found]
    return sorted(invitations, key=lambda row: (row.created_at, row.id))


def invitation_revision(cache: Database, invitation_id: str) -> int:
    """Return the revision of an invitation, open or not; 0 when it was never heard of."""
    row = cache.row("SELECT revision FROM invitations WHERE id = ?", (invitation_id,))
    return 0 if row is None else int(row[0])


def merge_invitation(cache: Database, row: Invitation) -> None:
    """Store the row if it is newer than the stored one."""
    cache.execute(_MERGE_INVITATION, (row.id, row.revision, json.dumps(_invitation_body(row))))


def end_invitation(cache: Database, invitation_id: str, revision: int) -> None:
    """Note that an invitation is not open any more."""
    cache.execute(_MERGE_INVITATION, (invitation_id, revision, None))


def _roster_body(row: Roster) -> Mapping[str, Any]:
    return {
        "conversation_id": row.conversation_id,
        "revision": row.revision,
        "members": [[m.user_id, m.role.value, time_text(m.joined_at)] for m in row.members],
        "invites": [
            [i.id, i.to, i.role.value, i.uses, i.max_uses, time_text(i.created_at), time_text(i.expires_at)]
            for i in row.invites
        ],
    }


def _roster(body: Mapping[str, Any]) -> Roster:
    return Roster(
        body["conversation_id"],
        body["revision"],
        tuple(Member(m[0], MemberRole(m[1]), _time(m[2])) for m in body["members"]),
        tuple(
            OpenInvite(i[0], i[1], MemberRole(i[2]), i[3], i[4], _time(i[5]), _time(i[6]))
            for i in body["invites"]
        ),
    )


def _invitation_body(row: Invitation) -> Mapping[str, Any]:
    return {
        "id": row.id,
        "conversation_id": row.conversation_id,
        "title": row.title,
        "role": row.role.value,
        "inviter": row.inviter,
        "revision": row.revision,
        "created_at": time_text(row.created_at),
        "expires_at": time_text(row.expires_at),
    }


def _invitation(body: Mapping[str, Any]) -> Invitation:
    return Invitation(
        id=body["id"],
        conversation_id=body["conversation_id"],
        title=body["title"],
        role=MemberRole(body["role"]),
        inviter=body["inviter"],
        revision=body["revision"],
        created_at=_time(body["created_at"]),
        expires_at=_time(body["expires_at"]),
    )


_time = datetime.fromisoformat
