"""The puppet in a hurry, and what its process holds meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer

if TYPE_CHECKING:
    from chatdesk.app.application import Application

Request = dict[str, Any]

_BEAT = 0.01


class LoadStrings:
    """Requests that wear the program out and count what is left; see ``PuppetStrings``."""

    _whole: Application

    async def switch_many(self, request: Request) -> Request:
        """Go round the conversations ``count`` times, staying ``stay`` seconds in each, or not at all."""
        ids, stay = request["conversation_ids"], request["stay"]
        most = 0
        for number in range(request["count"]):
            self._whole.window.sidebar.list.open_requested.emit(ids[number % len(ids)], True)
            if stay:
                await asyncio.sleep(stay)
                most = max(most, self._channels())
        return {"most_channels": max(most, self._channels())}

    async def settled(self, request: Request) -> Request:
        """Wait until a conversation is open and this instance is in its channels and in no others."""
        chosen = request["conversation_id"]
        while True:
            channels = self._whole.realtime.engine.diagnostics()["channels"]
            assert isinstance(channels, dict)
            around = [topic for topic in channels if topic.startswith(f"conversation:{chosen}:")]
            if len(around) == 2 and len(channels) == 3 and set(channels.values()) == {"joined"}:
                return {}
            await asyncio.sleep(0.02)  # Channels tell nobody when they are joined.

    async def resources(self, request: Request) -> Request:
        """Count what this process holds."""
        return {
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
            "files": len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0,
            "memory": _resident(),
            "channels": self._channels(),
        }

    async def watch_stalls(self, request: Request) -> Request:
        """Begin to note how late the event loop comes to what is due every 10 ms."""
        self._late: list[float] = []
        self._due = time.monotonic() + _BEAT
        self._beat = QTimer()
        self._beat.setTimerType(Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(self._note_beat)
        self._beat.start(round(_BEAT * 1000))
        return {}

    async def stalls(self, request: Request) -> Request:
        """Stop noting and tell the lateness in milliseconds."""
        self._beat.stop()
        late = sorted(self._late) or [0.0]
        return {"p99": late[len(late) * 99 // 100] * 1000, "max": late[-1] * 1000, "beats": len(late)}

    def _note_beat(self) -> None:
        now = time.monotonic()
        self._late.append(max(0.0, now - self._due))
        self._due = now + _BEAT

    def _channels(self) -> int:
        if self._whole.realtime.account is None:
            return 0
        channels = self._whole.realtime.engine.diagnostics()["channels"]
        return len(channels) if isinstance(channels, dict) else 0


def _resident() -> int:
    """Memory of this process in bytes; 0 where the system does not tell it this way."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
