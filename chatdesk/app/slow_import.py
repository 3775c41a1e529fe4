"""Importing what speaks to the network, in a thread, in the order in which a start needs it.

All of it takes half as long as everything up to the first painting. So nobody waits for all who needs a part:
while the back end answers one question, the libraries for the next one come.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from enum import Enum
from importlib import import_module

from chatdesk.runtime.loop import keep_for_good

PATIENCE = 0.25
"""Seconds after which nobody waits for a painting any more; there may be nothing to paint."""


class Part(Enum):
    """What can be waited for, first things first; each with its modules. What is there can be imported
    anywhere at no cost."""

    LAUNCHER = ("chatdesk.backend.local_launcher",)
    """Finding or starting the back end of this computer: websockets."""

    SESSION = (
        "chatdesk.backend.client",
        "chatdesk.backend.sessions",
        "chatdesk.backend.local_session",
    )
    """A session: httpx and aiohttp."""

    FEED = ("chatdesk.backend.feed",)
    """The live connection: realtime and pydantic."""

    REQUESTS = (
        "chatdesk.backend.supabase_client",
        "chatdesk.backend.auth",
        "chatdesk.backend.guard",
        "chatdesk.backend.avatars",
    )
    """Everything else: supabase."""


_painted = threading.Event()
_here: dict[Part, Future[None]] = {}


def window_painted() -> None:
    """The window shows what it is to show: imports take nobody's time any more."""
    _painted.set()


async def imported(part: Part) -> None:
    """Wait until ``part`` and what comes before it is there (or raise ``ImportError``)."""
    if not _here:
        for each in Part:
            _here[each] = Future()
            _here[each].set_running_or_notify_cancel()  # Whoever stops waiting stops nothing.
        asyncio.get_running_loop().run_in_executor(None, _import)
    coming = _here[part]
    if not coming.done():  # Every request comes by here: turns of the loop would be its greatest part.
        await asyncio.wrap_future(coming)
    coming.result()


def _import() -> None:
    # Two threads share one interpreter: before the first painting this import would double the wait for it.
    _painted.wait(PATIENCE)
    keep_for_good()
    for part in Part:
        try:
            for name in part.value:
                import_module(name)
        except BaseException as failure:
            _here[part].set_exception(failure)
        else:
            # At once: the loop's next collection would walk over all of it, while somebody waits.
            keep_for_good()
            _here[part].set_result(None)
