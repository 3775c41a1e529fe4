"""A sign-out reaches every place of an account here: running, closed, or killed before it saw it."""

from __future__ import annotations

from pathlib import Path

from chatdesk.domain.ids import new_id
from tests.unit.store.rows import listed, opened, send

CANARY = "canary-5f1c"


def left(directory: Path) -> list[str]:
    """Files that still hold the canary."""
    return [
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes()
    ]


async def test_every_running_instance_sees_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as first, opened(tmp_path) as second:
        assert not await first.was_signed_out()
        assert not await second.was_signed_out()
        await first.begin_sign_out()
        assert await second.was_signed_out()


async def test_who_signs_in_afterwards_was_not_signed_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        await first.begin_sign_out()
        async with opened(tmp_path) as later:
            assert not await later.was_signed_out()
            await later.begin_sign_out()
            assert await later.was_signed_out()


async def test_an_instance_killed_before_it_saw_the_sign_out_leaves_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        async with opened(tmp_path) as second:
            await second.apply(listed("a"))
            await second.enqueue(send("a", new_id(), CANARY))
            await first.begin_sign_out()
            # Closed without a word of the sign-out, as after a kill.
        assert left(tmp_path)
        await first.erase()
    assert left(tmp_path) == []


async def test_what_nobody_erased_is_erased_by_the_next_who_opens(tmp_path: Path) -> None:
    async with opened(tmp_path) as first, opened(tmp_path) as second:
        for store in (first, second):
            await store.apply(listed("a"))
            await store.enqueue(send("a", new_id(), CANARY))
        await first.begin_sign_out()
    assert left(tmp_path)
    async with opened(tmp_path) as fresh:
        assert await fresh.entries() == ()
        assert await fresh.outbox_counts() == (0, 0)
    assert left(tmp_path) == []


async def test_a_new_place_is_not_filled_from_one_that_missed_the_sign_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as running:
        await running.apply(listed("a"))
        await running.begin_sign_out()
        async with opened(tmp_path) as fresh:
            assert await fresh.entries() == ()


async def test_the_mark_costs_nothing_before_the_first_sign_out(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    assert [path for path in tmp_path.rglob("era")] == []
