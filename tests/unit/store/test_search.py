"""The search: what it finds, what it must not find, and an index that is never out of step."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chatdesk.domain.change import RowBatch
from chatdesk.domain.message import Message
from chatdesk.domain.search import SearchHit
from chatdesk.store.store import Missing, Store
from tests.unit.store.rows import (
    at,
    conversation,
    create,
    delete,
    delete_message,
    entity,
    frame,
    listed,
    membership,
    message,
    opened,
    rename,
    send,
    sent,
)

INDEX = ("message_words", "title_words", "documents", "departed", "titles", "unindexed")


async def fill(store: Store, *rows: Message, cursor: int = 100) -> None:
    names = sorted({row.conversation_id for row in rows})
    await store.apply(
        RowBatch(
            conversations=tuple(conversation(name, last_seq=len(rows)) for name in names),
            memberships=tuple(membership(name) for name in names),
            messages=rows,
        ),
        user_cursor=1,
        conversation_cursors=dict.fromkeys(names, cursor),
        complete_from=dict.fromkeys(names, True),
    )


def ids(hits: Sequence[SearchHit]) -> list[str]:
    return [hit.message.id for hit in hits]


async def settle(store: Store) -> int:
    slices = 0
    while await store.tidy_index():
        slices += 1
    return slices


def terms(path: Path, table: str = "message_words") -> set[str]:
    """What is left in the index itself, deleted words of merged segments included."""
    with closing(sqlite3.connect(path)) as file:
        file.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
        file.execute(f"CREATE VIRTUAL TABLE temp.v USING fts5vocab ('main', '{table}', 'col')")
        return {row[0] for row in file.execute("SELECT term FROM temp.v WHERE col = 'words'")}


async def test_the_newest_match_comes_first_with_its_conversation_and_snippet(store: Store) -> None:
    await fill(
        store,
        message("a", 1, content="An old word about **Python**"),
        message("a", 2, content="nothing"),
        message("b", 3, content="A new word: python!"),
    )
    hits = await store.search("PYTH")
    assert ids(hits) == ["b-m3", "a-m1"]
    assert hits[0].entry.conversation.title == "Title b"
    assert hits[1].snippet == "An old word about Python"
    assert hits[1].ranges == ((18, 24),)
    assert ids(await store.search("word pyth", limit=1)) == ["b-m3"]
    assert ids(await store.search("python", conversation_id="a")) == ["a-m1"]
    assert await store.find("word", "a") == ("a-m1",)


async def test_accents_cases_and_scripts_without_spaces(store: Store) -> None:
    await fill(
        store,
        message("a", 1, content="Die Straße zum Café"),
        message("a", 2, content="東京都に行く"),
        message("a", 3, content="great🎉party"),
    )
    assert ids(await store.search("STRASSE cafe")) == ["a-m1"]
    assert ids(await store.search("京都")) == ["a-m2"]
    assert ids(await store.search("🎉")) == ["a-m3"]
    assert ids(await store.search("party")) == ["a-m3"]


@pytest.mark.parametrize(
    "typed",
    [
        '"',
        '"unbalanced',
        "a AND OR NOT b",
        "NEAR(word other, 2)",
        "words : word",
        "place : x",
        "{words} : x",
        "^word",
        "word*",
        "-word + other",
        "(((",
        "'; DROP TABLE documents; --",
        "\0word\0",
        "\ud800 lone",
        "x" * 10_000,
        "word " * 2_000,
        "\N{COMBINING ACUTE ACCENT}" * 100,
        "🎉" * 500,
        "東" * 500,
        "%_\\",
        "\N{RIGHT-TO-LEFT OVERRIDE}drow",
    ],
)
async def test_nothing_that_is_typed_is_syntax(store: Store, typed: str) -> None:
    await fill(store, message("a", 1, content="word and other"))
    assert set(ids(await store.search(typed))) <= {"a-m1"}
    await store.find(typed, "a")
    await store.search_titles(typed)
    assert ids(await store.search("word")) == ["a-m1"]


async def test_operators_are_words_like_others(store: Store) -> None:
    await fill(store, message("a", 1, content="to be or not to be"), message("a", 2, content="near and far"))
    assert ids(await store.search("OR NOT")) == ["a-m1"]
    assert ids(await store.search("NEAR AND")) == ["a-m2"]
    assert ids(await store.search('"be or not"')) == ["a-m1"]


async def test_an_edited_text_is_found_by_its_new_words_only(store: Store) -> None:
    await fill(store, message("a", 1, content="first draft"))
    await store.apply(RowBatch(messages=(message("a", 1, 2, content="second thought"),)))
    assert ids(await store.search("second")) == ["a-m1"]
    assert await store.search("first") == ()
    await store.apply(RowBatch(messages=(message("a", 1, 1, content="first draft"),)))
    assert await store.search("first") == ()


async def test_a_streamed_reply_is_found_as_it_grows(store: Store) -> None:
    await fill(store, message("a", 1, content=""))
    for revision, text in enumerate(("once", "once upon", "once upon a time"), 101):
        await store.apply_events([frame(message("a", 1, revision, content=text))])
    assert ids(await store.search("once time")) == ["a-m1"]


async def test_tombstones_leave_the_index(store: Store, tmp_path: Path) -> None:
    await fill(store, message("a", 1, content="secret word"))
    await store.apply(RowBatch(messages=(message("a", 1, 101, content="", deleted_at=at(9)),)))
    assert await store.search("secret") == ()
    await store.close()
    assert terms(tmp_path / "account" / "slot-0" / "cache.db") == set()


async def test_removed_and_deleted_conversations_leave_the_index(store: Store, tmp_path: Path) -> None:
    rows = [message(name, seq, content=f"word {name}") for name in "abc" for seq in range(1, 400)]
    await fill(store, *rows)
    await store.apply(RowBatch(removed_conversations=("a",)), user_cursor=2)
    await store.apply(RowBatch(conversations=(conversation("b", 2, deleted_at=at(9)),)))
    assert {hit.message.conversation_id for hit in await store.search("word", 1_000)} == {"c"}
    assert await store.search_titles("title a") == ()
    assert await store.find("word", "a") == ()
    assert await settle(store) > 1
    assert len(await store.search("word", 1_000)) == 399
    await store.close()
    path = tmp_path / "account" / "slot-0" / "cache.db"
    assert terms(path) == {"word", "c"}
    assert terms(path, "title_words") == {"title", "c"}


async def test_a_conversation_that_comes_back_is_found_again(store: Store) -> None:
    await fill(store, message("a", 1, content="word"))
    await store.apply(RowBatch(removed_conversations=("a",)), user_cursor=2)
    await store.apply(listed("a"), user_cursor=3)
    await store.apply(
        RowBatch(messages=(message("a", 1, content="word"),)),
        conversation_cursors={"a": 1},
        complete_from={"a": True},
    )
    assert ids(await store.search("word")) == ["a-m1"]
    await settle(store)
    assert ids(await store.search("word")) == ["a-m1"]


async def test_what_waits_to_be_sent_is_found(store: Store) -> None:
    await fill(store, message("a", 1, content="a sent word"))
    mutation = send("a", "own", "an unsent word")
    await store.enqueue(mutation)
    assert ids(await store.search("word")) == ["own", "a-m1"]
    assert await store.find("word", "a") == ("a-m1", "own")
    await store.acknowledge(mutation.id, RowBatch(messages=(sent(mutation, 2, 101),)))
    assert set(ids(await store.search("word"))) == {"own", "a-m1"}
    await store.enqueue(delete_message("a", "a-m1"))
    assert ids(await store.search("word")) == ["own"]
    await store.discard("a-m1")
    assert set(ids(await store.search("word"))) == {"own", "a-m1"}


async def test_titles_are_found_as_they_are_shown(store: Store) -> None:
    await fill(store, message("a", 1), message("b", 2))
    await store.enqueue(rename("a", "Mine now"))
    await store.enqueue(create("new", "Mine too"))
    assert [hit.entry.id for hit in await store.search_titles("mine")] == ["new", "a"]
    assert await store.search_titles("title a") == ()
    assert (await store.search_titles("tit"))[0].ranges == ((0, 5),)
    await store.apply_events([entity(conversation("b", 2, title="Renamed by others"), 2)])
    assert [hit.entry.id for hit in await store.search_titles("others")] == ["b"]
    assert await store.search_titles("title") == ()
    await store.enqueue(delete("b"))
    assert await store.search_titles("others") == ()
    assert await store.search("text") != ()
    assert {hit.message.conversation_id for hit in await store.search("text")} == {"a"}


async def test_messages_of_one_second_are_all_found(store: Store) -> None:
    rows = [replace(message("a", seq, content=f"same {seq}"), created_at=at(0)) for seq in range(1, 300)]
    await fill(store, *rows)
    assert len(await store.search("same", 500)) == 299
    assert ids(await store.search("same 77")) == ["a-m77"]


async def test_an_older_file_is_indexed_in_slices_and_counts_as_not_searched(tmp_path: Path) -> None:
    rows = [message("a", seq, content=f"word {seq}") for seq in range(1, 501)]
    async with opened(tmp_path) as store:
        await fill(store, *rows)
    path = tmp_path / "account" / "slot-0" / "cache.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for table in (*INDEX, "providers", "rosters", "invitations"):
            file.execute(f"DROP TABLE {table}")
        for column in ("attachments", "author_name"):
            file.execute(f"ALTER TABLE messages DROP COLUMN {column}")
        file.execute("ALTER TABLE conversations DROP COLUMN answers")
        for switch in ("shows_presence", "shows_typing", "shows_reading"):
            file.execute(f"ALTER TABLE profiles DROP COLUMN {switch}")
        file.execute("PRAGMA user_version = 2")
    async with opened(tmp_path) as store:
        assert store.recovered == ()
        assert await store.coverage() == (0, 500)
        assert await store.search("word") == ()
        # Rows change and go while they wait.
        await store.apply(RowBatch(messages=(message("a", 3, 501, content="changed"),)))
        await store.apply(RowBatch(messages=(message("a", 4, 502, content="", deleted_at=at(9)),)))
        assert ids(await store.search("changed")) == ["a-m3"]
        assert await store.tidy_index()
        assert await store.tidy_index()
        assert 0 < (await store.coverage())[0] < 500
        found = len(await store.search("word", 1_000))
        assert 0 < found < 498
    async with opened(tmp_path) as store:
        await settle(store)
        assert await store.coverage() == (500, 500)
        assert len(await store.search("word", 1_000)) == 498
        assert len(await store.search_titles("title")) == 1
        assert not await store.tidy_index()


async def test_the_coverage_knows_what_was_never_fetched(store: Store) -> None:
    await store.apply(
        RowBatch(
            conversations=(
                conversation("a", last_seq=100),
                conversation("b", last_seq=40, updated_at=at(99)),
            ),
            memberships=(membership("a"), membership("b")),
        ),
        user_cursor=1,
    )
    assert await store.coverage() == (0, 140)
    assert await store.missing() == Missing("b", None)
    page = tuple(message("a", seq) for seq in range(91, 101))
    await store.apply(RowBatch(messages=page), conversation_cursors={"a": 100}, complete_from={"a": False})
    assert await store.coverage() == (10, 140)
    assert await store.missing({"b"}) == Missing("a", 91)
    await store.apply(
        RowBatch(messages=tuple(message("a", seq) for seq in range(5, 91))), complete_from={"a": True}
    )
    assert await store.coverage() == (96, 136)
    assert await store.missing({"b"}) is None
