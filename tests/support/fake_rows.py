"""The rows of the model server: who is in what, the two counters, and the frames that tell of a change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

from chatdesk.domain.change import EntityChanged, EntityKind, MessageChanged, RemoteChange, RowBatch
from chatdesk.domain.clock import Clock
from chatdesk.domain.conversation import Conversation, MemberRole, Membership
from chatdesk.domain.ephemeral import Ephemeral, MarksMoved
from chatdesk.domain.errors import Refused
from chatdesk.domain.generation import Generation
from chatdesk.domain.message import Message
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings

Emit = Callable[[str, RemoteChange | Ephemeral], None]
Record = Profile | Conversation | Membership | ProviderSettings


@dataclass(frozen=True)
class UserChange:
    """A row of ``user_changes``."""

    kind: EntityKind
    entity_id: str
    entity_revision: int
    user_revision: int
    removed: bool = False


class FakeRows:
    """What the project holds; ``emit`` gets (topic, frame) of broadcasts in commit order."""

    def __init__(self, clock: Clock, emit: Emit) -> None:
        self._clock = clock
        self._emit = emit
        self.profiles: dict[str, Profile] = {}
        self.providers: dict[tuple[str, str], ProviderSettings] = {}
        self.conversations: dict[str, Conversation] = {}
        self.memberships: dict[tuple[str, str], Membership] = {}
        self.messages: dict[str, Message] = {}
        self.by_conversation: dict[str, list[str]] = defaultdict(list)
        self.user_revisions: dict[str, int] = defaultdict(int)
        self.changes: dict[str, dict[tuple[EntityKind, str], UserChange]] = defaultdict(dict)
        self.runs: dict[str, Generation] = {}
        self.files: dict[str, bytes] = {}
        self.puts = 0
        self.poison: set[str] = set()
        """Texts that are refused for good."""

    # Accounts -----------------------------------------------------------------------------------------------

    def sign_up(self, user_id: str) -> None:
        self.profiles[user_id] = Profile(user_id, None, user_id, None, 1, self._clock.now())
        self._change(user_id, EntityKind.PROFILE, user_id, 1, self.profiles[user_id])

    def may_join(self, user_id: str, topic: str) -> bool:
        if topic == f"user:{user_id}":
            return True
        parts = topic.split(":")
        conversation = self.conversations.get(parts[1])
        member = (parts[1], user_id) in self.memberships
        return member and conversation is not None and parts[2] == str(conversation.epoch)

    # Members ------------------------------------------------------------------------------------------------

    def members(self, conversation_id: str) -> list[str]:
        return sorted(user_id for key, user_id in self.memberships if key == conversation_id)

    def add_member(self, conversation_id: str, user_id: str) -> None:
        # A revision never comes twice for the same key, also after a removal.
        last = self.changes[user_id].get((EntityKind.MEMBERSHIP, conversation_id))
        revision = last.entity_revision + 1 if last is not None else 1
        member = Membership(conversation_id, user_id, MemberRole.EDITOR, 0, False, False, revision)
        self.memberships[conversation_id, user_id] = member
        conversation = self.conversations[conversation_id]
        self._change(user_id, EntityKind.CONVERSATION, conversation_id, conversation.revision, conversation)
        self._change(user_id, EntityKind.MEMBERSHIP, conversation_id, revision, member)
        for other in self.members(conversation_id):
            for one, reader in ((user_id, other), (other, user_id)):
                self._change(reader, EntityKind.PROFILE, one, self.profiles[one].revision, self.profiles[one])
        self._tell_marks(conversation_id)

    def remove_member(self, conversation_id: str, user_id: str) -> None:
        """Take the conversation away from a user; the channels get a new name."""
        gone = self.memberships.pop((conversation_id, user_id))
        self._change(user_id, EntityKind.MEMBERSHIP, conversation_id, gone.revision + 1, None, removed=True)
        self.changes[user_id].pop((EntityKind.CONVERSATION, conversation_id), None)
        conversation = self.conversations[conversation_id]
        self._update(replace(conversation, epoch=conversation.epoch + 1))

    def set_role(self, conversation_id: str, user_id: str, role: MemberRole) -> None:
        """Let somebody do more or less; the channels get a new name. A new owner replaces the former."""
        conversation = self.conversations[conversation_id]
        if role is MemberRole.OWNER:
            for member in self.memberships.copy().values():
                if member.conversation_id == conversation_id and member.role is MemberRole.OWNER:
                    self._put_member(replace(member, role=MemberRole.EDITOR))
            conversation = replace(conversation, owner_id=user_id)
        self._put_member(replace(self.memberships[conversation_id, user_id], role=role))
        self._update(replace(conversation, epoch=conversation.epoch + 1))

    def _tell_marks(self, conversation_id: str) -> None:
        if len(self.members(conversation_id)) > 1:
            epoch = self.conversations[conversation_id].epoch
            self._emit(f"conversation:{conversation_id}:{epoch}", MarksMoved(conversation_id))

    # Rows ---------------------------------------------------------------------------------------------------

    def _own(self, user_id: str, conversation_id: str) -> Membership:
        member = self.memberships.get((conversation_id, user_id))
        if member is None:
            raise Refused("You are not allowed to change this conversation.", code="42501")
        return member

    def _readable(self, user_id: str, conversation_id: str) -> Conversation:
        self._own(user_id, conversation_id)
        return self.conversations[conversation_id]

    def _writable(self, user_id: str, conversation_id: str) -> Conversation:
        conversation = self._readable(user_id, conversation_id)
        if conversation.deleted_at is not None:
            raise Refused("You are not allowed to change this conversation.", code="42501")
        return conversation

    def _write(self, message: Message, quietly: bool = False) -> RowBatch:
        key = message.conversation_id
        conversation = replace(self.conversations[key], revision=self.conversations[key].revision + 1)
        message = replace(message, revision=conversation.revision, updated_at=self._clock.now())
        self.conversations[key], self.messages[message.id] = conversation, message
        topic = f"conversation:{key}:{conversation.epoch}"
        self._emit(topic, MessageChanged(key, message.id, message.revision, message))
        if not quietly:
            for user_id in self.members(key):
                self._change(
                    user_id, EntityKind.CONVERSATION, key, conversation.revision, conversation, hint=True
                )
        return RowBatch(messages=(message,), conversations=(conversation,))

    def _update(self, conversation: Conversation) -> Conversation:
        conversation = replace(conversation, revision=conversation.revision + 1, updated_at=self._clock.now())
        self.conversations[conversation.id] = conversation
        for user_id in self.members(conversation.id):
            self._change(
                user_id, EntityKind.CONVERSATION, conversation.id, conversation.revision, conversation
            )
        return conversation

    def _put_member(self, member: Membership) -> Membership:
        member = replace(member, revision=member.revision + 1)
        key = (member.conversation_id, member.user_id)
        if self.memberships[key].last_read_seq < member.last_read_seq:
            self._tell_marks(member.conversation_id)
        self.memberships[key] = member
        self._change(member.user_id, EntityKind.MEMBERSHIP, member.conversation_id, member.revision, member)
        return member

    def _put_provider(self, user_id: str, row: ProviderSettings) -> RowBatch:
        self.providers[user_id, row.id] = row
        self._change(user_id, EntityKind.PROVIDER, row.id, row.revision, row)
        return RowBatch(providers=(row,))

    # Counters and frames ------------------------------------------------------------------------------------

    def _change(
        self,
        user_id: str,
        kind: EntityKind,
        entity_id: str,
        revision: int,
        record: Record | None,
        *,
        removed: bool = False,
        hint: bool = False,
    ) -> None:
        self.user_revisions[user_id] += 1
        number = self.user_revisions[user_id]
        self.changes[user_id][kind, entity_id] = UserChange(kind, entity_id, revision, number, removed)
        frame = EntityChanged(kind, entity_id, revision, number, removed, None if hint else record)
        if hint and isinstance(record, Conversation):
            frame = replace(frame, last_seq=record.last_seq, updated_at=record.updated_at)
        self._emit(f"user:{user_id}", frame)

    def _frame(self, user_id: str, change: UserChange) -> EntityChanged:
        record: Record | None = None
        if not change.removed:
            match change.kind:
                case EntityKind.PROFILE:
                    record = self.profiles[change.entity_id]
                case EntityKind.CONVERSATION:
                    record = self.conversations[change.entity_id]
                case EntityKind.MEMBERSHIP:
                    record = self.memberships[change.entity_id, user_id]
                case EntityKind.PROVIDER:
                    record = self.providers[user_id, change.entity_id]
        return EntityChanged(
            change.kind,
            change.entity_id,
            change.entity_revision,
            change.user_revision,
            change.removed,
            record,
        )
