"""How a change ends: given up, called back, refused at the door, or carried over a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatdesk.domain.change import RowBatch
from chatdesk.domain.errors import BadInput
from chatdesk.domain.message import DeliveryState
from chatdesk.domain.mutation import Mutation, MutationKind, OutboxEntry, OutboxState
from chatdesk.store.mutations import digest
from chatdesk.store.outbox import decode_entry, encode_entry
from chatdesk.store.store import Store
from tests.unit.store.rows import (
    ME,
    create,
    delete,
    delete_message,
    listed,
    message,
    mutation,
    opened,
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


async def test_re_parenting_reaches_over_several_discarded_messages(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.apply(replace(listed("a"), messages=(message("a", 1),)))
        await store.enqueue(send("a", "one", parent="a-m1"))
        await store.enqueue(send("a", "two", parent="one"))
        await store.enqueue(send("a", "three", parent="two"))
        await store.discard("two")
        await store.discard("one")
    async with opened(tmp_path) as store:
        (entry,) = await store.next_entries()
        assert entry.mutation.args["p_parent_id"] == "a-m1"


async def test_what_is_being_sent_cannot_be_called_back(store: Store) -> None:
    await store.apply(listed("a"))
    change = send("a", "own")
    await store.enqueue(change)
    await store.mark_sending(change.id)
    assert not await store.discard("own")
    await store.acknowledge(change.id, RowBatch(messages=(sent(change, 1),)))
    assert await _delivery(store, "own") == ("sent", None)


async def test_text_of_a_conversation_that_is_given_up_becomes_a_draft(store: Store) -> None:
    made = create("a")
    await store.enqueue(made)
    await store.enqueue(send("a", "one", "first thought"))
    await store.enqueue(send("a", "two", "second thought"))
    await store.save_draft("a", "half a thou")
    await store.save_draft("", "before")
    await store.reject(made.id, "No.")
    assert await store.next_entries() == ()
    changes = await store.discard("a")
    assert {key: verb for key, (verb, _) in verbs(changes).items()} == {
        "a": "removed",
        "one": "removed",
        "two": "removed",
    }
    assert (changes.pending, changes.failed) == (0, 0)
    assert await store.draft("") == "before\n\nfirst thought\n\nsecond thought\n\nhalf a thou"
    assert await store.draft("a") == ""


async def test_deleting_what_was_refused_needs_no_server(store: Store) -> None:
    made = create("a")
    await store.enqueue(made)
    await store.enqueue(send("a", "one"))
    await store.reject(made.id, "No.")
    changes = await store.enqueue(delete("a"))
    assert (changes.pending, changes.failed) == (0, 0)
    assert await store.outbox() == ()

    await store.apply(listed("b"))
    await store.enqueue(send("b", "two"))
    await store.enqueue(send("b", "three", parent="two"))
    await store.enqueue(delete_message("b", "two"))
    changes = await store.reject(send("b", "two").id, "No.")
    assert verbs(changes)["two"][0] == "removed"
    assert [entry.mutation.args["p_parent_id"] for entry in await store.next_entries()] == [None]


async def test_a_change_that_is_not_there_any_more_changes_nothing(store: Store) -> None:
    assert not await store.mark_sending("x")
    assert not await store.mark_waiting("x")
    assert not await store.reject("x", "no")
    assert not await store.retry("x")
    assert not await store.discard("x")
    changes = await store.acknowledge("x", RowBatch(profiles=(profile(),)))
    assert changes.profiles == (profile(),)


async def test_the_same_change_is_accepted_once(store: Store) -> None:
    await store.apply(listed("a"))
    assert await store.enqueue(send("a", "own"))
    assert not await store.enqueue(send("a", "own"))
    assert await store.outbox_counts() == (1, 0)


async def test_a_restart_keeps_everything_and_sends_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.apply(listed("a", "b"))
        for change in (send("a", "one", "🎉 \u2028 text"), send("a", "two"), send("b", "three")):
            await store.enqueue(change)
        await store.mark_sending(send("a", "one").id)
        await store.reject(send("b", "three").id, "Sorry ☹")
        await store.save_draft("a", "draft \ud83d")
        before = await store.messages("a")
    async with opened(tmp_path) as store:
        after = await store.messages("a")
        assert [replace(row, delivery=DeliveryState.PENDING) for row in before] == list(after)
        assert await _heads(store) == ["one"]
        assert await _delivery(store, "three") == ("failed", "Sorry ☹")
        assert await store.outbox_counts() == (2, 1)
        assert await store.draft("a") == "draft \ud83d"
        assert store.recovered == ()


@pytest.mark.parametrize(
    "change",
    [
        send("a", "x", "nul \0 inside"),
        send("a", "x", "half \ud83d"),
        rename("a", "half \udc00"),
        update_profile(display_name="nul \0"),
        rename("a", 7),  # type: ignore[arg-type]  # wrong on purpose
        update_membership("a", last_read_seq=None),
        mutation(MutationKind.SEND_MESSAGE, "x", "a", {"p_id": "x"}),
        mutation(MutationKind.SEND_MESSAGE, "x", "a", {**send("a", "y").args}),
        mutation(MutationKind.SEND_MESSAGE, "x", "a", {**send("a", "x").args, "p_role": "robot"}),
        mutation(MutationKind.CREATE_CONVERSATION, "a", "b", {"p_id": "a", "p_title": "t"}),
        mutation(
            MutationKind.CREATE_CONVERSATION,
            "a",
            "a",
            {"p_id": "a", "p_title": "t", "p_temperature": float("nan")},
        ),
        mutation(MutationKind.UPDATE_PROFILE, ME, "a", {"p_updates": {}}),
        mutation(MutationKind.DELETE_MESSAGE, "x", "a", {"p_id": object()}),
    ],
)
async def test_what_no_server_can_take_is_refused_with_a_sentence(store: Store, change: Mutation) -> None:
    with pytest.raises(BadInput) as refusal:
        await store.enqueue(change)
    assert refusal.value.message.endswith(".")
    assert await store.outbox() == ()


@pytest.mark.parametrize(
    "text", ["", " ", "x" * 1_000_000, "%s {} ' ; --", "\u202e bidi", "a\r\nb", "\x1b[31m"]
)
async def test_any_other_text_is_accepted_as_it_is(tmp_path: Path, text: str) -> None:
    async with opened(tmp_path) as store:
        await store.enqueue(send("a", "own", text))
    async with opened(tmp_path) as store:
        (row,) = await store.messages("a")
        assert row.content == text


async def test_unknown_fields_of_a_change_are_kept_and_not_shown(tmp_path: Path) -> None:
    updates: dict[str, Any] = {"title": "T", "colour": "blue"}
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        await store.enqueue(
            mutation(MutationKind.UPDATE_CONVERSATION, "a", "a", {"p_id": "a", "p_updates": updates})
        )
    async with opened(tmp_path) as store:
        (entry,) = await store.next_entries()
        assert entry.mutation.args["p_updates"] == updates
        shown = await store.entry("a")
        assert shown is not None
        assert shown.conversation.title == "T"


def test_a_damaged_position_is_found_again() -> None:
    row = list(encode_entry(OutboxEntry(send("a", "own-01", "text"), 17, OutboxState.WAITING)))
    row[0] = 17 ^ 64
    found = decode_entry(row)
    assert found is not None
    assert found.position == 17


def test_a_row_from_before_positions_were_guarded_is_read() -> None:
    entry = OutboxEntry(send("a", "own-01", "text"), 17, OutboxState.WAITING)
    row = list(encode_entry(entry))
    row[3] = digest(row[2])
    assert decode_entry(row) == entry
    row[2] = row[2].replace("text", "test")
    assert decode_entry(row) is None
