"""Frames of the feed into the cache, and what they show to be missing.

An event is a hint: its row is stored when it is newer, but a cursor moves only over revisions without a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chatdesk.domain.change import EntityChanged, EntityKind, MessageChanged, RemoteChange
from chatdesk.domain.conversation import Conversation, Membership
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.domain.sharing import Invitation, Roster
from chatdesk.store.apply import Intake
from chatdesk.store.connection import Database
from chatdesk.store.conversations import merge_hint, read_conversation, read_membership, record_revision
from chatdesk.store.cursors import (
    ConversationCursor,
    move_user_cursor,
    read_cursor,
    read_user_cursor,
    write_cursor,
)
from chatdesk.store.messages import read_message
from chatdesk.store.profiles import read_profile
from chatdesk.store.providers import read_provider
from chatdesk.store.recording import Recorder
from chatdesk.store.sharing import invitation_revision, read_roster


@dataclass(frozen=True, slots=True)
class Gaps:
    """What must be pulled: the user's changes, and the messages of these conversations."""

    user: bool = False
    conversations: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.user or bool(self.conversations)


@dataclass(slots=True)
class _Span:
    """The revisions that were heard of, and those of them whose contents are here."""

    top: int = 0
    here: set[int] = field(default_factory=set)
    joined: bool = False

    def hear(self, revision: int, complete: bool) -> None:
        self.top = max(self.top, revision)
        if complete:
            self.here.add(revision)

    def advance(self, cursor: int) -> int:
        while cursor + 1 in self.here:
            cursor += 1
        return cursor


class EventIntake:
    """Stores the events of one frame's worth inside a transaction of the cache."""

    def __init__(self, cache: Database, recorder: Recorder) -> None:
        self._cache = cache
        self._recorder = recorder
        self._rows = Intake(cache, recorder)
        self._user = _Span()
        self._conversations: dict[str, _Span] = {}

    def store(self, events: Sequence[RemoteChange]) -> Gaps:
        """Store what is new, whatever order it came in; move the cursors; name the gaps."""
        start = read_user_cursor(self._cache)
        entities = [event for event in events if isinstance(event, EntityChanged)]
        for event in sorted(entities, key=lambda event: event.user_revision):
            if event.user_revision > start:
                self._user.hear(event.user_revision, self._entity(event))
        self._messages(event for event in events if isinstance(event, MessageChanged))
        cursor = self._user.advance(start)
        if cursor > start:
            move_user_cursor(self._cache, cursor)
        return Gaps(cursor < self._user.top, frozenset(self._move_conversations()))

    def _entity(self, event: EntityChanged) -> bool:
        """Store one entity; return whether the event told everything about its user revision."""
        if event.kind is EntityKind.PROFILE:
            return event.removed or self._profile(event)
        if event.kind is EntityKind.PROVIDER:
            return event.removed or self._provider(event)
        if event.kind is EntityKind.ROSTER:
            return event.removed or self._roster(event)
        if event.kind is EntityKind.INVITATION:
            return self._invitation(event)
        if event.removed:
            self._rows.remove(event.entity_id, event.user_revision)
            self._conversations.pop(event.entity_id, None)
            return True
        if not self._rows.re_add(event.entity_id, event.user_revision):
            return True  # a later event, already stored, took the conversation away
        if event.kind is EntityKind.MEMBERSHIP:
            return self._membership(event)
        return self._conversation(event)

    def _profile(self, event: EntityChanged) -> bool:
        if isinstance(event.record, Profile):
            self._rows.profile(event.record)
            return True
        stored = read_profile(self._cache, event.entity_id)
        return stored is not None and stored.revision >= event.entity_revision

    def _provider(self, event: EntityChanged) -> bool:
        if isinstance(event.record, ProviderSettings):
            self._rows.provider(event.record)
            return True
        stored = read_provider(self._cache, event.entity_id)
        return stored is not None and stored.revision >= event.entity_revision

    def _roster(self, event: EntityChanged) -> bool:
        if isinstance(event.record, Roster):
            self._rows.roster(event.record, event.user_revision)
            return True
        stored = read_roster(self._cache, event.entity_id)
        return stored is not None and stored.revision >= event.entity_revision

    def _invitation(self, event: EntityChanged) -> bool:
        if event.removed:
            self._rows.end_invitation(event.entity_id, event.entity_revision)
        elif isinstance(event.record, Invitation):
            self._rows.invitation(event.record)
        return invitation_revision(self._cache, event.entity_id) >= event.entity_revision

    def _membership(self, event: EntityChanged) -> bool:
        if isinstance(event.record, Membership):
            self._rows.membership(event.record)
            return True
        stored = read_membership(self._cache, event.entity_id)
        return stored is not None and stored.revision >= event.entity_revision

    def _conversation(self, event: EntityChanged) -> bool:
        span = self._conversations.setdefault(event.entity_id, _Span())
        if isinstance(event.record, Conversation):
            self._rows.conversation(event.record)
            span.hear(event.entity_revision, complete=True)
            return True
        # Without the record something else took this revision, or the record is too large: either way the
        # conversation's own cursor must wait for the rows.
        span.hear(event.entity_revision, complete=False)
        if event.last_seq is not None and event.updated_at is not None:
            self._recorder.conversation(event.entity_id)
            merge_hint(self._cache, event.entity_id, event.entity_revision, event.last_seq, event.updated_at)
            # A hint is about a conversation we must have heard of; if not, the pull brings the row.
            return read_conversation(self._cache, event.entity_id) is not None
        return record_revision(self._cache, event.entity_id) >= event.entity_revision

    def _messages(self, events: Iterable[MessageChanged]) -> None:
        heard: dict[str, list[MessageChanged]] = {}
        for event in sorted(events, key=lambda event: event.revision):
            heard.setdefault(event.conversation_id, []).append(event)
        for conversation_id, waiting in heard.items():
            span = self._conversations.setdefault(conversation_id, _Span())
            accepted = self._rows.accepts_messages(conversation_id)
            cursor = read_cursor(self._cache, conversation_id) if accepted else None
            if cursor is None:
                # Its channel was joined, so it is shown, yet nothing of it was ever pulled.
                span.joined = True
                continue
            news = [event for event in waiting if event.revision > cursor.revision]
            rows = [event.record for event in news if event.record is not None and _is_whole(event)]
            self._rows.messages(rows, cursor.floor_seq)
            for event in news:
                span.hear(event.revision, _is_whole(event) or self._is_here(event))

    def _is_here(self, event: MessageChanged) -> bool:
        stored = read_message(self._cache, event.message_id)
        return stored is not None and stored.revision >= event.revision

    def _move_conversations(self) -> Iterable[str]:
        """Move the cursors; yield the conversations of which something is missing."""
        for conversation_id, span in self._conversations.items():
            cursor = read_cursor(self._cache, conversation_id)
            if cursor is None:
                if span.joined and self._is_listed(conversation_id):
                    yield conversation_id
                continue
            reached = span.advance(cursor.revision)
            if reached > cursor.revision:
                write_cursor(self._cache, conversation_id, ConversationCursor(reached, cursor.floor_seq))
            if reached < span.top:
                yield conversation_id

    def _is_listed(self, conversation_id: str) -> bool:
        conversation = read_conversation(self._cache, conversation_id)
        return conversation is not None and conversation.deleted_at is None


def _is_whole(event: MessageChanged) -> bool:
    """Tell whether the event brought the row that it is about."""
    return event.record is not None and event.record.conversation_id == event.conversation_id
