"""Looking at a project before signing in and after it, and a server that becomes newer than the program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from chatdesk.backend.check import SCHEMA_VERSION
from tests.support.instances import connected, has, house, shows
from tests.support.postgres import Clusters, clusters, empty_database
from tests.support.project import PASSWORD
from tests.support.relay import Relay, relay_to
from tests.support.server import Wire, serving

__all__ = ["clusters"]

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

VERSION = (
    "create or replace function public.schema_version() returns integer"
    " language sql immutable set search_path = '' as $$ select {} $$"
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def wire(clusters: Clusters) -> AsyncIterator[Wire]:
    async with (
        empty_database(clusters.get(18), template="chatdesk_template") as database,
        serving(database) as made,
    ):
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def relay(wire: Wire) -> AsyncIterator[Relay]:
    async with relay_to(int(wire.url.rpartition(":")[2])) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def here(wire: Wire) -> AsyncIterator[Puppet]:
    """A window on the first page."""
    async with house() as home:
        yield await home.start("here")


@pytest_asyncio.fixture(loop_scope="module")
async def writer(wire: Wire, relay: Relay) -> AsyncIterator[Puppet]:
    """Somebody signed in, on a computer of their own."""
    async with house() as home:
        made = await home.start("writer")
        await made.ask(
            "connect", url=relay.url, key=wire.anon_key, email="w@example.org", password=PASSWORD, create=True
        )
        await connected(made)
        yield made


async def looked(window: Puppet) -> dict[str, Any]:
    """Wait until the look at the project is over."""
    async with asyncio.timeout(30):
        while not (told := await window.ask("findings")).get("done"):  # noqa: ASYNC110  (asks the application)
            await asyncio.sleep(0.02)
    return told


async def test_what_is_missing_is_named_handed_over_and_found_mended(
    here: Puppet, wire: Wire, relay: Relay
) -> None:
    assert "address" in (await here.ask("check", url="", key=""))["error"]
    admin = await wire.admin()
    await admin.execute('alter policy "ChatDesk: send" on realtime.messages rename to "away"')
    await here.ask("check", url=relay.url, key=wire.anon_key)
    told = await looked(here)
    assert told["findings"] == {
        "server": "ok",
        "key": "ok",
        "schema": "ok",
        "realtime": "missing",
        "storage": "unknown",
    }
    assert told["offers_script"]
    told = await here.ask("findings", press="copy")
    assert told["clipboard"].rstrip().endswith("commit;")
    await admin.execute('alter policy "away" on realtime.messages rename to "ChatDesk: send"')
    await here.ask("findings", press="again")
    told = await looked(here)
    assert told["findings"]["realtime"] == "unknown"
    assert not told["offers_script"]
    await here.ask("findings", press="close")
    await here.ask(
        "connect", url=relay.url, key=wire.anon_key, email="a@example.org", password=PASSWORD, create=True
    )
    await connected(here)
    await here.ask("check")
    told = await looked(here)
    assert set(told["findings"].values()) == {"ok"}
    assert told["outcome"] == "Everything is there and works."
    await here.ask("findings", press="close")


async def test_a_server_that_becomes_newer_is_read_on_and_what_is_written_waits(
    writer: Puppet, wire: Wire, relay: Relay
) -> None:
    conversation = str((await writer.ask("create", title="Before"))["conversation_id"])
    await writer.ask("send", text="one")
    await writer.until_state("it being sent", shows("one"))
    admin = await wire.admin()
    await admin.execute(VERSION.format(SCHEMA_VERSION + 1))
    await relay.cut()
    await writer.until_state("being offline", lambda state: state["link"] == "offline")
    await relay.heal()
    state = await writer.until_state(
        "a word about it", lambda state: any("newer than this ChatDesk" in each for each in state["notices"])
    )
    await connected(writer)
    await writer.ask("say", conversation_id=conversation, text="two")
    state = await writer.until_state("it waiting", lambda state: state["pending"] == 1)
    assert state["failed"] == 0
    count = "select count(*) from public.messages where content = 'two'"
    # Reading goes on: what a newer ChatDesk writes arrives here.
    owner = (await writer.ask("state"))["user_id"]
    async with admin.transaction():
        claims = f'{{"sub": "{owner}", "role": "authenticated"}}'
        await admin.execute("select set_config('request.jwt.claims', $1, true)", claims)
        await admin.fetchval(
            'select private.update_conversation($1::text::uuid, \'{"title": "By a newer one"}\')',
            conversation,
        )
    await writer.until_state("the new title", has(conversation, "By a newer one"))
    assert await admin.fetchval(count) == 0
    await admin.execute(VERSION.format(SCHEMA_VERSION))
    await relay.cut()
    await writer.until_state("being offline", lambda state: state["link"] == "offline")
    await relay.heal()
    await connected(writer)
    await writer.until_state("both", shows("one", "two"))
    assert await admin.fetchval(count) == 1
    await writer.until_state("the list", has(conversation))
