"""Going through everything that is here, and knowing what is not."""

from __future__ import annotations

from pathlib import Path

from chatdesk.domain.change import RowBatch
from tests.unit.store.rows import conversation, delete_message, membership, message, opened, send


async def test_messages_are_gone_through_from_the_first_with_own_changes_on_top(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.apply(
            RowBatch(
                conversations=(conversation("a", last_seq=5),),
                memberships=(membership("a"),),
                messages=tuple(message("a", seq) for seq in range(1, 6)),
            ),
            user_cursor=1,
            conversation_cursors={"a": 9},
            complete_from={"a": True},
        )
        gone = message("a", 2).id
        await store.enqueue(delete_message("a", gone))
        await store.enqueue(send("a", "waiting", "not sent yet"))
        first = await store.numbered_after("a", 0, 2)
        assert [row.seq for row in first] == [1, 2]
        assert first[1].deleted_at is not None
        assert [row.seq for row in await store.numbered_after("a", 2, 100)] == [3, 4, 5]
        assert await store.numbered_after("a", 5, 100) == ()
        assert [row.content for row in await store.waiting("a")] == ["not sent yet"]
        nodes = {node.id: node.deleted for node in await store.nodes("a")}
        assert len(nodes) == 6
        assert nodes[gone] is True
        assert nodes["waiting"] is False


async def test_what_is_not_here_is_known(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        rows = [conversation(name, last_seq=4) for name in ("never", "part", "whole", "behind")]
        await store.apply(
            RowBatch(
                conversations=(*rows, conversation("empty", last_seq=0)),
                memberships=tuple(membership(name) for name in ("never", "part", "whole", "behind", "empty")),
            ),
            user_cursor=1,
        )
        for name, seqs, complete in (
            ("part", (3, 4), False),
            ("whole", (1, 2, 3, 4), True),
            ("behind", (1,), True),
        ):
            await store.apply(
                RowBatch(messages=tuple(message(name, seq) for seq in seqs)),
                conversation_cursors={name: 1},
                complete_from={name: complete},
            )
        assert await store.unfetched() == {"never": 4, "part": 2, "behind": 3}
