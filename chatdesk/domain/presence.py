"""Who is here: what one running instance shows of itself, and what is seen on a topic."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Attention(StrEnum):
    """Whether somebody is at it: ``IDLE`` after some minutes without a key or a movement of the mouse."""

    ONLINE = "online"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Sign:
    """What one instance shows.

    ``instance`` is made up at each start and tells two windows of one person apart. ``device`` (an id that
    stays) and ``name`` are shown on the user's own topic only and empty elsewhere.
    """

    instance: str
    user_id: str
    attention: Attention
    device: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Everybody who is shown on a topic now: on that of a conversation, or on the user's own with ""."""

    conversation_id: str
    signs: tuple[Sign, ...]
