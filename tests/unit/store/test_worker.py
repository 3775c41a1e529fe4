"""The one thread: order, failures, cancellation, a clean end."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from pathlib import Path

import pytest

from chatdesk.domain.errors import ChatDeskError
from chatdesk.store.worker import Worker
from tests.unit.store.rows import listed, opened, send


async def test_jobs_run_in_order_on_one_thread() -> None:
    worker = Worker("test-worker")
    seen: list[tuple[int, str]] = []
    await asyncio.gather(
        *(
            worker.run(lambda number=n: seen.append((number, threading.current_thread().name)))
            for n in range(50)
        )
    )
    await worker.finish(lambda: None)
    assert seen == [(n, "test-worker") for n in range(50)]


async def test_a_failure_is_raised_where_the_job_was_asked_for() -> None:
    worker = Worker("test-worker")
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    assert await worker.run(lambda: 7) == 7
    await worker.finish(lambda: None)


async def test_a_cancelled_caller_does_not_cut_the_job() -> None:
    worker = Worker("test-worker")
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def job() -> None:
        begun.set()
        go_on.wait(30)
        done.set()

    task = asyncio.ensure_future(worker.run(job))
    await asyncio.to_thread(begun.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await worker.finish(lambda: None)
    assert done.is_set()


async def test_nothing_runs_after_the_end() -> None:
    worker = Worker("test-worker")
    ended: list[bool] = []
    await worker.finish(lambda: ended.append(True))
    await worker.finish(lambda: ended.append(True))
    assert ended == [True]
    with pytest.raises(ChatDeskError):
        await worker.run(lambda: None)
    assert "test-worker" not in {thread.name for thread in threading.enumerate()}


def test_a_loop_that_was_closed_does_not_kill_the_thread() -> None:
    async def abandon() -> Worker:
        worker = Worker("test-worker")
        go_on = threading.Event()
        task = asyncio.ensure_future(worker.run(lambda: go_on.wait(30)))
        await asyncio.sleep(0)
        task.cancel()
        holders.append(go_on)
        return worker

    holders: list[threading.Event] = []
    worker = asyncio.run(abandon())
    holders[0].set()

    async def go_on() -> int:
        found = await worker.run(lambda: 7)
        await worker.finish(lambda: None)
        return found

    assert asyncio.run(go_on()) == 7


async def test_closing_leaves_nothing_open(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        async with opened(tmp_path) as store:
            await store.apply(listed("a"))
            await store.enqueue(send("a", "own"))
            await store.close()
            await store.close()
            with pytest.raises(ChatDeskError):
                await store.entries()
        gc.collect()
    names = {path.name for path in (tmp_path / "account/slot-0").iterdir()}
    assert names <= {"cache.db", "outbox.db", "outbox.db-journal", "lock"}
    assert "chatdesk-store" not in {thread.name for thread in threading.enumerate()}


async def test_an_opening_that_is_cancelled_gives_the_slot_back(tmp_path: Path) -> None:
    async def open_and_forget() -> None:
        async with opened(tmp_path):
            raise AssertionError("never reached")

    task = asyncio.ensure_future(open_and_forget())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with opened(tmp_path) as store:
        assert store.slot == 0
    assert "chatdesk-store" not in {thread.name for thread in threading.enumerate()}


async def test_a_new_store_is_empty(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert await store.entries() == ()
        assert await store.messages("a") == ()
        assert await store.profiles() == ()
        assert await store.next_entries() == ()
        assert await store.outbox_counts() == (0, 0)
        assert (await store.user_cursor(), await store.conversation_cursor("a")) == (0, None)
        assert await store.entry("a") is None
        assert await store.message("a") is None
        assert await store.profile("a") is None
        assert await store.draft("a") == ""
        assert not await store.has_older("a")
        assert (store.slot, store.recovered) == (0, ())
