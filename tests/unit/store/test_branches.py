"""Versions in the store: the tree, the tip, the path, and what depends on what in the outbox."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chatdesk.domain.change import RowBatch
from chatdesk.domain.message import Message, Role
from chatdesk.domain.mutation import Mutation
from chatdesk.store.store import Store
from tests.unit.store.rows import delete_message, listed, message, opened, send


def edit(message_id: str, replaces: str, text: str = "edited", parent: str | None = None) -> Mutation:
    made = send("c", message_id, text, parent)
    return replace(made, args={**made.args, "p_replaces": replaces})


ROWS = (
    message("c", 1),
    message("c", 2, parent_id="c-m1", role=Role.ASSISTANT),
    message("c", 3, parent_id="c-m2"),
)
EDITED = (*ROWS, message("c", 4, replaces="c-m1"), message("c", 5, parent_id="c-m4", role=Role.ASSISTANT))


async def filled(store: Store, *rows: Message) -> Store:
    batch = replace(listed("c"), messages=rows)
    await store.apply(batch, user_cursor=1, conversation_cursors={"c": 99}, complete_from={"c": True})
    return store


async def test_the_mark_survives_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await filled(store, *EDITED)
    async with opened(tmp_path) as store:
        found = await store.message("c-m4")
        assert found is not None
        assert found.replaces == "c-m1"


async def test_without_versions_the_tree_is_empty_and_the_newest_is_the_tip(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await filled(store, *ROWS)
        assert not (await store.branches("c", {})).nodes
        assert await store.tip("c", {}) == "c-m3"
        assert await store.tip("nowhere", {}) is None
        await store.enqueue(send("c", "own"))
        assert await store.tip("c", {}, "c-m1") == "own"


async def test_the_tip_is_on_the_path_that_was_seen(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await filled(store, *EDITED)
        assert await store.tip("c", {}) == "c-m5"
        assert await store.tip("c", {"c-m1": "c-m1"}) == "c-m3"
        assert await store.tip("c", {}, "c-m2") == "c-m3"
        assert await store.tip("c", {}, "unknown") == "c-m5"


async def test_the_path_to_a_message_leaves_the_other_versions_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await filled(store, *EDITED)

        async def path(message_id: str, limit: int = 10, **choices: str) -> list[str]:
            return [found.id for found in await store.path("c", choices, message_id, limit)]

        assert await path("c-m5") == ["c-m4", "c-m5"]
        assert await path("c-m3") == ["c-m1", "c-m2", "c-m3"]
        assert await path("c-m3", limit=2) == ["c-m2", "c-m3"]
        assert await path("unknown") == []


async def test_own_versions_count_before_they_are_sent(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await filled(store, *ROWS)
        await store.enqueue(edit("own", "c-m1"))
        tree = await store.branches("c", {})
        assert tree.is_hidden("c-m3")
        assert await store.tip("c", {}) == "own"
        await store.enqueue(delete_message("c", "own"))
        tree = await store.branches("c", {})
        assert not tree.is_hidden("c-m3"), "a deleted version gives way"


async def test_a_model_s_replies_are_found_by_their_question(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        again = message("c", 6, parent_id="c-m1", role=Role.ASSISTANT, replaces="c-m2", content="")
        await filled(store, *EDITED, again)
        assert await store.replies("c", "c-m1") == {"c-m2", "c-m6"}
        assert await store.replies("c", "c-m3") == frozenset()


@pytest.mark.parametrize("chained", [False, True])
async def test_a_version_waits_behind_the_refused_message_it_replaces(tmp_path: Path, chained: bool) -> None:
    async with opened(tmp_path) as store:
        await filled(store, *ROWS)
        first = edit("one", "c-m1") if chained else send("c", "one")
        await store.enqueue(first)
        await store.enqueue(edit("two", "one"))
        await store.mark_sending(first.id)
        await store.reject(first.id, "no")
        assert [entry.mutation.entity_id for entry in await store.next_entries()] == []
        await store.discard("one")
        [entry] = await store.next_entries()
        assert entry.mutation.entity_id == "two"
        assert entry.mutation.args["p_replaces"] == ("c-m1" if chained else None)
        found = await store.message("two")
        assert found is not None
        assert found.replaces == ("c-m1" if chained else None)


async def test_rows_that_say_nothing_of_versions_replace_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.apply(RowBatch(messages=ROWS))
        assert {found.replaces for found in await store.messages("c")} == {None}
