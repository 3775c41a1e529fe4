"""What a model is given to read."""

from __future__ import annotations

from collections.abc import Mapping

from chatdesk.domain.conversation import Conversation
from chatdesk.domain.message import MessageStatus, Role
from chatdesk.providers.base import Turn
from chatdesk.store.store import Store

MAX_MESSAGES = 200
"""The newest messages that are sent along; trimming to a model's window comes with the model's settings."""


async def turns_before(
    store: Store, conversation: Conversation, message_id: str, choices: Mapping[str, str]
) -> list[Turn]:
    """Collect what is shown up to ``message_id``, oldest first, after the system prompt.

    The model reads what the user sees: of each message the chosen version, and what others wrote at the same
    moment. Deleted and unfinished messages are skipped.
    """
    path = await store.path(conversation.id, choices, message_id, MAX_MESSAGES)
    turns = [
        Turn(message.role, message.content)
        for message in path
        if message.deleted_at is None and message.content and message.status is not MessageStatus.STREAMING
    ]
    if conversation.system_prompt:
        turns.insert(0, Turn(Role.SYSTEM, conversation.system_prompt))
    return turns
