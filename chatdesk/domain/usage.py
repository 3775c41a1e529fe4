"""What a reply cost and what its model read, as it is kept with the message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LEFT_OUT = "left_out"
BEGINS_AT = "begins_at"
SECONDS = "seconds"

# What is kept, and the names and places under which servers tell it.
_COUNTS: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("prompt_tokens", (("prompt_tokens",), ("input_tokens",))),
    ("completion_tokens", (("completion_tokens",), ("output_tokens",))),
    ("total_tokens", (("total_tokens",),)),
    ("cached_tokens", (("cached_tokens",), ("prompt_tokens_details", "cached_tokens"))),
    ("reasoning_tokens", (("reasoning_tokens",), ("completion_tokens_details", "reasoning_tokens"))),
)
_MOST = 10**12


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, None where nobody told.

    ``read`` are those of the question with all before it, ``written`` those of the reply, of which
    ``thought`` were for thinking; ``left_out`` counts the earlier messages that did not fit into the model's
    window and ``begins_at`` is the id of the first one that did; ``seconds`` is how long the call took.
    """

    read: int | None = None
    written: int | None = None
    total: int | None = None
    cached: int | None = None
    thought: int | None = None
    left_out: int = 0
    begins_at: str = ""
    seconds: float | None = None


def sound_counts(told: Mapping[str, Any] | None) -> dict[str, Any]:
    """Keep what is understood of a server's report; it may be of any size and shape."""
    kept: dict[str, Any] = {}
    for name, places in _COUNTS:
        found = next((count for place in places if (count := _count(told, place)) is not None), None)
        if found is not None:
            kept[name] = found
    return kept


def usage_of(record: Mapping[str, Any] | None) -> Usage:
    """Read what is kept with a message, whoever wrote it."""
    counts = sound_counts(record)
    seconds = record.get(SECONDS) if record else None
    begins_at = record.get(BEGINS_AT) if record else None
    return Usage(
        read=counts.get("prompt_tokens"),
        written=counts.get("completion_tokens"),
        total=counts.get("total_tokens"),
        cached=counts.get("cached_tokens"),
        thought=counts.get("reasoning_tokens"),
        left_out=_count(record, (LEFT_OUT,)) or 0,
        begins_at=begins_at if isinstance(begins_at, str) else "",
        seconds=_seconds(seconds),
    )


def _seconds(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    return float(told) if 0 <= told < _MOST else None


def _count(told: object, place: tuple[str, ...]) -> int | None:
    for name in place:
        told = told.get(name) if isinstance(told, Mapping) else None
    sound = isinstance(told, int) and not isinstance(told, bool) and 0 <= told < _MOST
    return told if isinstance(told, int) and sound else None
