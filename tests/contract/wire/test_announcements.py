"""How a committed row gets to the server: with its announcement if it fits, by a read if it does not."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from chatdesk.localbackend import schema
from chatdesk.localbackend.realtime.feed import read_announcement
from tests.contract.wire.raw_socket import RawSocket, allow, raw
from tests.contract.wire.scenery import SCENERY
from tests.support.postgres import Database, clusters, database, new_id
from tests.support.server import Person, Wire, serving

__all__ = ["clusters", "database"]

ROOM = "room:one"
STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): *(\S+(?: \S+)?)")

BEFORE = """
drop trigger announce on realtime.messages;
drop function realtime.announce_row();
create function realtime.announce() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform pg_catalog.pg_notify('realtime_messages', new.id::text);
    return null;
end
$$;
create trigger announce after insert on realtime.messages for each row execute function realtime.announce();
"""
"""The first back ends' way."""


@pytest_asyncio.fixture
async def wire(database: Database) -> AsyncIterator[Wire]:
    """A server whose statements are in PostgreSQL's log."""
    admin = await database.admin()
    await admin.execute(SCENERY)
    await admin.execute(f"alter database \"{database.name}\" set log_statement = 'all'")
    async with serving(database) as made:
        yield made


def asked(database: Database, since: int) -> list[str]:
    """The first two words of the statements since a place in PostgreSQL's log."""
    return STATEMENT.findall(database.cluster.log.read_text("utf-8")[since:])


async def listening(wire: Wire, socket: RawSocket) -> Person:
    person = await wire.person()
    await allow(wire, ROOM, person.id)
    assert (await socket.join(f"realtime:{ROOM}", person.token))["status"] == "ok"
    return person


async def said(wire: Wire, *texts: str) -> None:
    """Broadcast these texts from one transaction."""
    payloads = orjson.dumps([{"text": text} for text in texts]).decode()
    await (await wire.admin()).execute("select public.say($1, 'row', $2::jsonb)", ROOM, payloads)


async def heard(socket: RawSocket, count: int) -> list[str]:
    return [(await socket.next())["payload"]["payload"]["text"] for _ in range(count)]


async def test_a_message_costs_the_server_three_statements(wire: Wire, database: Database) -> None:
    begun = ["BEGIN; SELECT", 'select public."send_message"("p_content"', "COMMIT"]
    async with raw(wire) as socket:
        person, conversation = await wire.person(), new_id()

        async def call(name: str, **arguments: object) -> dict[str, Any]:
            path = f"/rest/v1/rpc/{name}"
            status, body, _ = await wire.ask("POST", path, json=arguments, headers=person.bearer)
            assert status == 200, body
            assert isinstance(body, dict)
            return body

        made = await call("create_conversation", p_id=conversation, p_title="Talk")
        topic = f"realtime:conversation:{conversation}:{made['conversation']['epoch']}"
        assert (await socket.join(topic, person.token))["status"] == "ok"
        for _ in range(2):
            since = len(database.cluster.log.read_text("utf-8"))
            await call(
                "send_message",
                p_id=new_id(),
                p_conversation_id=conversation,
                p_parent_id=None,
                p_role="user",
                p_content="Hello",
            )
            assert (await socket.next())["payload"]["payload"]["record"]["content"] == "Hello"
            assert asked(database, since) == begun


async def test_long_and_short_ones_arrive_in_the_order_in_which_they_were_sent(
    wire: Wire, database: Database
) -> None:
    texts = ["short", "long" * 2_500, "ü" * 3_900, "ü" * 4_000, "in between", "x" * 20_000, "last"]
    async with raw(wire) as socket:
        await listening(wire, socket)
        since = len(database.cluster.log.read_text("utf-8"))
        await said(wire, *texts)
        for text in reversed(texts):
            await said(wire, text)
        assert await heard(socket, 2 * len(texts)) == [*texts, *reversed(texts)]
        read = [words for words in asked(database, since) if words == "select id::text"]
        # Announcements of one transaction may come in several pieces, with a read for each.
        assert 1 <= len(read) <= 6, "only those that are too long for an announcement"


async def test_the_longest_that_travels_is_what_postgresql_takes(wire: Wire, database: Database) -> None:
    """Around the limit of NOTIFY, byte by byte: everything arrives, and no statement fails."""
    admin = await database.admin()
    told: list[str] = []
    async with raw(wire) as socket:
        await listening(wire, socket)
        await admin.add_listener("realtime_messages", lambda *each: told.append(each[-1]))
        await said(wire, "")
        assert await heard(socket, 1) == [""]
        await wire.until(lambda: len(told) == 1)
        empty = len(told[0].encode())
        for length in range(7_993, 8_008):  # give or take the last digits of the time, which may be left out
            text = "y" * (length - empty)
            await said(wire, text)
            assert await heard(socket, 1) == [text]
        await wire.until(lambda: len(told) == 16)
    fits = await admin.fetch(
        """select octet_length(json_build_array(id, inserted_at, topic, event)::text) + 1
                  + octet_length(payload::text) < 8000
           from realtime.messages where topic = $1 order by inserted_at""",
        ROOM,
    )
    assert ["\n" in each for each in told] == [row[0] for row in fits]
    assert {row[0] for row in fits} == {True, False}
    await admin.reset()


async def test_a_database_of_the_first_back_ends_learns_it_and_is_understood_until_then(
    wire: Wire, database: Database
) -> None:
    admin = await database.admin()
    await admin.execute(BEFORE)
    async with raw(wire) as socket:
        await listening(wire, socket)
        await said(wire, "the id alone")
        assert await heard(socket, 1) == ["the id alone"]
        await schema.bootstrap(admin)
        assert await admin.fetchval("select to_regprocedure('realtime.announce()')") is None
        since = len(database.cluster.log.read_text("utf-8"))
        await said(wire, "with its row")
        assert await heard(socket, 1) == ["with its row"]
        assert "select id::text" not in asked(database, since)


async def test_what_nobody_announces_so_is_passed_over(
    wire: Wire, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await database.admin()
    async with raw(wire) as socket:
        await listening(wire, socket)
        with caplog.at_level(logging.WARNING):
            for text in ("", "no id", "{}\n{}", "[1]\n{}", "[1, 2, 3, 4]\n{}", "nothing\n{}"):
                with pytest.raises((ValueError, TypeError)):
                    read_announcement(text)
                await admin.execute("select pg_notify('realtime_messages', $1)", text)
            await said(wire, "still there")
            assert await heard(socket, 1) == ["still there"]
    assert sum("carries no row" in record.getMessage() for record in caplog.records) == 6
