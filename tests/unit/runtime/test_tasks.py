"""Tasks that somebody owns."""

from __future__ import annotations

import asyncio

import pytest

from chatdesk.runtime.tasks import TaskScope


async def test_a_failure_is_reported_once_by_name() -> None:
    seen: list[tuple[str, str]] = []
    scope = TaskScope("room", lambda name, failure: seen.append((name, str(failure))))

    async def fail() -> None:
        raise ValueError("broken")

    task = scope.start(fail(), "work")
    with pytest.raises(ValueError, match="broken"):
        await task
    await scope.close()
    assert seen == [("room.work", "broken")]


async def test_closing_cancels_and_waits() -> None:
    scope = TaskScope("room")
    ended = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    for _ in range(3):
        scope.start(wait(), "wait")
    await asyncio.sleep(0)
    assert scope.count == 3
    await scope.close()
    assert scope.count == 0
    assert ended == [True] * 3


async def test_a_closed_scope_takes_nothing_more() -> None:
    scope = TaskScope("room")
    await scope.close()
    with pytest.raises(RuntimeError, match="closed"):
        scope.start(asyncio.sleep(0), "late")


async def test_a_task_may_close_its_own_scope() -> None:
    scope = TaskScope("room")
    await scope.start(scope.close(), "close")
    assert scope.count == 0
