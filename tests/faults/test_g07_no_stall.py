"""G7: nothing stalls in silence: a part that hangs is found, started again, counted and shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from chatdesk.domain.session import LinkState
from tests.unit.sync.conftest import room_of
from tests.unit.sync.desk import Desk, Room

__all__ = ["room_of"]

LONGEST = 45.0
"""Seconds that waiting work may stand still while the link is healthy."""


async def longest_stall(room: Room, hanging: str) -> float:
    """Let one request hang that not even a cancellation ends; return how long the work stood still."""
    desk = await room.started()
    talk = room.talk("before")
    desk.engine.open_conversation(talk)
    await room.clock.advance(5)
    _hang_once(desk, hanging)
    if hanging == "push":
        await desk.engine.submit(room.send(talk, "after"))
    else:
        desk.network.feed.deafen()
        # A new chat: only the user's changes tell of it; what is looked at is pulled beside them.
        room.server.push(room.create("after"))

    def there() -> bool:
        shown = {m.content for m in desk.mirror.messages.values() if m.seq is not None}
        shown |= {entry.conversation.title for entry in desk.mirror.entries.values()}
        return desk.mirror.states[-1].pending == 0 and "after" in shown

    took = await room.clock.until(there, within=200)
    assert desk.engine.diagnostics()["watchdog"] == 1
    assert desk.mirror.link is LinkState.CONNECTED
    return took


def _hang_once(desk: Desk, name: str) -> None:
    whole = getattr(desk.client.remote, name)
    calls = 0

    async def hang(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.Event().wait()  # a library that swallows the cancellation of a deadline
        return await whole(*args, **options)

    setattr(desk.client.remote, name, hang)


@pytest.mark.errors_expected
@pytest.mark.parametrize("hanging", ["push", "pull_changes"])
async def test_work_never_stands_still_for_long(room_of: Callable[[int], Room], hanging: str) -> None:
    room = room_of(7)
    # A deaf feed is only noticed by the backstop, which asks every 30 s.
    unheard = 30.0 if hanging == "pull_changes" else 0.0
    assert await longest_stall(room, hanging) - unheard <= LONGEST
    await room.close()
