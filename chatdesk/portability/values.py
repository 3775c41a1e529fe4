"""Single values out of a file: what fits is taken, what does not is left out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chatdesk.domain.text import MAX_TITLE, storable
from chatdesk.portability.limits import MAX_KEY

MAX_MODEL = 200
MAX_PROMPT = 100_000
MAX_ERROR = 2_000
MAX_USAGE = 10_000
_LAST_SECOND = 253_402_300_799.0  # the end of the year 9999


class Unreadable(Exception):
    """A part of a file that is not what it should be; the text is one sentence for the user."""


def parse(raw: bytes) -> Any:
    """Return the JSON value in ``raw``; raises ``Unreadable``."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("It is not written in UTF-8.") from None
    try:
        return json.loads(text, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        # Too deep, numbers without end, or no JSON at all: neither was written by a chat program.
        raise Unreadable("It is not valid JSON.") from None


def as_object(value: object) -> Mapping[str, Any]:
    """Return a JSON object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def text_of(value: object, limit: int) -> str | None:
    """Return a text cut to ``limit`` characters; None for what is no text."""
    return storable(value[:limit]) if isinstance(value, str) else None


def title_of(value: object) -> str:
    """Return a title of one line; it may be empty."""
    return " ".join((text_of(value, 10 * MAX_TITLE) or "").split())[:MAX_TITLE]


def key_of(value: object) -> str | None:
    """Return an id of the file; None for what is none."""
    return storable(value) if isinstance(value, str) and 0 < len(value) <= MAX_KEY else None


def number_of(value: object) -> float | None:
    """Return a finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def temperature_of(value: object) -> float | None:
    found = number_of(value)
    return found if found is not None and 0 <= found <= 2 else None


def usage_of(value: object) -> Mapping[str, Any] | None:
    """Return what a reply cost, if it is an object of a size that the server keeps."""
    if not isinstance(value, Mapping):
        return None
    try:
        text = storable(json.dumps(value, allow_nan=False))
        if len(text) > MAX_USAGE // 2 or "\\u0000" in text or "\\ud" in text.lower():
            return None
    except (ValueError, RecursionError):
        return None
    return dict(value)


def moment_of(value: object) -> datetime | None:
    """Return a time given as ISO 8601, or as seconds since 1970; in UTC."""
    seconds = number_of(value)
    if seconds is not None:
        return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds <= _LAST_SECOND else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written(moment: datetime | None) -> str | None:
    """Return a time as files have it: UTC, ISO 8601."""
    return None if moment is None else moment.astimezone(UTC).isoformat()
