"""Page after page: the next one is fetched while one is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from chatdesk.backend.base import ChangesPage, MessagesPage
from chatdesk.domain.errors import Retryable
from chatdesk.runtime.tasks import TaskScope

Page = TypeVar("Page", ChangesPage, MessagesPage)


async def follow(
    after: int, ask: Callable[[int], Coroutine[Any, Any, Page]], keep: Callable[[Page], Awaitable[None]]
) -> None:
    """Ask for what follows the cursor ``after`` and keep it, page by page, until one says it is the last.

    Network and disk work at the same time, and nothing else changes: one request at a time, pages kept in
    their order and one after the other, two of them in memory at most. A page that cannot be kept takes the
    one after it along, and its cursor stays where it was; one that does not come leaves those before it kept.
    Raises what ``ask`` and ``keep`` raise, and ``Retryable`` for a page that promises more and stands still.
    When this ends, however it ends, no request of it is on its way.
    """
    scope = TaskScope("pages", _told_below)
    try:
        page = await ask(after)
        while True:
            moved = page.cursor > after
            coming = scope.start(ask(page.cursor), "next") if page.more and moved else None
            await keep(page)
            if page.more and not moved:  # it would be asked for without end
                raise Retryable("The server's answer could not be used.", code="cursor")
            if coming is None:
                return
            after, page = page.cursor, await coming
    finally:
        await scope.close()


def _told_below(name: str, failure: BaseException) -> None:
    """Whoever waits for the page is told of it."""
