"""Frames of the Phoenix 1.0.0 JSON serializer.

A client's frame has topic, event, payload, ref and join_ref; a server's frame has the first four only, and
``ref`` is always there, because realtime-py drops a frame without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

__all__ = ["PREFIX", "Frame", "database_broadcast", "encode", "parse", "reply"]

PREFIX = "realtime:"


@dataclass(frozen=True, slots=True)
class Frame:
    """What a client sent."""

    topic: str
    event: str
    payload: dict[str, Any]
    ref: str | None
    join_ref: str | None


def parse(raw: bytes) -> Frame | None:
    """The frame, or None when it is not one."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict):
        return None
    topic, event, payload = value.get("topic"), value.get("event"), value.get("payload")
    ref, join_ref = value.get("ref"), value.get("join_ref")
    if not (isinstance(topic, str) and isinstance(event, str)):
        return None
    if not all(mark is None or isinstance(mark, str) for mark in (ref, join_ref)):
        return None
    return Frame(topic, event, payload if isinstance(payload, dict) else {}, ref, join_ref)


def encode(topic: str, event: str, payload: Any, ref: str | None = None) -> bytes:
    """A server's frame."""
    return orjson.dumps({"topic": topic, "event": event, "payload": payload, "ref": ref})


def reply(topic: str, ref: str | None, status: str, response: dict[str, Any]) -> bytes:
    """The answer to the client's frame ``ref``; ``status`` is ok or error."""
    return encode(topic, "phx_reply", {"status": status, "response": response}, ref)


def database_broadcast(topic: str, event: str, payload: str, message_id: str) -> bytes:
    """A broadcast that a transaction sent; ``payload`` is JSON text and goes through unparsed."""
    body = {
        "event": event,
        "payload": orjson.Fragment(payload),
        "type": "broadcast",
        "meta": {"id": message_id},
    }
    return encode(topic, "broadcast", body)
