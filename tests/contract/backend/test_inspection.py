"""What the look at a project finds when a part of a real one is taken away."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from chatdesk.backend import check, inspection
from chatdesk.backend.inspection import SignedInInspection, inspect
from chatdesk.domain.project import Finding, ProjectPart, Standing
from chatdesk.domain.session import BackendAddress, BackendKind
from tests.contract.backend.rig import Street, Window, address_of
from tests.support.server import Wire

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

OK, MISSING, UNKNOWN = Standing.OK, Standing.MISSING, Standing.UNKNOWN
SERVER, KEY, SCHEMA, REALTIME, STORAGE = ProjectPart


async def look(address: BackendAddress) -> dict[ProjectPart, Finding]:
    found: dict[ProjectPart, Finding] = {}

    def tell(finding: Finding) -> None:
        assert finding.part not in found, "each part is told once"
        assert finding.standing is not MISSING or finding.next_step, finding
        found[finding.part] = finding

    whole = await inspect(address, tell)
    assert set(found) == set(ProjectPart)
    assert whole is all(each.standing is not MISSING for each in found.values())
    return found


async def try_out(window: Window) -> tuple[bool, dict[ProjectPart, Finding]]:
    found: dict[ProjectPart, Finding] = {}

    def tell(finding: Finding) -> None:
        found[finding.part] = finding

    look = SignedInInspection(
        window.client.address, window.user_id, window.keeper, window.remote, window.avatars
    )
    return await look.run(tell), found


def standings(found: dict[ProjectPart, Finding]) -> list[Standing]:
    return [found[part].standing for part in ProjectPart]


@asynccontextmanager
async def changed(wire: Wire, change: str, back: str) -> AsyncIterator[None]:
    """A part taken away, and put back; the server reads its catalogue anew for each."""
    admin = await wire.admin()
    await admin.execute(change)
    try:
        yield
    finally:
        await admin.execute(back)


async def test_a_whole_project_lacks_nothing_and_is_tried_out_after_signing_in(street: Street) -> None:
    wire = street.wire
    found = await look(address_of(wire))
    assert standings(found) == [OK, OK, OK, UNKNOWN, UNKNOWN]
    window = await street.person()
    whole, found = await try_out(window)
    assert whole
    assert standings(found) == [OK] * 5
    files = "select count(*) from storage.objects where name like $1"
    assert await (await wire.admin()).fetchval(files, f"{window.user_id}/%") == 0, "the picture is gone again"


async def test_the_lists_name_exactly_what_the_migrations_make(street: Street) -> None:
    state = await check.ask_project(address_of(street.wire))
    assert state.policies == check.CHANNEL_POLICIES | check.FILE_POLICIES
    assert state.buckets == check.BUCKETS


@asynccontextmanager
async def answering(head: bytes, body: bytes = b"") -> AsyncIterator[str]:
    """A server that says the same to everybody."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("head", "body", "words"),
    [
        (b"302 Found\r\nLocation: http://portal.example/login", b"", "instead of it"),
        (b"511 Network Authentication Required", b"", "instead of it"),
        (b"200 OK\r\nContent-Type: text/html", b"<html>Welcome</html>", "no Supabase project"),
        (b"404 Not Found\r\nContent-Type: text/html", b"no", "no Supabase project"),
        (b"540 Paused", b"", "paused"),
        (b"200 OK\r\nContent-Type: application/json", b'{"version": true}', "no Supabase project"),
    ],
)
async def test_what_is_no_project_is_told_from_one(head: bytes, body: bytes, words: str) -> None:
    async with answering(head, body) as url:
        found = await look(BackendAddress(BackendKind.SUPABASE, url, "key"))
    assert standings(found) == [MISSING, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]
    assert words in found[SERVER].sentence


async def test_a_closed_port_is_said_to_be_out_of_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    found = await look(BackendAddress(BackendKind.SUPABASE, url, "key"))
    assert found[SERVER].standing is MISSING
    assert "cannot be reached" in found[SERVER].sentence


async def test_a_wrong_key_is_the_only_thing_missing(street: Street) -> None:
    found = await look(replace(address_of(street.wire), api_key="sb_publishable_of_another_project"))
    assert standings(found) == [OK, MISSING, UNKNOWN, UNKNOWN, UNKNOWN]


VERSION = (
    "create or replace function public.schema_version() returns integer"
    " language sql immutable set search_path = '' as $$ select {} $$"
)


async def test_an_older_and_a_newer_schema_are_told_apart(street: Street) -> None:
    wire, now = street.wire, check.SCHEMA_VERSION
    async with changed(wire, VERSION.format(now - 1), VERSION.format(now)):
        found = await look(address_of(wire))
        assert standings(found)[:3] == [OK, OK, MISSING]
        assert "too old" in found[SCHEMA].sentence
        assert found[SCHEMA].needs_script
    async with changed(wire, VERSION.format(now + 1), VERSION.format(now)):
        found = await look(address_of(wire))
        assert "newer than this ChatDesk" in found[SCHEMA].sentence
        assert not found[SCHEMA].needs_script
        assert found[SCHEMA].next_step == "Update ChatDesk."


async def test_a_schema_from_before_it_could_tell_counts_as_old(street: Street) -> None:
    wire = street.wire
    rename = "alter function public.{} rename to {}"
    async with changed(wire, rename.format("schema_state", "away"), rename.format("away", "schema_state")):
        found = await look(address_of(wire))
        assert standings(found) == [OK, OK, MISSING, UNKNOWN, UNKNOWN]
        assert "too old" in found[SCHEMA].sentence
        async with changed(
            wire, rename.format("schema_version", "gone"), rename.format("gone", "schema_version")
        ):
            found = await look(address_of(wire))
            assert "does not have ChatDesk's tables" in found[SCHEMA].sentence
            assert found[SCHEMA].needs_script


POLICY = 'alter policy "ChatDesk: {}" on {} rename to "{}"'


@pytest.mark.parametrize(
    ("name", "table", "part"),
    [
        ("receive", "realtime.messages", REALTIME),
        ("send", "realtime.messages", REALTIME),
        ("see avatars", "storage.objects", STORAGE),
        ("add attachments", "storage.objects", STORAGE),
    ],
)
async def test_a_missing_policy_is_found(street: Street, name: str, table: str, part: ProjectPart) -> None:
    wire = street.wire
    away = POLICY.format(name, table, "Not ours")
    back = f'alter policy "Not ours" on {table} rename to "ChatDesk: {name}"'
    async with changed(wire, away, back):
        found = await look(address_of(wire))
    assert [p for p in ProjectPart if found[p].standing is MISSING] == [part]
    assert found[part].needs_script


async def test_a_missing_bucket_is_found(street: Street) -> None:
    rename = "update storage.buckets set id = '{0}', name = '{0}' where id = '{1}'"
    async with changed(
        street.wire, rename.format("away", "attachments"), rename.format("attachments", "away")
    ):
        found = await look(address_of(street.wire))
    assert [p for p in ProjectPart if found[p].standing is MISSING] == [STORAGE]


async def test_trying_out_finds_what_the_names_of_the_policies_hide(street: Street) -> None:
    window = await street.person()
    for name, table, part in (
        ("receive", "realtime.messages", REALTIME),
        ("see avatars", "storage.objects", STORAGE),
    ):
        admin = await street.wire.admin()
        query = (
            "select pg_get_expr(polqual, polrelid) from pg_policy where polname = $1"
            " and polrelid = $2::text::regclass"
        )
        was = await admin.fetchval(query, f"ChatDesk: {name}", table)
        using = f'alter policy "ChatDesk: {name}" on {table} using ({{}})'
        async with changed(street.wire, using.format("false"), using.format(was)):
            whole, found = await try_out(window)
        assert not whole
        assert [p for p in ProjectPart if found[p].standing is MISSING] == [part], name


async def test_a_word_that_never_comes_back_is_missed(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "ECHO_SECONDS", 0.2)
    window = await street.person()
    body = "create or replace function private.echo(p_word uuid) returns void language sql as $$ select $$"
    admin: Any = await street.wire.admin()
    was = await admin.fetchval("select pg_get_functiondef('private.echo'::regproc)")
    async with changed(street.wire, body, was):
        whole, found = await try_out(window)
    assert not whole
    assert "does not arrive" in found[REALTIME].sentence
    assert found[STORAGE].standing is OK
