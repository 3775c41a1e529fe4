"""Changes on their way to the server, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class MutationKind(StrEnum):
    """The changes a user can make; each value is the name of the RPC that carries it out."""

    CREATE_CONVERSATION = "create_conversation"
    UPDATE_CONVERSATION = "update_conversation"
    DELETE_CONVERSATION = "delete_conversation"
    UPDATE_MEMBERSHIP = "update_membership"
    SEND_MESSAGE = "send_message"
    DELETE_MESSAGE = "delete_message"
    UPDATE_PROFILE = "update_profile"
    SAVE_PROVIDER = "save_provider"
    DELETE_PROVIDER = "delete_provider"


PROFILE_LANE = "profile"
PROVIDER_LANE = "providers"
OWN_LANES = frozenset({PROFILE_LANE, PROVIDER_LANE})
"""The lanes that are no conversation's."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One entry of the outbox.

    ``args`` are the RPC's arguments, complete: the optimistic row is re-derived from them after a restart.
    ``lane`` orders entries (first in, first out within a lane, lanes are independent): the conversation's id,
    or one of ``OWN_LANES``. ``entity_id`` is the id of the row that the change is about. ``wants_reply``: a
    model is to answer this message, which outlives the entry (see ``ReplyWish``).
    """

    id: str
    kind: MutationKind
    lane: str
    entity_id: str
    user_id: str
    args: Mapping[str, Any]
    created_at: datetime
    wants_reply: bool = False


@dataclass(frozen=True, slots=True)
class ReplyWish:
    """A message that is accepted and waits for a model to be asked. It is on the disk with its message, and
    goes when the server has said whose call it is."""

    conversation_id: str
    message_id: str


class OutboxState(StrEnum):
    """Where an entry stands; ``BLOCKED`` waits behind a ``FAILED`` entry it depends on."""

    WAITING = "waiting"
    SENDING = "sending"
    FAILED = "failed"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A mutation with its fate so far; ``position`` is its place in the instance's own order."""

    mutation: Mutation
    position: int
    state: OutboxState
    attempts: int = 0
    reason: str | None = None
