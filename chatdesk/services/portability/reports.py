"""What the user is told about an export or an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from chatdesk.portability.problems import Problems


class Job(StrEnum):
    """What is being done."""

    EXPORT = "export"
    EXAMINE = "examine"
    IMPORT = "import"


class Phase(StrEnum):
    """Which part of it."""

    FETCHING = "fetching"
    WRITING = "writing"
    READING = "reading"
    SENDING = "sending"
    WAITING = "waiting"


class ExportFormat(StrEnum):
    """As what one conversation is written."""

    MARKDOWN = "markdown"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, in conversations; ``total`` is 0 while it is not known."""

    job: Job
    phase: Phase
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class ExportReport:
    """A file that was written; ``missing`` messages could not be fetched, ``reason`` says why; ``lost_files``
    files of messages could not be had."""

    path: Path
    conversations: int
    messages: int
    missing: int = 0
    reason: str = ""
    lost_files: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did; ``done`` of ``total`` conversations were looked at."""

    path: Path
    imported: int = 0
    messages: int = 0
    here: int = 0
    done: int = 0
    total: int = 0
    cancelled: bool = False
    problems: Problems = field(default_factory=Problems)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An import that was cut off when the application ended."""

    path: Path
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes on this computer: the chats kept for reading, and the database of the local account."""

    cache: int
    database: int
