"""Conversations and the member's own view of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chatdesk.domain.message import DeliveryState


class MemberRole(StrEnum):
    """What a member may do: owners and editors write, viewers read."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class Answers(StrEnum):
    """Which messages a model answers."""

    ALWAYS = "always"
    MENTIONED = "mentioned"


@dataclass(frozen=True, slots=True)
class Conversation:
    """One row of ``conversations``.

    ``revision`` counts every change of the conversation or of one of its messages; ``last_seq`` is the
    number of its newest message; ``epoch`` names the current channels and grows when a member is removed.
    ``answers`` is None as long as nobody decided: every message, or the mentioning ones once people share it.
    """

    id: str
    owner_id: str | None
    title: str
    model: str | None
    system_prompt: str | None
    temperature: float | None
    last_seq: int
    revision: int
    epoch: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    answers: Answers | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """One row of ``conversation_members``: what is the member's own, such as pins and read marks."""

    conversation_id: str
    user_id: str
    role: MemberRole
    last_read_seq: int
    pinned: bool
    archived: bool
    revision: int


@dataclass(frozen=True, slots=True)
class ConversationEntry:
    """A conversation as its member's list shows it.

    ``delivery`` is ``SENT`` unless a change of the conversation waits in this instance's outbox;
    ``failure`` is the reason when that change was refused for good.
    """

    conversation: Conversation
    membership: Membership
    delivery: DeliveryState = DeliveryState.SENT
    failure: str | None = None
    unread: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "unread", self.conversation.last_seq > self.membership.last_read_seq)

    @property
    def id(self) -> str:
        return self.conversation.id

    @property
    def unread_count(self) -> int:
        """How many messages came since it was read, of all versions."""
        return max(0, self.conversation.last_seq - self.membership.last_read_seq)

    @property
    def order(self) -> tuple[bool, datetime, str]:
        """The key of the list, to be sorted in reverse: pinned first, then newest, then by id."""
        return (self.membership.pinned, self.conversation.updated_at, self.conversation.id)
