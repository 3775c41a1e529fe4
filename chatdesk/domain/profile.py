"""A person as others see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """One row of ``profiles``; ``revision`` grows by one with every change of the row.

    The three switches work both ways: whoever does not show presence, typing or how far they have read does
    not see it of others either.
    """

    id: str
    username: str | None
    display_name: str
    avatar_path: str | None
    revision: int
    updated_at: datetime
    shows_presence: bool = True
    shows_typing: bool = True
    shows_reading: bool = True

    @property
    def label(self) -> str:
        """The name to show: display name, else user name, else a neutral word."""
        return self.display_name or self.username or "Someone"
