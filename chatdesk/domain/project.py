"""What a look at a back end found, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProjectPart(StrEnum):
    """What ChatDesk needs of a project, in the order in which one needs the other."""

    SERVER = "server"
    KEY = "key"
    SCHEMA = "schema"
    REALTIME = "realtime"
    STORAGE = "storage"


class Standing(StrEnum):
    """How a part stands; ``UNKNOWN``: it cannot be told yet."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: how it stands, one sentence about it, and what to do.

    ``needs_script``: running ChatDesk's SQL file in the project mends it.
    """

    part: ProjectPart
    standing: Standing
    sentence: str
    next_step: str = ""
    needs_script: bool = False
