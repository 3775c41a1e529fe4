"""What the services hand to the models when something is opened."""

from __future__ import annotations

from dataclasses import dataclass

from chatdesk.domain.branch import Branches
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import Message
from chatdesk.domain.profile import Profile


@dataclass(frozen=True, slots=True)
class EntriesLoaded:
    """The whole conversation list and every known profile, as the store had them."""

    entries: tuple[ConversationEntry, ...]
    profiles: tuple[Profile, ...]


@dataclass(frozen=True, slots=True)
class MessagesLoaded:
    """A page of the open conversation, ascending; ``older`` says it goes before what is already shown.

    Messages of versions that are not shown are among them; ``branches``, with the first page, tells which.
    """

    conversation_id: str
    messages: tuple[Message, ...]
    has_older: bool
    older: bool = False
    branches: Branches | None = None


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """A message that could not even be accepted here; its text must go back to the composer."""

    conversation_id: str
    message_id: str
    content: str
