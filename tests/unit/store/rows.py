"""Rows, mutations and stores for the tests of this room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chatdesk.domain.change import ChangeSet, EntityChanged, EntityKind, MessageChanged, RowBatch
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.conversation import Conversation, MemberRole, Membership
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.mutation import PROFILE_LANE, Mutation, MutationKind
from chatdesk.domain.profile import Profile
from chatdesk.store.store import Store

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
ME = "user-me"


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def conversation(name: str, revision: int = 1, **fields: Any) -> Conversation:
    row = Conversation(name, ME, f"Title {name}", None, None, None, 0, revision, 1, START, at(revision))
    return replace(row, **fields)


def membership(name: str, revision: int = 1, **fields: Any) -> Membership:
    return replace(Membership(name, ME, MemberRole.OWNER, 0, False, False, revision), **fields)


def message(conversation_id: str, seq: int, revision: int | None = None, **fields: Any) -> Message:
    row = Message(
        id=f"{conversation_id}-m{seq}",
        conversation_id=conversation_id,
        parent_id=None,
        author_id=ME,
        role=Role.USER,
        content=f"text {seq}",
        model=None,
        status=MessageStatus.COMPLETE,
        seq=seq,
        revision=seq if revision is None else revision,
        created_at=at(seq),
        updated_at=at(seq),
    )
    return replace(row, **fields)


def profile(name: str = ME, revision: int = 1, **fields: Any) -> Profile:
    return replace(Profile(name, None, f"Name {name}", None, revision, at(revision)), **fields)


def listed(*names: str, revision: int = 1) -> RowBatch:
    """A batch that puts conversations in the list."""
    return RowBatch(
        conversations=tuple(conversation(name, revision) for name in names),
        memberships=tuple(membership(name) for name in names),
    )


def mutation(
    kind: MutationKind, entity_id: str, lane: str, args: dict[str, Any], second: int = 1000
) -> Mutation:
    return Mutation(f"change-{kind}-{entity_id}-{second}", kind, lane, entity_id, ME, args, at(second))


def send(conversation_id: str, message_id: str, text: str = "hello", parent: str | None = None) -> Mutation:
    args = {
        "p_id": message_id,
        "p_conversation_id": conversation_id,
        "p_parent_id": parent,
        "p_role": "user",
        "p_content": text,
    }
    return mutation(MutationKind.SEND_MESSAGE, message_id, conversation_id, args)


def create(conversation_id: str, title: str = "New") -> Mutation:
    args = {"p_id": conversation_id, "p_title": title}
    return mutation(MutationKind.CREATE_CONVERSATION, conversation_id, conversation_id, args)


def rename(conversation_id: str, title: str, second: int = 1000) -> Mutation:
    args = {"p_id": conversation_id, "p_updates": {"title": title}}
    return mutation(MutationKind.UPDATE_CONVERSATION, conversation_id, conversation_id, args, second)


def delete(conversation_id: str) -> Mutation:
    args = {"p_id": conversation_id}
    return mutation(MutationKind.DELETE_CONVERSATION, conversation_id, conversation_id, args)


def delete_message(conversation_id: str, message_id: str) -> Mutation:
    return mutation(MutationKind.DELETE_MESSAGE, message_id, conversation_id, {"p_id": message_id})


def update_membership(conversation_id: str, **updates: Any) -> Mutation:
    args = {"p_conversation_id": conversation_id, "p_updates": updates}
    return mutation(MutationKind.UPDATE_MEMBERSHIP, conversation_id, conversation_id, args)


def update_profile(second: int = 1000, **updates: Any) -> Mutation:
    return mutation(MutationKind.UPDATE_PROFILE, ME, PROFILE_LANE, {"p_updates": updates}, second)


def sent(change: Mutation, seq: int, revision: int | None = None) -> Message:
    """The server's row of a sent message."""
    return message(
        change.lane,
        seq,
        revision,
        id=change.entity_id,
        content=change.args["p_content"],
        parent_id=change.args["p_parent_id"],
        author_id=change.user_id,
    )


def entity(row: Conversation | Membership | Profile, user_revision: int) -> EntityChanged:
    if isinstance(row, Conversation):
        return EntityChanged(EntityKind.CONVERSATION, row.id, row.revision, user_revision, record=row)
    if isinstance(row, Membership):
        return EntityChanged(
            EntityKind.MEMBERSHIP, row.conversation_id, row.revision, user_revision, record=row
        )
    return EntityChanged(EntityKind.PROFILE, row.id, row.revision, user_revision, record=row)


def hint(name: str, revision: int, user_revision: int, last_seq: int) -> EntityChanged:
    return EntityChanged(
        EntityKind.CONVERSATION, name, revision, user_revision, last_seq=last_seq, updated_at=at(revision)
    )


def removal(name: str, user_revision: int) -> EntityChanged:
    return EntityChanged(EntityKind.MEMBERSHIP, name, 0, user_revision, removed=True)


def frame(row: Message) -> MessageChanged:
    return MessageChanged(row.conversation_id, row.id, row.revision, row)


def verbs(changes: ChangeSet) -> dict[str, tuple[str, frozenset[str]]]:
    """What a ChangeSet says, by id."""
    found = {change.entry.id: (change.verb.value, change.fields) for change in changes.conversations}
    found.update({change.message.id: (change.verb.value, change.fields) for change in changes.messages})
    return found


@asynccontextmanager
async def opened(directory: Path, account: str = "account") -> AsyncIterator[Store]:
    store = await Store.open(directory, account, SystemClock())
    try:
        yield store
    finally:
        await store.close()
