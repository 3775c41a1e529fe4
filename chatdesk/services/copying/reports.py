"""What the user is told about copying chats."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from chatdesk.portability.problems import Problems


class CopyPhase(StrEnum):
    """What is being done; ``WAITING``: a server does not answer, and is asked again."""

    READING = "reading"
    COPYING = "copying"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """How far it is, in conversations; ``total`` is 0 while it is not known."""

    source: str
    phase: CopyPhase
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was copied: conversations, messages and files that are new here, and those that were here before.

    ``deleted`` conversations had come here once and were deleted since: they stay deleted.
    """

    source: str
    conversations: int = 0
    messages: int = 0
    files: int = 0
    here: int = 0
    deleted: int = 0
    providers: int = 0
    total: int = 0
    cancelled: bool = False
    problems: Problems = field(default_factory=Problems)
