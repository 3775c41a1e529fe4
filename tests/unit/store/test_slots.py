"""One place per instance: taken, seeded, adopted, given back, erased."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from chatdesk.domain.errors import ChatDeskError, Misconfigured
from chatdesk.domain.mutation import OutboxState
from tests.unit.store.processes import instance, line
from tests.unit.store.rows import listed, message, opened, send


async def test_each_instance_has_its_own_slot_and_the_lowest_free_one_is_taken(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        async with opened(tmp_path) as second, opened(tmp_path) as third:
            assert (first.slot, second.slot, third.slot) == (0, 1, 2)
        async with opened(tmp_path) as again:
            assert again.slot == 1
        async with opened(tmp_path, "someone-else") as other:
            assert other.slot == 0


async def test_processes_have_different_slots_and_a_killed_one_frees_its_own(tmp_path: Path) -> None:
    with instance(tmp_path, "hold", 2) as one:
        assert line(one) == "slot 0"
        with instance(tmp_path, "hold", 3) as two:
            assert line(two) == "slot 1"
            waiting = {line(one) for _ in range(2)} | {line(two) for _ in range(3)}
            async with opened(tmp_path) as store:
                assert store.slot == 2
                assert await store.outbox() == ()  # the living keep what is theirs
            one.kill()
            two.kill()
            one.wait()
            two.wait()
    async with opened(tmp_path) as store:
        assert store.slot == 0
        assert {entry.mutation.id for entry in await store.outbox()} == waiting
        assert store.recovered == ()
        async with opened(tmp_path) as second:
            assert await second.outbox() == ()


async def test_ten_at_once_get_ten_slots(tmp_path: Path) -> None:
    async def slot() -> int:
        async with opened(tmp_path) as store:
            found.append(store.slot)
            await everyone.wait()
            return store.slot

    found: list[int] = []
    everyone = asyncio.Barrier(10)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(slot()) for _ in range(10)]
    assert sorted(task.result() for task in tasks) == list(range(10))


async def test_a_new_slot_is_seeded_from_a_living_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        rows = replace(listed("a", "b"), messages=(message("a", 1),))
        await first.apply(rows, user_cursor=9, conversation_cursors={"a": 1})
        await first.enqueue(send("a", "own"))
        async with opened(tmp_path) as second:
            assert len(await second.entries()) == 2
            assert await second.messages("a") == (message("a", 1),)
            assert (await second.user_cursor(), await second.conversation_cursor("a")) == (9, 1)
            # From here on they are apart.
            await first.apply(replace(listed(), messages=(message("a", 2),)))
            await second.apply(replace(listed(), messages=(message("a", 3),)))
            assert [row.seq for row in await second.messages("a")] == [1, 3]
            assert [row.seq for row in await first.messages("a")] == [1, 2, None]


async def test_a_new_slot_is_seeded_from_one_that_is_gone(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        await first.apply(listed("a"), user_cursor=9)
    (tmp_path / "account/slot-0").rename(tmp_path / "account/slot-1")
    async with opened(tmp_path) as store:
        assert store.slot == 0
        assert await store.user_cursor() == 9


async def test_a_damaged_neighbour_does_not_stop_anybody(tmp_path: Path) -> None:
    async with opened(tmp_path) as first, opened(tmp_path) as second:
        await first.apply(listed("a"))
        await second.enqueue(send("a", "own"))
    (tmp_path / "account/slot-1/cache.db").write_bytes(b"damaged")
    (tmp_path / "account/slot-1/outbox.db").write_bytes(b"damaged")
    async with opened(tmp_path) as store:
        assert store.slot == 0
        assert len(await store.entries()) == 1
        assert len(store.recovered) == 1
        async with opened(tmp_path) as again:
            assert again.slot == 1
            assert len(again.recovered) == 1


async def test_refusals_and_drafts_of_the_gone_are_adopted_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as first, opened(tmp_path) as second:
        await second.enqueue(send("a", "one"))
        await second.enqueue(send("a", "two", parent="one"))
        await second.reject(send("a", "one").id, "No.")
        await second.save_draft("a", "theirs")
        await second.save_draft("b", "kept")
        await first.save_draft("a", "mine")
        await first.enqueue(send("a", "three"))
    async with opened(tmp_path) as store:
        assert [(e.mutation.entity_id, e.state) for e in await store.outbox()] == [
            ("three", OutboxState.WAITING),
            ("one", OutboxState.FAILED),
            ("two", OutboxState.BLOCKED),
        ]
        assert (await store.draft("a"), await store.draft("b")) == ("mine", "kept")
        async with opened(tmp_path) as other:
            assert (await other.draft("a"), await other.draft("b")) == ("theirs", "")


async def test_an_adoption_that_was_cut_off_doubles_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as first, opened(tmp_path) as second:
        for store in (first, second):  # as if it had been written here, and not yet removed there
            await store.enqueue(send("a", "own"))
    async with opened(tmp_path) as store:
        assert len(await store.outbox()) == 1
    async with opened(tmp_path), opened(tmp_path) as second:
        assert await second.outbox() == ()


async def test_signing_out_leaves_no_text_behind(tmp_path: Path) -> None:
    canary = "canary-7f3a"
    async with opened(tmp_path) as first:
        async with opened(tmp_path) as second:
            rows = replace(listed("a"), messages=(message("a", 1, content=canary),))
            await second.apply(rows)
            await second.enqueue(send("a", "own", canary))
        (tmp_path / "account/slot-1/cache.db.damaged-20260101T000000Z").write_text(canary)
        async with opened(tmp_path, "someone-else") as other:
            await other.enqueue(send("a", "kept", "other text"))
        await first.apply(rows)
        await first.save_draft("a", canary)
        await first.erase()
        with pytest.raises(ChatDeskError):
            await first.entries()
    left = [path for path in (tmp_path / "account").rglob("*") if path.is_file()]
    assert {path.name for path in left} == {"lock", "opening.lock"}
    assert all(canary.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    async with opened(tmp_path, "someone-else") as other:
        assert len(await other.outbox()) == 1
    async with opened(tmp_path) as fresh:
        assert fresh.slot == 0
        assert await fresh.entries() == ()


async def test_signing_out_leaves_the_slot_of_a_living_instance_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as first, opened(tmp_path) as second:
        await second.enqueue(send("a", "own"))
        await first.erase()
        assert len(await second.outbox()) == 1


async def test_a_sign_out_that_was_cut_off_is_finished_by_the_next_instance(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.enqueue(send("a", "own"))
    (tmp_path / "account/slot-0/signed-out").touch()
    async with opened(tmp_path) as store:
        assert await store.outbox() == ()
        assert not (tmp_path / "account/slot-0/signed-out").exists()


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", "a\\b", "C:x", "nul\0"])
async def test_an_account_key_that_leads_elsewhere_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(Misconfigured):
        async with opened(tmp_path, key):
            pass
