"""Getting the adapters without holding up the window."""

from __future__ import annotations

import asyncio
from types import ModuleType

from chatdesk.runtime.loop import keep_for_good

_here = False


def _imported() -> ModuleType:
    from chatdesk.app import adapters

    return adapters


async def adapters_loaded() -> None:
    """Import the adapters in a thread: about a second, once; afterwards a plain import costs nothing."""
    global _here
    await asyncio.to_thread(_imported)
    if not _here:
        _here = True
        keep_for_good()
