"""What is shown but never stored: reply deltas, requests to stop, typing, presence, read marks of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chatdesk.domain.presence import Sighting


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply; ``offset`` counts the characters of the reply before it."""

    conversation_id: str
    message_id: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Someone in the conversation wants the reply ``message_id`` to end."""

    conversation_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody is writing in the conversation, or (``active`` False) has sent it or taken it away.

    ``instance`` is that of ``presence.Sign``.
    """

    conversation_id: str
    user_id: str
    instance: str
    active: bool


@dataclass(frozen=True, slots=True)
class MarksMoved:
    """Somebody read on in the conversation, or members came or went: whoever wants to know asks."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class MemberMarks:
    """How many members a conversation has, and how far those of the others have read who show it.

    ``marks`` is from user id to message number.
    """

    conversation_id: str
    members: int
    marks: Mapping[str, int] = field(default_factory=dict)


Broadcast = Delta | StopRequested | Typing
"""What a client sends to whoever looks at the same conversation."""

Ephemeral = Broadcast | Sighting | MarksMoved | MemberMarks
