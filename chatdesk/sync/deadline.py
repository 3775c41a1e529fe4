"""A limit for what the network may take, on the injected clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import Offline
from chatdesk.runtime.tasks import TaskScope


@asynccontextmanager
async def deadline(scope: TaskScope, clock: Clock, seconds: float, sentence: str) -> AsyncIterator[None]:
    """Cancel the body after ``seconds`` and raise ``Offline(sentence)`` in its place.

    The same dance as ``asyncio.timeout`` (cancel, then take the cancellation back), which cannot be used
    because it reads the loop's clock. The body must not wait for the store, only for the network.
    """
    task = asyncio.current_task()
    if task is None:  # pragma: no cover - a coroutine that runs has a task
        raise RuntimeError("A deadline needs a running task.")
    before = task.cancelling()
    expired = False

    async def ring() -> None:
        nonlocal expired
        await clock.sleep(seconds)
        expired = True
        task.cancel()

    timer = scope.start(ring(), "deadline")
    try:
        yield
    except asyncio.CancelledError as cancelled:
        if expired and task.uncancel() <= before:
            raise Offline(sentence, "ChatDesk tries again by itself.", "timeout") from cancelled
        raise
    finally:
        timer.cancel()
