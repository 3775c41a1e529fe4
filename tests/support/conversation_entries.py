"""Conversation list entries for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chatdesk.domain.change import ChangeSet, ConversationChange, Verb
from chatdesk.domain.conversation import Conversation, ConversationEntry, MemberRole, Membership
from chatdesk.domain.message import DeliveryState

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""The moment that counts as now."""


def conversation_id(number: int) -> str:
    """Return the id of the conversation with a number."""
    return f"00000000-0000-7000-8000-{number:012d}"


def entry(
    number: int,
    title: str | None = None,
    *,
    hours_ago: float = 0.0,
    now: datetime = NOON,
    pinned: bool = False,
    archived: bool = False,
    unread: bool = False,
    model: str | None = None,
    delivery: DeliveryState = DeliveryState.SENT,
    failure: str | None = None,
) -> ConversationEntry:
    """Make the entry of conversation ``number``, changed ``hours_ago`` before ``now``."""
    when = now - timedelta(hours=hours_ago)
    which = conversation_id(number)
    conversation = Conversation(
        id=which,
        owner_id="owner",
        title=f"Chat {number}" if title is None else title,
        model=model,
        system_prompt=None,
        temperature=None,
        last_seq=5 if unread else 3,
        revision=1,
        epoch=1,
        created_at=when,
        updated_at=when,
    )
    membership = Membership(which, "owner", MemberRole.OWNER, 3, pinned, archived, 1)
    return ConversationEntry(conversation, membership, delivery, failure)


def changed(*entries: ConversationEntry) -> ChangeSet:
    """Say that these entries are there now."""
    return ChangeSet(conversations=tuple(ConversationChange(Verb.CHANGED, each) for each in entries))


def removed(*entries: ConversationEntry) -> ChangeSet:
    """Say that these entries are gone."""
    return ChangeSet(conversations=tuple(ConversationChange(Verb.REMOVED, each) for each in entries))
