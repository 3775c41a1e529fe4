"""The one thread that touches SQLite."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar, cast

from chatdesk.domain.errors import ChatDeskError

T = TypeVar("T")

_Job = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]", bool]


def _settle(future: asyncio.Future[Any], result: Any, failure: BaseException | None) -> None:
    if future.done():  # the waiting side was cancelled meanwhile
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)


class Worker:
    """Runs functions one after another on a thread of its own and answers on the loop that asked.

    A job that was handed over always runs, even when the coroutine that waits for it is cancelled: a
    transaction is never cut in the middle. The thread is a daemon, so an interpreter that ends without
    ``finish`` does not hang; SQLite's files are made for that.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._finishing = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Run ``work(*args)`` on the thread; its exception is raised here."""
        if self._finishing:
            raise ChatDeskError("The local store is closed.")
        return cast(T, await self._put(lambda: work(*args), last=False))

    async def finish(self, work: Callable[[], None]) -> None:
        """Run ``work`` after everything handed over before, then end the thread; safe to call twice."""
        if not self._finishing:
            self._finishing = True
            try:
                await self._put(work, last=True)
            finally:
                self._thread.join()

    def _put(self, work: Callable[[], Any], *, last: bool) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._jobs.put((work, loop, future, last))
        return future

    def _work(self) -> None:
        last = False
        while not last:
            work, loop, future, last = self._jobs.get()
            result: Any = None
            failure: BaseException | None = None
            try:
                result = work()
            except BaseException as error:
                failure = error
            with suppress(RuntimeError):  # the loop was closed without waiting: nobody is left to be told
                loop.call_soon_threadsafe(_settle, future, result, failure)
            # Nothing of a finished job may live on while the thread waits for the next one.
            del work, loop, future, result, failure
