"""Pulls and pages: everything comes, in order, in pages limited by rows and by bytes."""

from __future__ import annotations

from typing import Any

from tests.support.postgres import Database, Person


async def pull_all(person: Person, function: str, key: str, limit: int, **arguments: Any) -> list[Any]:
    """Every row of the pull, page by page, with the rules of a page checked."""
    rows: list[Any] = []
    cursor = 0
    while True:
        page = await person.call(function, p_after=cursor, p_limit=limit, **arguments)
        assert len(page[key]) <= limit
        assert page["cursor"] >= cursor
        rows += page[key]
        cursor = page["cursor"]
        if not page["more"]:
            return rows
        assert page[key]


async def test_messages_are_pulled_by_revision_in_pages(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    sent = [(await person.send(conversation, f"{n}"))["message"] for n in range(7)]
    await person.call("delete_message", p_id=sent[2]["id"])
    await person.call("update_conversation", p_id=conversation, p_updates={"title": "Two"})
    wanted = [0, 1, 3, 4, 5, 6, 2]
    for limit in (1, 3, 7, 200):
        rows = await pull_all(person, "pull_messages", "messages", limit, p_conversation_id=conversation)
        assert [row["id"] for row in rows] == [sent[n]["id"] for n in wanted]
    whole = await person.call("pull_messages", p_conversation_id=conversation, p_after=0)
    assert (whole["cursor"], whole["more"]) == (10, False)
    assert whole["conversation"]["revision"] == 10
    nothing = await person.call("pull_messages", p_conversation_id=conversation, p_after=10)
    assert (nothing["messages"], nothing["cursor"], nothing["more"]) == ([], 10, False)


async def test_pages_end_at_about_a_megabyte(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    sizes = [600_000, 600_000, 1_900_000, 10, 10]
    for size in sizes:
        await person.send(conversation, "x" * size)
    counts = []
    cursor, more = 0, True
    while more:
        page = await person.call("pull_messages", p_conversation_id=conversation, p_after=cursor)
        counts.append(len(page["messages"]))
        cursor, more = page["cursor"], page["more"]
    assert counts == [2, 1, 2]
    newest = await person.call("page_messages", p_conversation_id=conversation)
    assert [message["seq"] for message in newest["messages"]] == [3, 4, 5]
    assert newest["more"] is True
    older = await person.call("page_messages", p_conversation_id=conversation, p_before_seq=3)
    assert ([message["seq"] for message in older["messages"]], older["more"]) == ([1, 2], False)


async def test_pages_go_back_from_the_newest(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    empty = await person.call("page_messages", p_conversation_id=conversation)
    assert (empty["messages"], empty["more"], empty["cursor"]) == ([], False, 1)
    for n in range(7):
        await person.send(conversation, f"{n}")
    before: int | None = None
    seen: list[int] = []
    more = True
    while more:
        page = await person.call(
            "page_messages", p_conversation_id=conversation, p_before_seq=before, p_limit=3
        )
        seq = [message["seq"] for message in page["messages"]]
        assert seq == sorted(seq)
        assert page["cursor"] == page["conversation"]["revision"] == 8
        seen = seq + seen
        before, more = seq[0], page["more"]
    assert seen == [1, 2, 3, 4, 5, 6, 7]


async def test_changes_are_pulled_once_per_entity(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversations = [await person.new_conversation(f"{n}") for n in range(5)]
    for title in ("a", "b", "c"):
        await person.call("update_conversation", p_id=conversations[0], p_updates={"title": title})
    for limit in (1, 2, 11, 200):
        rows = await pull_all(person, "pull_changes", "changes", limit)
        assert [row["user_revision"] for row in rows] == sorted({row["user_revision"] for row in rows})
        assert len(rows) == 11
        titles = [row["record"]["title"] for row in rows if row["kind"] == "conversation"]
        assert titles == ["1", "2", "3", "4", "c"]
        assert all(row["record"]["revision"] == row["entity_revision"] for row in rows)
    whole = await person.call("pull_changes", p_after=0)
    assert whole["cursor"] == 14
    assert await person.call("pull_changes", p_after=14) == {"changes": [], "cursor": 14, "more": False}


async def test_changes_end_at_about_a_megabyte_too(any_database: Database) -> None:
    person = await any_database.sign_up()
    for _ in range(15):
        conversation = await person.new_conversation()
        await person.call("update_conversation", p_id=conversation, p_updates={"system_prompt": "p" * 99_000})
    page = await person.call("pull_changes", p_after=0)
    assert page["more"] is True
    rows = await pull_all(person, "pull_changes", "changes", 200)
    assert len(rows) == 31


async def test_limits_out_of_range_are_brought_into_it(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    await person.send(conversation)
    await person.send(conversation)
    for limit, wanted in ((0, 1), (-5, 1), (10**9, 2), (None, 2)):
        page = await person.call("pull_messages", p_conversation_id=conversation, p_after=None, p_limit=limit)
        assert len(page["messages"]) == wanted
