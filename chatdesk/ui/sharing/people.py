"""What the sharing widgets know of people, and the words for roles and times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtGui import QImage

from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.sharing import OpenInvite
from chatdesk.language.door import _, ngettext


@dataclass(frozen=True, slots=True)
class Face:
    """A person as shown; ``handle`` is the user name, empty without one."""

    name: str
    handle: str = ""
    picture: QImage | None = None


FaceOf = Callable[[str], Face]
"""Returns the face of a user's id."""


def role_words(role: MemberRole) -> str:
    """Return what a role is called."""
    match role:
        case MemberRole.OWNER:
            return _("Owner")
        case MemberRole.EDITOR:
            return _("Can write")
        case _:
            return _("Can read")


def now() -> datetime:
    """Return the moment from which the time left is counted."""
    return datetime.now(UTC)


def time_left(until: datetime) -> str:
    """Say in round numbers how long something is still good."""
    seconds = (until - now()).total_seconds()
    if seconds < 3600:
        return _("less than an hour left")
    hours = round(seconds / 3600)
    if hours < 48:
        return ngettext("{count} hour left", "{count} hours left", hours).format(count=hours)
    days = round(hours / 24)
    return ngettext("{count} day left", "{count} days left", days).format(count=days)


def invite_words(invite: OpenInvite) -> str:
    """Describe an open invitation in one line below whom it is for."""
    parts = [role_words(invite.role), time_left(invite.expires_at)]
    if invite.to is None and invite.max_uses is not None:
        left = invite.max_uses - invite.uses
        parts.insert(1, ngettext("for {count} person", "for {count} people", left).format(count=left))
    elif invite.to is None:
        parts.insert(1, _("for anybody who has it"))
    return " · ".join(parts)
