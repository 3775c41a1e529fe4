"""What a file holds, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatdesk.portability.attached import FileRecord


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """One conversation; ``key`` is its id in the file, any text."""

    key: str
    title: str
    model: str | None = None
    system_prompt: str | None = None
    temperature: float | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    pinned: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message; ``parent`` and ``replaces`` are keys of messages that came before it.

    ``author`` is what somebody else was called who wrote it, empty when nobody knows; None is who made the
    file.
    """

    key: str
    role: str
    content: str
    parent: str | None = None
    replaces: str | None = None
    model: str | None = None
    usage: Mapping[str, Any] | None = None
    status: str = "complete"
    error: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    files: tuple[FileRecord, ...] = ()
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Messages of a conversation that follow each other; ``first`` begins the conversation."""

    conversation: ConversationRecord
    messages: tuple[MessageRecord, ...]
    first: bool


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that could not be read: its name, and why as one sentence."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something about the file as a whole, such as that it ends early; what was read so far counts."""

    reason: str


Found = Piece | Skipped | Trouble
