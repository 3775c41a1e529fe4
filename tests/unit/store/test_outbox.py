"""This instance's own changes: shown at once, stacked, answered, refused, retried, taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatdesk.domain.change import RowBatch
from chatdesk.domain.errors import Retryable
from chatdesk.domain.message import DeliveryState
from chatdesk.domain.mutation import OutboxState
from chatdesk.store.store import Store
from tests.unit.store.rows import (
    ME,
    at,
    conversation,
    create,
    delete,
    delete_message,
    frame,
    listed,
    membership,
    message,
    profile,
    rename,
    send,
    sent,
    update_membership,
    update_profile,
    verbs,
)


async def _heads(store: Store) -> list[str]:
    return [entry.mutation.entity_id for entry in await store.next_entries()]


async def _delivery(store: Store, message_id: str) -> tuple[str, str | None]:
    row = await store.message(message_id)
    assert row is not None
    return row.delivery.value, row.failure


async def test_a_sent_message_is_shown_last_and_moves_its_conversation_up(store: Store) -> None:
    await store.apply(listed("a", "b"))
    await store.apply(
        RowBatch(conversations=(conversation("b", 2, updated_at=at(500)),), messages=(message("a", 1),))
    )
    change = send("a", "own")
    changes = await store.enqueue(change)
    assert verbs(changes) == {"own": ("added", frozenset()), "a": ("changed", frozenset({"updated_at"}))}
    assert (changes.pending, changes.failed) == (1, None)
    assert [entry.id for entry in await store.entries()] == ["a", "b"]
    shown = await store.messages("a")
    assert [(row.id, row.seq, row.delivery) for row in shown] == [
        ("a-m1", 1, DeliveryState.SENT),
        ("own", None, DeliveryState.PENDING),
    ]
    assert (shown[1].author_id, shown[1].created_at) == (ME, change.created_at)
    assert await store.messages("a", before=shown[1].order) == shown[:1]
    assert await store.messages("a", limit=1) == shown[1:]


async def test_from_waiting_to_sent_it_is_one_row(store: Store) -> None:
    await store.apply(listed("a"), conversation_cursors={"a": 1})
    change = send("a", "own")
    await store.enqueue(change)
    changes = await store.mark_sending(change.id)
    assert verbs(changes) == {"own": ("changed", frozenset({"delivery"}))}
    assert changes.pending is None
    assert await store.next_entries() == ()
    await store.mark_waiting(change.id)
    (entry,) = await store.next_entries()
    assert (entry.attempts, entry.state, entry.mutation) == (1, OutboxState.WAITING, change)
    row = sent(change, 1, 2)
    changes = await store.acknowledge(
        change.id, RowBatch(conversations=(conversation("a", 2, last_seq=1),), messages=(row,))
    )
    fields = frozenset({"delivery", "seq", "revision", "created_at", "updated_at"})
    assert verbs(changes)["own"] == ("changed", fields)
    assert changes.pending == 0
    changes, gaps = await store.apply_events([frame(row)])
    assert not changes
    assert not gaps
    assert await store.messages("a") == (row,)


async def test_the_echo_may_come_before_the_answer(store: Store) -> None:
    await store.apply(listed("a"), conversation_cursors={"a": 1})
    change = send("a", "own")
    await store.enqueue(change)
    await store.mark_sending(change.id)
    row = sent(change, 1, 2)
    changes, _ = await store.apply_events([frame(row)])
    assert verbs(changes)["own"][0] == "changed"
    changes = await store.acknowledge(change.id, RowBatch(messages=(row,)))
    assert verbs(changes)["own"] == ("changed", frozenset({"delivery"}))
    assert await store.messages("a") == (row,)


async def test_a_refusal_of_what_did_arrive_is_a_delivery(store: Store) -> None:
    await store.apply(listed("a"), conversation_cursors={"a": 1})
    change = send("a", "own")
    await store.enqueue(change)
    await store.apply_events([frame(sent(change, 1, 2))])
    changes = await store.reject(change.id, "The conversation is closed.")
    assert verbs(changes)["own"] == ("changed", frozenset({"delivery"}))
    assert (changes.pending, changes.failed) == (0, None)


async def test_an_id_taken_by_another_text_keeps_ours_visible(store: Store) -> None:
    await store.apply(listed("a"), conversation_cursors={"a": 1})
    change = send("a", "own", "mine")
    await store.enqueue(change)
    theirs = message("a", 1, 2, id="own", content="theirs", author_id="stranger")
    await store.apply(RowBatch(messages=(theirs,)))
    await store.reject(change.id, "That id is taken.")
    (shown,) = await store.messages("a")
    assert (shown.content, shown.delivery, shown.failure) == (
        "mine",
        DeliveryState.FAILED,
        "That id is taken.",
    )
    await store.discard("own")
    assert await store.messages("a") == (theirs,)


async def test_a_new_conversation_lives_before_the_server_knows_it(store: Store) -> None:
    made = create("a", "Plans")
    changes = await store.enqueue(made)
    assert verbs(changes) == {"a": ("added", frozenset())}
    (entry,) = await store.entries()
    assert (entry.conversation.title, entry.delivery, entry.conversation.revision) == (
        "Plans",
        DeliveryState.PENDING,
        0,
    )
    await store.enqueue(send("a", "own"))
    assert await _heads(store) == ["a"]
    changes = await store.acknowledge(
        made.id, RowBatch(conversations=(conversation("a"),), memberships=(membership("a"),))
    )
    assert verbs(changes)["a"][0] == "changed"
    assert await _heads(store) == ["own"]
    assert await store.conversation_cursor("a") == 1  # new and empty: complete as it is
    assert not await store.has_older("a")


async def test_an_answer_without_the_row_is_no_acknowledgement(store: Store) -> None:
    change = create("a")
    await store.enqueue(change)
    with pytest.raises(Retryable):
        await store.acknowledge(change.id, RowBatch())
    assert await store.outbox_counts() == (1, 0)


async def test_changes_of_one_row_stack_in_their_order(store: Store) -> None:
    await store.apply(listed("a"))
    first, second = rename("a", "One", 1000), rename("a", "Two", 1001)
    await store.enqueue(first)
    await store.enqueue(second)
    await store.enqueue(update_membership("a", pinned=True, last_read_seq=0))
    (entry,) = await store.entries()
    assert (entry.conversation.title, entry.membership.pinned) == ("Two", True)
    assert [e.mutation.id for e in await store.next_entries()] == [first.id]
    changes = await store.acknowledge(first.id, RowBatch(conversations=(conversation("a", 2, title="One"),)))
    assert "title" not in verbs(changes).get("a", ("", frozenset()))[1]
    # A stranger's rename comes in below; ours stays on top until it is answered.
    await store.apply(RowBatch(conversations=(conversation("a", 3, title="Theirs"),)))
    (entry,) = await store.entries()
    assert entry.conversation.title == "Two"
    await store.reject(second.id, "No.")
    (entry,) = await store.entries()
    assert (entry.conversation.title, entry.delivery, entry.failure) == ("Two", DeliveryState.FAILED, "No.")
    changes = await store.discard("a")
    assert verbs(changes)["a"] == ("changed", frozenset({"title", "delivery", "failure"}))
    (entry,) = await store.entries()
    assert (entry.conversation.title, entry.membership.pinned, entry.delivery) == (
        "Theirs",
        True,
        DeliveryState.PENDING,
    )


async def test_deleting_hides_until_it_is_refused(store: Store) -> None:
    await store.apply(listed("a"))
    change = delete("a")
    assert verbs(await store.enqueue(change)) == {"a": ("removed", frozenset())}
    assert await store.entry("a") is None
    changes = await store.reject(change.id, "Only the owner may delete it.")
    assert verbs(changes) == {"a": ("added", frozenset())}
    (entry,) = await store.entries()
    assert (entry.delivery, entry.failure) == (DeliveryState.FAILED, "Only the owner may delete it.")
    await store.retry("a")
    assert await store.entries() == ()
    gone = conversation("a", 2, deleted_at=at(2))
    await store.acknowledge(change.id, RowBatch(conversations=(gone,)))
    assert await store.entries() == ()


async def test_deleting_a_message_shows_a_tombstone(store: Store) -> None:
    await store.apply(replace(listed("a"), messages=(message("a", 1),)))
    change = delete_message("a", "a-m1")
    changes = await store.enqueue(change)
    assert verbs(changes) == {"a-m1": ("changed", frozenset({"content", "deleted_at", "delivery"}))}
    await store.reject(change.id, "Not yours.")
    (row,) = await store.messages("a")
    assert (row.content, row.failure) == ("text 1", "Not yours.")
    await store.retry("a-m1")
    gone = message("a", 1, 2, content="", deleted_at=at(3))
    await store.acknowledge(change.id, RowBatch(messages=(gone,)))
    assert await store.messages("a") == (gone,)


async def test_a_profile_shows_the_change_until_it_is_refused(store: Store) -> None:
    first = update_profile(display_name="Ann")
    changes = await store.enqueue(first)
    assert [row.display_name for row in changes.profiles] == ["Ann"]
    await store.apply(RowBatch(profiles=(profile(username="old"),)))
    second = update_profile(1001, username="taken")
    await store.enqueue(second)
    (shown,) = await store.profiles()
    assert (shown.display_name, shown.username) == ("Ann", "taken")
    changes = await store.reject(second.id, "Taken.")
    assert [row.username for row in changes.profiles] == ["old"]
    assert changes.failed == 1
    await store.acknowledge(
        first.id, RowBatch(profiles=(profile(revision=2, display_name="Ann", username="old"),))
    )
    await store.discard(ME)
    assert await store.outbox_counts() == (0, 0)


async def test_lanes_do_not_wait_for_each_other(store: Store) -> None:
    await store.apply(listed("a", "b"))
    for change in (send("a", "a1"), send("a", "a2"), send("b", "b1"), update_profile(display_name="x")):
        await store.enqueue(change)
    assert await _heads(store) == ["a1", "b1", ME]
    await store.mark_sending(send("a", "a1").id)
    assert await _heads(store) == ["b1", ME]


async def test_a_refusal_blocks_only_what_depends_on_it(store: Store) -> None:
    await store.apply(listed("a"))
    for change in (
        send("a", "first"),
        send("a", "child", parent="first"),
        send("a", "grandchild", parent="child"),
        send("a", "other"),
        rename("a", "New"),
    ):
        await store.enqueue(change)
    changes = await store.reject(send("a", "first").id, "Too long.")
    assert verbs(changes) == {"first": ("changed", frozenset({"delivery", "failure"}))}
    assert (changes.pending, changes.failed) == (4, 1)
    assert await _heads(store) == ["other"]
    states = {entry.mutation.entity_id: entry.state for entry in await store.outbox()}
    assert states == {
        "first": OutboxState.FAILED,
        "child": OutboxState.BLOCKED,
        "grandchild": OutboxState.BLOCKED,
        "other": OutboxState.WAITING,
        "a": OutboxState.WAITING,
    }
    assert await _delivery(store, "child") == ("pending", None)
    await store.retry("first")
    assert await _heads(store) == ["first"]
    await store.reject(send("a", "first").id, "Too long.")
    changes = await store.discard("first")
    assert verbs(changes)["first"][0] == "removed"
    assert verbs(changes)["child"] == ("changed", frozenset({"parent_id"}))
    assert await _heads(store) == ["child"]
    (child, *_) = await store.next_entries()
    assert child.mutation.args["p_parent_id"] is None
