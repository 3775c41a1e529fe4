"""How much a client may do, and the habits of the real server that tests switch on."""

from __future__ import annotations

import time
from dataclasses import dataclass

__all__ = ["Limits", "Rate"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Knobs of the Realtime service. Sizes are bytes, times are seconds.

    ``events_per_second`` and ``presence_calls`` are per socket, ``joins_per_second`` for the whole server.
    The documentation allows a client so many presence calls; the real server counts those of each channel.
    The quotas of a hosted project are in the Supabase documentation (guides/realtime/quotas).
    ``queue_frames`` and ``queue_bytes`` bound what waits for one slow client before it is closed with 1013.
    ``close_duplicate_join`` sends phx_close for the older of two joins of a topic on one socket, as the
    real server does; the Python client then loses the newer one, so it is for tests.
    ``refused_join_seconds`` delays a refusal (about 5 s on a real server).
    """

    payload_bytes: int = 3_000_000
    frame_bytes: int = 5_000_000
    events_per_second: int = 5_000
    joins_per_second: int = 500
    channels_per_socket: int = 100
    presence_calls: int = 5
    presence_seconds: float = 30.0
    queue_frames: int = 5_000
    queue_bytes: int = 16_000_000
    idle_seconds: float = 60.0
    close_seconds: float = 5.0
    refused_join_seconds: float = 0.0
    close_duplicate_join: bool = False


class Rate:
    """At most ``most`` events in a window of ``seconds``; a new window starts with its first event."""

    def __init__(self, most: int, seconds: float = 1.0) -> None:
        self._most = most
        self._seconds = seconds
        self._ends = 0.0
        self._count = 0

    def allows(self) -> bool:
        """Count one event and say whether it was still allowed."""
        now = time.monotonic()
        if now >= self._ends:
            self._ends, self._count = now + self._seconds, 0
        self._count += 1
        return self._count <= self._most
