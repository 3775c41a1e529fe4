"""Fixtures of the engine's tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from chatdesk.store.worker import Worker
from tests.unit.sync.desk import Room


async def store_in_step(self: Worker, work: Callable[..., Any], *args: Any) -> Any:
    """Run a job on the store's own thread while the loop stands still.

    Otherwise the thread's answers would arrive between virtual steps whenever the machine likes, and a seed
    would not replay.
    """
    outcome: list[tuple[Any, BaseException | None]] = []
    finished = threading.Event()

    def job() -> None:
        try:
            outcome.append((work(*args), None))
        except BaseException as failure:
            outcome.append((None, failure))
        finally:
            finished.set()

    self._put(job, last=False)
    assert finished.wait(30)
    await asyncio.sleep(0)
    result, failure = outcome[0]
    if failure is not None:
        raise failure
    return result


@pytest.fixture
def room_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Room]:
    """Make a room from a seed."""
    monkeypatch.setattr(Worker, "run", store_in_step)
    return lambda seed: Room(tmp_path / str(seed), seed)


@pytest.fixture
async def room(room_of: Callable[[int], Room]) -> AsyncIterator[Room]:
    """The room of seed 1, closed at the end."""
    made = room_of(1)
    yield made
    await made.close()
