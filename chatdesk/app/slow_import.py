"""Getting the adapters without holding up the window."""

from __future__ import annotations

import asyncio
import threading
from types import ModuleType

from chatdesk.runtime.loop import keep_for_good

PATIENCE = 0.25
"""Seconds after which nobody waits for a painting any more; there may be nothing to paint."""

_here = False
_painted = threading.Event()


def window_painted() -> None:
    """The window shows what it is to show: imports take nobody's time any more."""
    _painted.set()


def _imported() -> ModuleType:
    # Two threads share one interpreter: before the first painting this import would double the wait for it.
    _painted.wait(PATIENCE)
    from chatdesk.app import adapters

    return adapters


async def adapters_loaded() -> None:
    """Import the adapters in a thread: about a second, once; afterwards a plain import costs nothing."""
    global _here
    if _here:
        return  # Every request comes by here: two turns by way of a thread would be its greatest part.
    await asyncio.to_thread(_imported)
    if not _here:
        _here = True
        keep_for_good()
