"""One run of a model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class GenerationState(StrEnum):
    """How a run stands on the server; everything but ``RUNNING`` is an end."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Generation:
    """One row of ``generations``: the lease that lets exactly one instance call the model for a turn.

    ``fence`` must come with every update; an update with an older fence is refused.
    """

    id: str
    conversation_id: str
    message_id: str
    reply_to: str
    attempt: int
    holder: str
    fence: int
    state: GenerationState
    stop_requested: bool
    expires_at: datetime
