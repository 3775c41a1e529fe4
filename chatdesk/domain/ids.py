"""Ids made by the client: UUID version 7, so that they sort by the time they were made."""

from __future__ import annotations

import os
import re
import threading
import time
import uuid

_CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Five of them are in every row that arrives: this takes a sixth of what making a UUID of each takes."""

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Make a UUIDv7 (RFC 9562, 5.7) that is greater than every id this process made before.

    The 12 bits after the version count up within one millisecond (RFC 9562, 6.2, method 1), so two
    messages sent in the same millisecond keep their order.
    """
    global _last
    with _lock:
        stamp = (time.time_ns() // 1_000_000) << 12
        _last = max(stamp, _last + 1)
        head = _last
    millis, counter = head >> 12, head & 0xFFF
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return str(uuid.UUID(int=(millis << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | tail))


def is_id(text: str) -> bool:
    """Tell whether ``text`` is a UUID in its canonical lower-case form."""
    return _CANONICAL.fullmatch(text) is not None
