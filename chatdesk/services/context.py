"""What a model is given to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chatdesk.domain.attachment import Attachment
from chatdesk.domain.conversation import Conversation
from chatdesk.domain.errors import Offline
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.providers.base import Turn
from chatdesk.services.attached_context import AttachedFiles, ReadFile
from chatdesk.store.store import Store

MAX_MESSAGES = 200
"""The newest messages that are sent along; trimming to a model's window comes with the model's settings."""

STRANGER = "Somebody"
"""How a model is told of a person whose profile is not here."""


async def turns_before(
    store: Store,
    conversation: Conversation,
    message_id: str,
    choices: Mapping[str, str],
    read: ReadFile | None = None,
) -> list[Turn]:
    """Collect what is shown up to ``message_id``, oldest first, after the system prompt.

    The model reads what the user sees: of each message the chosen version, and what others wrote at the same
    moment. Deleted and unfinished messages are skipped. ``read`` brings the files of messages. Where several
    people wrote, each of their messages begins with its author's name.
    """
    path = await store.path(conversation.id, choices, message_id, MAX_MESSAGES)
    told = [
        message
        for message in path
        if message.deleted_at is None
        and (message.content or message.attachments)
        and message.status is not MessageStatus.STREAMING
    ]
    told = await _signed(store, told)
    files = AttachedFiles(read or _unread)
    turns = [await files.turn(message) for message in reversed(told)]
    turns.reverse()
    if conversation.system_prompt:
        turns.insert(0, Turn(Role.SYSTEM, conversation.system_prompt))
    return turns


async def _signed(store: Store, told: list[Message]) -> list[Message]:
    """Put the author's name before what people wrote, unless only one person did."""
    authors = {message.author_id for message in told if message.role is Role.USER}
    if len(authors) < 2:
        return told
    profiles = {author: await store.profile(author) if author else None for author in authors}
    names = {author: profile.label if profile else STRANGER for author, profile in profiles.items()}
    return [
        replace(message, content=f"{names[message.author_id]}: {message.content}")
        if message.role is Role.USER
        else message
        for message in told
    ]


async def _unread(_attachment: Attachment) -> bytes:
    raise Offline("Files are not read here.")
