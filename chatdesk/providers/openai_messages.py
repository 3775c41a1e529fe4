"""Turns as OpenAI's chat completions take them."""

from __future__ import annotations

import base64
from typing import Any

from chatdesk.providers.base import Turn

_REFUSALS = (400, 415, 422)
"""What servers answer to a model that cannot see; some say 404 or 500, which mean too much else."""


def message_of(turn: Turn) -> dict[str, Any]:
    """Write a turn: a plain text, or parts where there are pictures, each as a data address."""
    if not turn.pictures:
        return {"role": turn.role.value, "content": turn.content}
    parts: list[dict[str, Any]] = [{"type": "text", "text": turn.content}] if turn.content else []
    for picture in turn.pictures:
        address = f"data:{picture.media_type};base64,{base64.b64encode(picture.content).decode()}"
        parts.append({"type": "image_url", "image_url": {"url": address}})
    return {"role": turn.role.value, "content": parts}


def without_pictures(turn: Turn) -> Turn:
    """Return the turn with the names of its pictures instead of them."""
    if not turn.pictures:
        return turn
    told = [
        f'[The picture "{picture.name}" was attached here; you cannot see it.]' for picture in turn.pictures
    ]
    return Turn(turn.role, "\n\n".join(filter(None, [turn.content, *told])))


def refuses_pictures(failure: Exception) -> bool:
    """Tell whether this may be how a server refuses pictures."""
    too_long = getattr(failure, "code", None) == "context_length_exceeded"
    return getattr(failure, "status_code", None) in _REFUSALS and not too_long


def refuses_usage(failure: Exception) -> bool:
    """Tell whether a server refuses to be asked for token usage."""
    return getattr(failure, "status_code", None) in _REFUSALS and "stream_options" in str(failure)
