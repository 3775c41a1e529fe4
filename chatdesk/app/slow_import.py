"""Getting the adapters without holding up the window."""

from __future__ import annotations

import asyncio
from types import ModuleType


def _imported() -> ModuleType:
    from chatdesk.app import adapters

    return adapters


async def adapters_loaded() -> None:
    """Import the adapters in a thread: about a second, once; afterwards a plain import costs nothing."""
    await asyncio.to_thread(_imported)
