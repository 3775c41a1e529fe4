"""Messages that a model is to answer: known from their acceptance until the server has decided."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from chatdesk.domain.change import RowBatch
from chatdesk.domain.mutation import Mutation, ReplyWish
from tests.unit.store.rows import listed, opened, send, sent

WISH = ReplyWish("a", "a-new")


def question() -> Mutation:
    return replace(send("a", "a-new"), wants_reply=True)


async def test_a_wish_outlives_the_entry_and_every_restart(tmp_path: Path) -> None:
    change = question()
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(change)
        await store.enqueue(send("a", "a-plain"))
        assert await store.reply_wishes() == (WISH,)
    async with opened(tmp_path) as store:
        assert await store.reply_wishes() == (WISH,)
        await store.acknowledge(change.id, RowBatch(messages=(sent(change, 1, 2),)))
        assert await store.reply_wishes() == (WISH,)
    async with opened(tmp_path) as store:
        assert await store.reply_wishes() == (WISH,)
        await store.forget_wish("a-new")
        await store.forget_wish("a-new")
        assert await store.reply_wishes() == ()
    async with opened(tmp_path) as store:
        assert await store.reply_wishes() == ()


async def test_a_wish_that_is_settled_before_the_answer_came_does_not_come_back(tmp_path: Path) -> None:
    change = question()
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(change)
        await store.forget_wish("a-new")
        assert await store.reply_wishes() == ()
        await store.acknowledge(change.id, RowBatch(messages=(sent(change, 1, 2),)))
    async with opened(tmp_path) as store:
        assert await store.reply_wishes() == ()


async def test_what_is_discarded_is_not_answered(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        other = replace(question(), id="another")
        await store.enqueue(other)
        await store.reject("another", "No.")
        assert await store.reply_wishes() == (WISH,), "it may be tried again"
        await store.discard("a-new")
        assert await store.reply_wishes() == ()


async def test_the_wishes_of_the_gone_are_adopted(tmp_path: Path) -> None:
    delivered = replace(question(), id="d", entity_id="a-d", args={**question().args, "p_id": "a-d"})
    async with opened(tmp_path) as first:
        async with opened(tmp_path) as second:
            assert second.slot == 1
            await second.apply(listed("a"))
            await second.enqueue(delivered)
            await second.acknowledge("d", RowBatch(messages=(sent(delivered, 1, 2),)))
            await second.enqueue(question())
        assert await first.reply_wishes() == ()
    async with opened(tmp_path) as heir:
        assert heir.slot == 0
        assert set(await heir.reply_wishes()) == {WISH, ReplyWish("a", "a-d")}
        async with opened(tmp_path) as beside:
            assert await beside.reply_wishes() == (), "each is adopted by one"


async def test_an_outbox_that_is_damaged_keeps_its_wishes(tmp_path: Path) -> None:
    change = question()
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(change)
        await store.acknowledge(change.id, RowBatch(messages=(sent(change, 1, 2),)))
        await store.enqueue(send("a", "a-next"))
    (path,) = tmp_path.rglob("outbox.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE entries SET digest = 0")
        connection.commit()
    async with opened(tmp_path) as store:
        assert store.recovered
        assert await store.reply_wishes() == (WISH,)
