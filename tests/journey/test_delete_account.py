"""Deleting an account: gone on the server, on this computer, and in the windows of other devices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import connected, house, shows
from tests.support.postgres import Clusters, clusters, empty_database
from tests.support.project import PASSWORD
from tests.support.relay import Relay, relay_to
from tests.support.secret_service import SecretService, secret_service
from tests.support.server import Wire, serving

__all__ = ["clusters"]

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
    pytest.mark.keyring,
]

CANARY = "canary-de1e7e"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    with secret_service(tmp_path_factory.mktemp("k")) as running:
        yield running


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


async def sign_in(window: Puppet, wire: Wire, relay: Relay, email: str, *, create: bool) -> None:
    await window.ask(
        "connect", url=relay.url, key=wire.anon_key, email=email, password=PASSWORD, create=create
    )
    await connected(window)


def left(directory: Path) -> list[str]:
    """Files of accounts that still hold the canary, or a session."""
    return [
        path.relative_to(directory).as_posix()
        for path in sorted((directory / "accounts").rglob("*"))
        if path.is_file() and (CANARY.encode() in path.read_bytes() or path.name.startswith("session."))
        if path.name != "session.lock"
    ]


async def count(wire: Wire, query: str, *values: object) -> int:
    return int(await (await wire.admin()).fetchval(query, *values))


async def test_it_goes_everywhere_and_others_keep_what_was_said(
    wire: Wire, relay: Relay, service: SecretService
) -> None:
    async with house() as home, house() as elsewhere, house() as friends:
        for each in (home, elsewhere, friends):
            each.expected += ["This plugin does not support", "Task look failed"]
        here = await home.start("here", vault="keyring", environment=service.environment)
        await sign_in(here, wire, relay, "ann@example.org", create=True)
        await here.ask("profile", portrait=True, display_name="Ann")
        await here.until_state("her picture", lambda state: state["picture_shown"])
        shared = str((await here.ask("create", title=CANARY))["conversation_id"])
        await here.ask("send", text=CANARY)
        await here.until_state("it being sent", shows(CANARY))
        ann = str((await here.ask("state"))["user_id"])
        twin = await home.start("twin", vault="keyring", environment=service.environment)
        there = await elsewhere.start("there")
        await sign_in(there, wire, relay, "ann@example.org", create=False)
        bo = await friends.start("bo")
        await sign_in(bo, wire, relay, "bo@example.org", create=True)
        bo_id = str((await bo.ask("state"))["user_id"])
        admin = await wire.admin()
        async with admin.transaction():
            claims = f'{{"sub": "{ann}", "role": "authenticated"}}'
            await admin.execute("select set_config('request.jwt.claims', $1, true)", claims)
            await admin.fetchval("select private.add_member($1, $2, 'editor')", shared, bo_id)
        await bo.until_state("her chat", lambda state: bool(state["conversations"]))
        await bo.ask("open", conversation_id=shared)
        await bo.until_state("her words", shows(CANARY))
        await connected(twin, there)
        assert left(home.data)
        # A wrong word deletes nothing; no network deletes nothing and says so; the same again works.
        assert not (await here.ask("delete_account", word="yes"))["could"]
        await relay.cut()
        await here.until_state("being offline", lambda state: state["link"] == "offline")
        assert (await here.ask("delete_account", word="ann@example.org"))["could"]
        while not (await here.ask("deleting"))["error"]:
            await here.ask("state")
        assert await count(wire, "select count(*) from auth.users where id = $1", ann) == 1
        assert (await here.ask("state"))["signed_in"]
        await relay.heal()
        await connected(here, bo, there)
        assert (await here.ask("delete_account", word=" ANN@example.org "))["could"]
        for window in (here, twin, there):
            state = await window.until_state(
                "the first page", lambda state: state["first_run"] and not state["form_busy"]
            )
            assert not state["signed_in"]
            assert state["conversations"] == state["messages"] == []
        assert left(home.data) == left(elsewhere.data) == []
        for data in (home.data, elsewhere.data):
            assert "ann@example.org" not in (data / "accounts.json").read_text("utf-8")
        assert await count(wire, "select count(*) from auth.users where id = $1", ann) == 0
        assert await count(wire, "select count(*) from storage.objects where name like $1", f"{ann}/%") == 0
        state = await bo.until_state(
            "the end of her name", lambda state: state["messages"] and state["conversations"]
        )
        assert [message["content"] for message in state["messages"]] == [CANARY]
        await bo.until_state(
            "being told that it is his",
            lambda state: f"You are now the owner of “{CANARY}”." in " ".join(state["notices"]),
        )
        await bo.ask("send", text="still here")
        await bo.until_state("going on", shows(CANARY, "still here"))
        author = "select count(*) from public.messages where author_id is null and content = $1"
        assert await count(wire, author, CANARY) == 1
        # The address is free again, and nothing of the old account is in the new one.
        await sign_in(here, wire, relay, "ann@example.org", create=True)
        state = await here.ask("state")
        assert state["user_id"] != ann
        assert state["conversations"] == []
