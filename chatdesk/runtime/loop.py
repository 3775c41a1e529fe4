"""The one loop that is Qt's and asyncio's at once."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import qasync
from PySide6.QtCore import QCoreApplication, QTimer

T = TypeVar("T")


COLLECT_MS = 500


def collect_here() -> None:
    """Collect cyclic garbage in this thread, as far as Python's own thresholds ask for it."""
    for generation, (count, limit) in reversed(
        list(enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)))
    ):
        if count > limit:
            gc.collect(generation)
            return


def keep_for_good() -> None:
    """Leave what is here now out of every later collection; for after a big import.

    Modules, classes and code are for good anyway, and walking over all of them holds up the window for a
    tenth of a second each time.
    """
    gc.freeze()


def run_in_qt(application: QCoreApplication, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``main`` on a loop that drives ``application``; returns what it returns.

    Slow imports run in a thread while the window is already there; without a short switch interval such a
    thread holds the interpreter for 5 ms at a time and the window stutters.
    """
    sys.setswitchinterval(0.001)
    # Python collects in whatever thread allocates; a widget that dies in another thread than its own takes
    # the process with it. So nothing is collected but here, between two events.
    gc.disable()
    collector = QTimer(application)
    collector.timeout.connect(collect_here)
    collector.start(COLLECT_MS)
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main())  # type: ignore[no-any-return]  # qasync has no types
    finally:
        loop.close()
        asyncio.set_event_loop(None)
