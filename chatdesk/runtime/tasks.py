"""Tasks that somebody owns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)

FailureListener = Callable[[str, BaseException], None]


def _log_failure(name: str, failure: BaseException) -> None:
    _log.error("Task %s failed", name, exc_info=failure)


class TaskScope:
    """The only place where tasks are born: named, strongly held, reported when they fail, cancelled at close.

    A bare ``create_task`` is collected when nobody keeps it and its failure is printed long after, or never.
    ``on_failure`` gets the task's name and its exception, once; without it the failure is logged as an ERROR.
    """

    def __init__(self, name: str, on_failure: FailureListener | None = None) -> None:
        self.name = name
        self._on_failure = on_failure or _log_failure
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def count(self) -> int:
        """How many tasks of this scope still run."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run ``work`` as a task of this scope; raises ``RuntimeError`` once the scope is closed."""
        if self._closed:
            work.close()
            raise RuntimeError(f"The task scope {self.name} is closed.")
        task = asyncio.get_running_loop().create_task(work, name=f"{self.name}.{name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._on_failure(task.get_name(), failure)

    async def close(self) -> None:
        """Cancel what runs and wait until it has ended; may be called from one of the scope's own tasks."""
        self._closed = True
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
