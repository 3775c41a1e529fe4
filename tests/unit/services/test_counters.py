"""What opening, switching and one message more cost, counted instead of timed, for machines however busy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from chatdesk.domain.ids import new_id
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.store.connection import Database
from chatdesk.sync.backfill import PAGE as BACKFILL_PAGE
from tests.unit.services.desk import ME, Desk, Office

LONG = 1_000


class Count:
    """Statements, and rows of messages that were read, while it counts."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.messages = 0

    @property
    def number(self) -> int:
        return len(self.statements)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Count]:
    """Count what the store asks its files for."""
    count, read, write = Count(), Database.rows, Database.execute

    def rows(database: Database, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        found = read(database, sql, args)
        count.statements.append(" ".join(sql.split()))
        count.messages += len(found) if " FROM messages " in sql else 0
        return found

    def execute(database: Database, sql: str, args: Sequence[Any] = ()) -> int:
        count.statements.append(" ".join(sql.split()))
        return write(database, sql, args)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "rows", rows)
        patch.setattr(Database, "execute", execute)
        yield count


def talk(office: Office, messages: int) -> str:
    """Make a conversation on the server, as another window of the user would; returns its id."""
    server, now = office.backend.server, office.clock.now()
    key = new_id()
    args: dict[str, Any] = {"p_id": key, "p_title": "Talk", "p_model": None}
    server.push(Mutation(new_id(), MutationKind.CREATE_CONVERSATION, key, key, ME, args, now))
    for number in range(messages):
        say(office, key, f"Message {number}")
    return key


def say(office: Office, conversation: str, text: str) -> None:
    """One message more, by another window."""
    key = new_id()
    args = {"p_id": key, "p_conversation_id": conversation, "p_parent_id": None, "p_role": "user"}
    content = {**args, "p_content": text}
    mutation = Mutation(
        new_id(), MutationKind.SEND_MESSAGE, conversation, key, ME, content, office.clock.now()
    )
    office.backend.server.push(mutation)


async def window(office: Office, *lengths: int) -> tuple[Desk, list[str]]:
    """A connected window whose store has conversations of these lengths as a whole, and shows none."""
    office.backend.client(ME)
    talks = [talk(office, length) for length in lengths]
    desk = await office.desk()
    for key in talks:
        desk.realtime.set_current_conversation(key)
        await office.clock.advance(3)
        while await desk.store.has_older(key):
            await office.clock.finish(desk.realtime.engine.load_older(key))
    desk.realtime.set_current_conversation("")
    await office.clock.advance(600)
    return desk, talks


async def test_a_conversation_is_on_screen_after_three_statements_however_long_it_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, talks = await window(office, LONG, 50)
    totals = []
    for key, shown in zip(talks, (100, 50), strict=True):
        seen: list[int] = []
        with counted(monkeypatch) as count:
            waiting = desk.realtime.messages_loaded.connect(
                lambda _, count=count, seen=seen: seen.append(count.number)
            )
            desk.realtime.set_current_conversation(key)
            await office.clock.advance(5)
        desk.realtime.messages_loaded.disconnect(waiting)
        assert desk.model.rowCount() == shown
        assert seen[0] <= 3, "its tree, where it begins, its newest page"
        assert count.messages <= 100
        assert count.number <= 42, "with its draft, the place in the settings, and a look at the server"
        totals.append(count.number)
    assert totals[0] == totals[1]


async def test_a_conversation_that_is_here_is_not_fetched_again(office: Office) -> None:
    desk, (key,) = await window(office, 300)
    before = desk.client.network.requests.copy()
    joins = desk.client.network.joins.total()
    desk.realtime.set_current_conversation(key)
    await office.clock.advance(5)
    asked = desk.client.network.requests - before
    assert desk.client.network.joins.total() - joins == 2, "its rows and its live words"
    assert asked.total() <= 4, f"a look at what changed: {asked}"
    assert not asked["page_messages"]


async def test_a_conversation_opened_for_the_first_time_costs_a_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.backend.client(ME)
    key = talk(office, LONG)
    desk = await office.desk()
    fetched: list[tuple[int, int]] = []
    whole = office.backend.server.page_messages

    def page(*asked: Any) -> Any:
        found = whole(*asked)
        fetched.append((asked[-1], len(found.rows.messages)))
        return found

    monkeypatch.setattr(office.backend.server, "page_messages", page)
    desk.realtime.set_current_conversation(key)
    await office.clock.until(lambda: desk.model.rowCount() > 0)
    # What the window does not show is fetched meanwhile, in smaller pages, so that search finds it.
    assert [rows for limit, rows in fetched if limit != BACKFILL_PAGE] == [100]
    assert 0 < desk.model.rowCount() <= 100


async def test_a_message_from_elsewhere_is_two_short_transactions(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, (long, short) = await window(office, LONG, 50)
    totals = []
    for key in (long, short):
        desk.realtime.set_current_conversation(key)
        await office.clock.advance(5)
        with counted(monkeypatch) as count:
            say(office, key, "News")
            await office.clock.until(lambda: "News" in desk.shown())
        assert count.number <= 33
        assert count.messages <= 2
        assert count.statements.count("BEGIN IMMEDIATE") <= 2, "the row, and the hint that it came"
        totals.append(count.number)
    assert totals[0] == totals[1], "however long the conversation is"


async def test_a_message_of_ones_own_is_synced_once_before_it_is_sent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, (key,) = await window(office, 50)
    desk.realtime.set_current_conversation(key)
    await office.clock.advance(5)
    pushed = desk.client.network.requests["push"]
    with counted(monkeypatch) as count:
        desk.say("Mine")
        await office.clock.until(lambda: desk.client.network.requests["push"] > pushed)
    assert count.statements.count("PRAGMA synchronous = FULL") == 1
    assert count.statements.count("BEGIN IMMEDIATE") == 1
    assert count.number <= 18
    with counted(monkeypatch) as count:
        await office.clock.advance(5)
    assert count.number <= 100
    assert "PRAGMA synchronous = FULL" not in count.statements
