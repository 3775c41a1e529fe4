"""Fetches everything now, because somebody waits for it: the backfill would take its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatdesk.domain.errors import Refused
from chatdesk.store.store import Store
from chatdesk.sync.catch_up import CatchUp

PAGE = 200


async def gather(
    store: Store,
    catch_up: CatchUp,
    rest: Callable[[], None],
    told: Callable[[int, int], None],
    conversation_id: str | None = None,
) -> Mapping[str, int]:
    """Fetch what is not here, page by page, of one conversation or of all.

    ``rest`` keeps the backfill out of the way; ``told(done, all)`` counts conversations. Returns what
    ``Store.unfetched`` says at the end: conversations that were refused stay in it. Raises like ``Remote``.
    """
    wanted = [each for each in await store.unfetched() if conversation_id in (None, each)]
    for done, each in enumerate(wanted):
        told(done, len(wanted))
        rest()
        try:
            await _fetch(store, catch_up, rest, each)
        except Refused:
            continue  # taken away meanwhile; the user's changes will tell
    left = await store.unfetched()
    return {each: count for each, count in left.items() if conversation_id in (None, each)}


async def _fetch(store: Store, catch_up: CatchUp, rest: Callable[[], None], conversation_id: str) -> None:
    if await store.conversation_cursor(conversation_id) is None:
        await catch_up.first_page(conversation_id, PAGE)
    last: int | None = None
    while await store.has_older(conversation_id):
        oldest = await store.oldest_seq(conversation_id)
        if oldest == last:  # the page before did not get us any further
            return
        last = oldest
        rest()
        await catch_up.load_older(conversation_id, oldest, PAGE)
