"""Messages and their two lives: what the server holds, and whether ours got there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chatdesk.domain.attachment import Attachment


class Role(StrEnum):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class MessageStatus(StrEnum):
    """How far the text of a message is; everything but ``STREAMING`` is an end."""

    COMPLETE = "complete"
    STREAMING = "streaming"
    INTERRUPTED = "interrupted"
    ERROR = "error"


class DeliveryState(StrEnum):
    """How far this instance's own change got: waiting, on its way, stored by the server, refused for good."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Message:
    """One row of ``messages``.

    ``seq`` (display order) and ``revision`` (catch-up order) are given by the server; a message it has not
    numbered yet has ``seq`` None and ``revision`` 0. A deleted message keeps its place and has no text.
    ``replaces`` names the message that this one is another version of: an edit, or one more reply to the same
    question (see ``branch``). ``author_name`` is what somebody was called whose words were brought along from
    elsewhere: such a message has no author, and the name is a text that leads to nobody.
    """

    id: str
    conversation_id: str
    parent_id: str | None
    author_id: str | None
    role: Role
    content: str
    model: str | None
    status: MessageStatus
    seq: int | None
    revision: int
    created_at: datetime
    updated_at: datetime
    usage: Mapping[str, Any] | None = None
    error: str | None = None
    deleted_at: datetime | None = None
    delivery: DeliveryState = DeliveryState.SENT
    failure: str | None = None
    replaces: str | None = None
    attachments: tuple[Attachment, ...] = ()
    author_name: str = ""

    @property
    def order(self) -> tuple[int, int, str]:
        """The key of the timeline: numbered messages by number, then waiting ones by age."""
        return (1, 0, self.id) if self.seq is None else (0, self.seq, self.id)
