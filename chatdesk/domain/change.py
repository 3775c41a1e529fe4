"""What happened: rows that came from the server, and what they changed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chatdesk.domain.conversation import Conversation, ConversationEntry, Membership
from chatdesk.domain.message import Message
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.domain.sharing import Invitation, Roster


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Server rows in no particular order; who stores them keeps only what is newer than the stored row.

    ``removed_conversations`` are ids that the user no longer may read: their rows and cursors go.
    """

    profiles: tuple[Profile, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    memberships: tuple[Membership, ...] = ()
    messages: tuple[Message, ...] = ()
    removed_conversations: tuple[str, ...] = ()
    providers: tuple[ProviderSettings, ...] = ()
    rosters: tuple[Roster, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    answered_invitations: Mapping[str, int] = field(default_factory=dict)
    """Invitations that are not open any more, with the revision at which they ended."""

    def __bool__(self) -> bool:
        return bool(
            self.profiles
            or self.conversations
            or self.memberships
            or self.messages
            or self.removed_conversations
            or self.providers
            or self.rosters
            or self.invitations
            or self.answered_invitations
        )


class EntityKind(StrEnum):
    """The kinds of ``user_changes``."""

    PROFILE = "profile"
    CONVERSATION = "conversation"
    MEMBERSHIP = "membership"
    PROVIDER = "provider"
    ROSTER = "roster"
    INVITATION = "invitation"


EntityRecord = Profile | Conversation | Membership | ProviderSettings | Roster | Invitation


@dataclass(frozen=True, slots=True)
class EntityChanged:
    """A frame of ``user:<uid>``: one entity of the user's world took a new revision.

    ``record`` is missing when the entity was removed, when it was too large for a frame, or when the frame is
    the small hint that a message changed; a hint has ``last_seq`` and ``updated_at`` instead.
    """

    kind: EntityKind
    entity_id: str
    entity_revision: int
    user_revision: int
    removed: bool = False
    record: EntityRecord | None = None
    last_seq: int | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A frame of ``conversation:<id>:<epoch>``; ``record`` is missing when it was too large for a frame."""

    conversation_id: str
    message_id: str
    revision: int
    record: Message | None = None


RemoteChange = EntityChanged | MessageChanged


class Verb(StrEnum):
    """What became of a row."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class MessageChange:
    """A message row changed here; ``fields`` names the changed attributes when it was there before."""

    verb: Verb
    message: Message
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ConversationChange:
    """An entry of the conversation list changed here; ``fields`` as in ``MessageChange``.

    Field names are those of ``Conversation``, ``Membership`` and ``ConversationEntry``.
    """

    verb: Verb
    entry: ConversationEntry
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What one transaction of the store changed, rows included, in the order in which it happened."""

    profiles: tuple[Profile, ...] = ()
    conversations: tuple[ConversationChange, ...] = ()
    messages: tuple[MessageChange, ...] = ()
    pending: int | None = field(default=None)
    """Outbox entries not yet accepted by the server, when the transaction changed that."""

    failed: int | None = field(default=None)
    """Outbox entries refused for good, when the transaction changed that."""

    providers: tuple[ProviderSettings, ...] = ()
    """Those that changed here; a removed one has ``deleted_at``."""

    rosters: tuple[Roster, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    answered: tuple[str, ...] = ()
    """Invitations that are not open any more."""

    forgotten_files: tuple[str, ...] = ()
    """Paths of files that the user may no longer read."""

    def __bool__(self) -> bool:
        return bool(
            self.profiles
            or self.conversations
            or self.messages
            or self.pending is not None
            or self.failed is not None
            or self.providers
            or self.rosters
            or self.invitations
            or self.answered
            or self.forgotten_files
        )
