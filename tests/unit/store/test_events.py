"""Frames of the feed: duplicated, reordered, stale, with gaps."""

from __future__ import annotations

import random
from dataclasses import replace

from chatdesk.domain.change import (
    ChangeSet,
    EntityChanged,
    EntityKind,
    MessageChanged,
    RemoteChange,
    RowBatch,
)
from chatdesk.store.store import Gaps, Store
from tests.unit.store.rows import (
    conversation,
    entity,
    frame,
    hint,
    listed,
    membership,
    message,
    profile,
    removal,
    verbs,
)


async def _cached(store: Store) -> None:
    """User cursor 10; conversation a opened and complete to revision 5, conversation b never opened."""
    rows = replace(listed("a", "b", revision=5), messages=tuple(message("a", n) for n in range(1, 6)))
    await store.apply(rows, user_cursor=10, conversation_cursors={"a": 5})


async def test_the_next_event_moves_both_cursors(store: Store) -> None:
    await _cached(store)
    changes, gaps = await store.apply_events([hint("a", 6, 11, 6), frame(message("a", 6))])
    assert verbs(changes) == {
        "a": ("changed", frozenset({"last_seq", "updated_at", "revision", "unread"})),
        "a-m6": ("added", frozenset()),
    }
    assert not gaps
    assert (await store.user_cursor(), await store.conversation_cursor("a")) == (11, 6)


async def test_the_echo_of_a_known_row_changes_nothing(store: Store) -> None:
    await _cached(store)
    batch: list[RemoteChange] = [hint("a", 6, 11, 6), frame(message("a", 6)), entity(profile(), 12)]
    await store.apply_events(batch)
    assert await store.apply_events(batch) == (ChangeSet(), Gaps())
    older: list[RemoteChange] = [frame(replace(message("a", 6), content="old"))]
    older.append(entity(conversation("a", 3, title="old"), 9))
    changes, gaps = await store.apply_events(older)
    assert not changes
    assert not gaps


async def test_a_jump_is_a_gap_but_its_row_is_shown(store: Store) -> None:
    await _cached(store)
    changes, gaps = await store.apply_events([frame(message("a", 8))])
    assert verbs(changes) == {"a-m8": ("added", frozenset())}
    assert gaps == Gaps(conversations=frozenset({"a"}))
    assert await store.conversation_cursor("a") == 5
    changes, gaps = await store.apply_events([entity(profile("x"), 13)])
    assert changes.profiles == (profile("x"),)
    assert gaps == Gaps(user=True)
    assert await store.user_cursor() == 10


async def test_order_within_a_frame_does_not_matter(store: Store) -> None:
    await _cached(store)
    events: list[RemoteChange] = [frame(message("a", n)) for n in range(6, 12)]
    events += [hint("a", n, n + 5, n) for n in range(6, 12)]
    random.Random(7).shuffle(events)
    changes, gaps = await store.apply_events(events)
    assert not gaps
    assert (await store.user_cursor(), await store.conversation_cursor("a")) == (16, 11)
    assert [change.message.seq for change in changes.messages] == [6, 7, 8, 9, 10, 11]


async def test_a_hint_without_its_message_is_a_gap_of_the_conversation_only(store: Store) -> None:
    await _cached(store)
    _, gaps = await store.apply_events([hint("a", 6, 11, 6)])
    assert gaps == Gaps(conversations=frozenset({"a"}))
    assert (await store.user_cursor(), await store.conversation_cursor("a")) == (11, 5)
    _, gaps = await store.apply_events([frame(message("a", 6))])
    assert not gaps
    assert await store.conversation_cursor("a") == 6


async def test_a_rename_moves_the_conversations_cursor(store: Store) -> None:
    await _cached(store)
    changes, gaps = await store.apply_events([entity(conversation("a", 6, title="New"), 11)])
    assert verbs(changes) == {"a": ("changed", frozenset({"title", "revision", "updated_at"}))}
    assert not gaps
    assert await store.conversation_cursor("a") == 6


async def test_a_record_too_large_for_a_frame_is_a_gap(store: Store) -> None:
    await _cached(store)
    _, gaps = await store.apply_events([MessageChanged("a", "a-m6", 6)])
    assert gaps == Gaps(conversations=frozenset({"a"}))
    _, gaps = await store.apply_events([EntityChanged(EntityKind.CONVERSATION, "a", 7, 11)])
    assert gaps == Gaps(True, frozenset({"a"}))
    # What an answer already brought is not missing.
    await store.apply(RowBatch(messages=(message("a", 6),), profiles=(profile(revision=4),)))
    _, gaps = await store.apply_events([MessageChanged("a", "a-m6", 6)])
    assert not gaps
    _, gaps = await store.apply_events([EntityChanged(EntityKind.PROFILE, "user-me", 4, 11)])
    assert not gaps


async def test_a_hint_does_not_hide_a_rename_that_was_missed(store: Store) -> None:
    await _cached(store)
    _, gaps = await store.apply_events([hint("a", 7, 12, 6)])  # revision 6, the rename, is missing
    assert gaps.user
    pulled = conversation("a", 7, title="Renamed", last_seq=6)
    changes = await store.apply(RowBatch(conversations=(pulled,)), user_cursor=12)
    assert "title" in verbs(changes)["a"][1]
    entry = await store.entry("a")
    assert entry is not None
    assert entry.conversation == pulled


async def test_a_late_record_does_not_take_back_what_a_hint_told(store: Store) -> None:
    await _cached(store)
    await store.apply_events([hint("a", 9, 12, 8)])
    await store.apply_events([entity(conversation("a", 6, title="Renamed", last_seq=5), 11)])
    entry = await store.entry("a")
    assert entry is not None
    assert (entry.conversation.title, entry.conversation.last_seq) == ("Renamed", 8)


async def test_messages_of_a_conversation_never_opened_are_not_stored(store: Store) -> None:
    await _cached(store)
    changes, gaps = await store.apply_events([frame(message("b", 6)), hint("b", 6, 11, 6)])
    assert verbs(changes).keys() == {"b"}
    assert await store.messages("b") == ()
    # Its channel is joined, so somebody looks at it: the first page is missing.
    assert gaps == Gaps(conversations=frozenset({"b"}))
    _, gaps = await store.apply_events([hint("b", 7, 12, 7)])
    assert not gaps
    _, gaps = await store.apply_events([frame(message("unknown", 1))])
    assert not gaps


async def test_a_removal_cannot_be_undone_by_an_older_event(store: Store) -> None:
    await _cached(store)
    changes, gaps = await store.apply_events([removal("a", 13)])
    assert verbs(changes) == {"a": ("removed", frozenset())}
    assert gaps == Gaps(user=True)
    late: list[RemoteChange] = [entity(membership("a", 2), 11), entity(conversation("a", 6), 12)]
    late.append(frame(message("a", 6)))
    changes, gaps = await store.apply_events(late)
    assert not changes
    assert not gaps.conversations
    assert await store.messages("a") == ()
    again = [entity(conversation("a", 8), 14), entity(membership("a", 4), 15)]
    changes, _ = await store.apply_events(again)
    assert verbs(changes) == {"a": ("added", frozenset())}


async def test_a_message_below_the_cached_range_moves_the_cursor_only(store: Store) -> None:
    await store.apply(listed("a"))
    page = RowBatch(messages=tuple(message("a", n) for n in range(11, 21)))
    await store.apply(page, conversation_cursors={"a": 20}, complete_from={"a": False})
    changes, gaps = await store.apply_events([frame(message("a", 3, 21))])
    assert not changes
    assert not gaps
    assert await store.conversation_cursor("a") == 21
    assert await store.oldest_seq("a") == 11


async def test_going_back_is_impossible_in_any_order(store: Store) -> None:
    """100 orders of 40 frames with repeats: the end is always the newest row of each."""
    dice = random.Random(11)
    await store.apply(listed("a"), conversation_cursors={"a": 0})
    newest: dict[str, int] = {}
    for turn in range(100):
        base = 1 + turn * 10
        rows = [message("a", dice.randint(1, 5), base + n, content=f"{base + n}") for n in range(10)]
        newest.update({row.id: row.revision for row in rows})
        frames: list[RemoteChange] = [frame(dice.choice(rows)) for _ in range(30)]
        frames += [frame(row) for row in rows]
        dice.shuffle(frames)
        half = dice.randint(0, 40)
        await store.apply_events(frames[:half])
        _, gaps = await store.apply_events(frames[half:])
        if gaps:
            await store.apply(RowBatch(messages=tuple(rows)), conversation_cursors={"a": base + 9})
        assert {row.id: row.revision for row in await store.messages("a")} == newest
    assert await store.conversation_cursor("a") == 1000
