"""Server rows in, what is shown out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from chatdesk.domain.change import RowBatch
from chatdesk.domain.message import MessageStatus
from chatdesk.store.store import Store
from tests.unit.store.rows import at, conversation, listed, membership, message, profile, verbs


async def test_a_conversation_is_listed_once_row_and_membership_are_here(store: Store) -> None:
    first = await store.apply(RowBatch(conversations=(conversation("a"),)))
    assert not first
    second = await store.apply(RowBatch(memberships=(membership("a"),)))
    assert verbs(second) == {"a": ("added", frozenset())}
    assert [entry.id for entry in await store.entries()] == ["a"]


async def test_the_list_is_pinned_first_then_newest_first(store: Store) -> None:
    await store.apply(
        RowBatch(
            conversations=tuple(conversation(name, updated_at=at(n)) for n, name in enumerate("abcd")),
            memberships=tuple(membership(name, pinned=name == "b") for name in "abcd"),
        )
    )
    entries = await store.entries()
    assert [entry.id for entry in entries] == ["b", "d", "c", "a"]
    assert entries == tuple(sorted(entries, key=lambda entry: entry.order, reverse=True))


async def test_rows_come_back_as_they_were(store: Store) -> None:
    row = message(
        "a",
        1,
        usage={"input": 3, "nested": {"b": [1, None]}},
        error="no",
        status=MessageStatus.ERROR,
        model="m",
        parent_id="p",
        author_id=None,
        author_name="Ben",
        content="snow ☃ and 🎉\r\n\ttabs",
        deleted_at=at(9),
    )
    chat = conversation("a", model="m", system_prompt="be kind", temperature=0.25, owner_id=None, last_seq=7)
    own = membership("a", pinned=True, archived=True, last_read_seq=3)
    await store.apply(RowBatch((profile(username="me"),), (chat,), (own,), (row,)))
    assert await store.message(row.id) == row
    assert await store.profile("user-me") == profile(username="me")
    assert await store.profiles() == (profile(username="me"),)
    entry = await store.entry("a")
    assert entry is not None
    assert (entry.conversation, entry.membership, entry.unread) == (chat, own, True)


async def test_odd_times_and_text_are_stored(store: Store) -> None:
    far = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    last = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-5)))
    naive = datetime(2026, 5, 1)
    row = message("a", 1, created_at=far, updated_at=last, content="half \ud83d of a character")
    await store.apply(RowBatch(conversations=(conversation("a", created_at=naive),), messages=(row,)))
    stored = await store.message(row.id)
    assert stored is not None
    assert stored.created_at.year == 1
    assert stored.updated_at.year == 9999
    assert stored.content == "half � of a character"
    await store.apply(RowBatch(memberships=(membership("a"),)))
    entry = await store.entry("a")
    assert entry is not None
    assert entry.conversation.created_at == naive.replace(tzinfo=UTC)


async def test_older_and_equal_rows_change_nothing(store: Store) -> None:
    rows = listed("a", revision=5)
    await store.apply(replace(rows, messages=(message("a", 1, 5),), profiles=(profile(revision=5),)))
    for revision in (5, 4):
        stale = RowBatch(
            (profile(revision=revision, display_name="old"),),
            (conversation("a", revision, title="old"),),
            (membership("a", 1, pinned=True),),
            (message("a", 1, revision, content="old"),),
        )
        assert not await store.apply(stale)
    entry = await store.entry("a")
    assert entry is not None
    assert entry.conversation.title == "Title a"


async def test_changes_name_exactly_the_fields(store: Store) -> None:
    await store.apply(replace(listed("a"), messages=(message("a", 1),)))
    changes = await store.apply(
        RowBatch(
            conversations=(conversation("a", 2, title="B", last_seq=4, updated_at=at(1)),),
            memberships=(membership("a", 2, pinned=True),),
            messages=(message("a", 1, 2, content="more", status=MessageStatus.STREAMING),),
        )
    )
    assert verbs(changes) == {
        "a": ("changed", frozenset({"title", "last_seq", "revision", "pinned", "unread"})),
        "a-m1": ("changed", frozenset({"content", "status", "revision"})),
    }
    assert changes.pending is changes.failed is None


async def test_messages_are_reported_in_their_order(store: Store) -> None:
    await store.apply(listed("a"))
    changes = await store.apply(RowBatch(messages=tuple(message("a", n) for n in (3, 1, 2))))
    assert [change.message.seq for change in changes.messages] == [1, 2, 3]


async def test_a_tombstone_of_a_message_stays_in_its_place(store: Store) -> None:
    await store.apply(replace(listed("a"), messages=(message("a", 1),)))
    gone = message("a", 1, 2, content="", deleted_at=at(2))
    changes = await store.apply(RowBatch(messages=(gone,)))
    assert verbs(changes) == {"a-m1": ("changed", frozenset({"content", "revision", "deleted_at"}))}
    assert await store.messages("a") == (gone,)


async def test_a_deleted_conversation_goes_with_its_messages_and_stays_gone(store: Store) -> None:
    await store.apply(replace(listed("a"), messages=(message("a", 1),)), conversation_cursors={"a": 1})
    changes = await store.apply(RowBatch(conversations=(conversation("a", 9, deleted_at=at(9)),)))
    assert verbs(changes) == {"a": ("removed", frozenset())}
    assert await store.entries() == ()
    assert await store.messages("a") == ()
    assert await store.conversation_cursor("a") is None
    late = RowBatch(conversations=(conversation("a", 8),), messages=(message("a", 2, 8),))
    assert not await store.apply(late, conversation_cursors={"a": 8})
    assert await store.messages("a") == ()
    assert not await store.has_older("a")


async def test_a_removal_purges_rows_and_cursor_and_re_adding_starts_at_nothing(store: Store) -> None:
    await store.apply(
        replace(listed("a"), messages=(message("a", 1),)), user_cursor=3, conversation_cursors={"a": 1}
    )
    changes = await store.apply(RowBatch(removed_conversations=("a",)), user_cursor=4)
    assert verbs(changes) == {"a": ("removed", frozenset())}
    assert await store.conversation_cursor("a") is None
    assert await store.messages("a") == ()
    # A page that was read before the removal, and a late answer, must not bring it back.
    assert not await store.apply(listed("a"), user_cursor=4)
    assert not await store.apply(replace(listed("a"), messages=(message("a", 1),)))
    again = await store.apply(listed("a"), user_cursor=5)
    assert verbs(again) == {"a": ("added", frozenset())}
    assert await store.conversation_cursor("a") is None


async def test_cursors_only_move_forward(store: Store) -> None:
    await store.apply(listed("a"), user_cursor=7, conversation_cursors={"a": 6})
    await store.apply(RowBatch(), user_cursor=5, conversation_cursors={"a": 4})
    assert (await store.user_cursor(), await store.conversation_cursor("a")) == (7, 6)
    await store.apply(RowBatch(), user_cursor=8, conversation_cursors={"a": 9})
    assert (await store.user_cursor(), await store.conversation_cursor("a")) == (8, 9)


async def test_pages_of_a_conversation_join_without_holes(store: Store) -> None:
    await store.apply(RowBatch((), (conversation("a", 300, last_seq=300),), (membership("a"),)))
    assert await store.has_older("a")
    assert await store.oldest_seq("a") is None
    newest = RowBatch(messages=tuple(message("a", n) for n in range(201, 301)))
    await store.apply(newest, conversation_cursors={"a": 300}, complete_from={"a": False})
    assert await store.has_older("a")
    assert await store.oldest_seq("a") == 201
    # A change of a message below what is here would stand alone above a hole.
    assert not await store.apply(RowBatch(messages=(message("a", 5, 301),)), conversation_cursors={"a": 301})
    older = RowBatch(messages=tuple(message("a", n) for n in range(101, 201)))
    await store.apply(older, conversation_cursors={"a": 999}, complete_from={"a": False})
    assert await store.conversation_cursor("a") == 301  # a page by number is no catch-up
    first = RowBatch(messages=tuple(message("a", n) for n in range(1, 101)))
    await store.apply(first, complete_from={"a": True})
    assert not await store.has_older("a")
    assert [m.seq for m in await store.messages("a", limit=1000)] == list(range(1, 301))


async def test_a_row_left_below_the_first_page_is_dropped(store: Store) -> None:
    await store.apply(replace(listed("a"), messages=(message("a", 57),)))
    page = RowBatch(messages=tuple(message("a", n) for n in range(401, 501)))
    changes = await store.apply(page, conversation_cursors={"a": 500}, complete_from={"a": False})
    assert verbs(changes)["a-m57"] == ("removed", frozenset())
    assert await store.oldest_seq("a") == 401


async def test_messages_are_read_page_by_page(store: Store) -> None:
    await store.apply(replace(listed("a"), messages=tuple(message("a", n) for n in range(1, 26))))
    seen: list[int | None] = []
    page = await store.messages("a", limit=10)
    while page:
        seen = [row.seq for row in page] + seen
        page = await store.messages("a", before=page[0].order, limit=10)
    assert seen == list(range(1, 26))
    assert await store.messages("a", limit=0) == ()


async def test_a_row_cannot_move_to_another_conversation(store: Store) -> None:
    await store.apply(replace(listed("a", "b"), messages=(message("a", 1),)))
    stray = message("b", 1, 9, id="a-m1")
    assert not await store.apply(RowBatch(messages=(stray,)))
    assert await store.messages("b") == ()


async def test_settings_are_kept(store: Store) -> None:
    assert await store.setting("open") is None
    await store.save_setting("open", "a")
    await store.save_setting("open", "b \ud800")
    assert await store.setting("open") == "b \ud800"
