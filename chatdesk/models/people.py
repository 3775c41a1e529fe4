"""What people are called on screen."""

from __future__ import annotations

from chatdesk.domain.profile import Profile
from chatdesk.language.door import _


def copied_name(name: str) -> str:
    """Return what somebody is called whose words were brought along: never like a person here."""
    return _("{name} (copied)").format(name=name)


def name_of(profile: Profile) -> str:
    """Return display name or user name, and for whoever has neither a word in the language in use."""
    return profile.display_name or profile.username or _("Someone")
