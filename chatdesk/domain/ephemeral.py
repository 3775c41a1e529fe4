"""What is shown but never stored: reply deltas, requests to stop, typing."""

from __future__ import annotations

from dataclasses import dataclass


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


Ephemeral = Delta | StopRequested
