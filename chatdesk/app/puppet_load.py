"""The puppet in a hurry, and what its process holds meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatdesk.app.stall_probe import StallProbe

from chatdesk.app.puppet_strings import Strings

Request = dict[str, Any]


class LoadStrings(Strings):
    """Requests that wear the program out and count what is left; see ``PuppetStrings``."""

    _probe: StallProbe

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
        """Wait until this instance is in a conversation's channels and in ``count`` (3) altogether."""
        chosen, count = request["conversation_id"], request.get("count", 3)
        while True:
            channels = self._whole.realtime.engine.diagnostics()["channels"]
            assert isinstance(channels, dict)
            around = [topic for topic in channels if topic.startswith(f"conversation:{chosen}:")]
            if len(around) == 2 and len(channels) == count and set(channels.values()) == {"joined"}:
                return {}
            await asyncio.sleep(0.02)  # Channels tell nobody when they are joined.

    async def stalls(self, request: Request) -> Request:
        """Tell how long the window's loop hung since the last time this was asked."""
        return self._probe.take()

    async def resources(self, request: Request) -> Request:
        """Count what this process holds."""
        return {
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
            "files": len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0,
            "memory": _resident(),
            "channels": self._channels(),
        }

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
