"""Leaving an account: in every window of this computer at once, on the other devices soon, and back again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from chatdesk.localbackend.application import Settings
from tests.support.instances import House, connected, has, house, shows
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

CANARY = "canary-c07a17"


@pytest.fixture(scope="module")
def other_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    """The keyring of another computer."""
    with secret_service(tmp_path_factory.mktemp("o")) as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    with secret_service(tmp_path_factory.mktemp("k")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def wire(clusters: Clusters) -> AsyncIterator[Wire]:
    """A project whose tokens live for six seconds: what a server refuses is refused soon."""
    async with (
        empty_database(clusters.get(18), template="chatdesk_template") as database,
        serving(database, Settings(token_seconds=6, reuse_seconds=0)) as made,
    ):
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def relay(wire: Wire) -> AsyncIterator[Relay]:
    async with relay_to(int(wire.url.rpartition(":")[2])) as made:
        yield made


class Street:
    """Houses on one project."""

    def __init__(self, wire: Wire, relay: Relay, service: SecretService) -> None:
        self.wire = wire
        self.relay = relay
        self.service = service

    async def window(self, home: House, name: str) -> Puppet:
        home.expected.append("This plugin does not support")
        return await home.start(name, vault="keyring", environment=self.service.environment)

    async def signed_in(self, home: House, name: str, email: str, *, create: bool) -> Puppet:
        window = await self.window(home, name)
        await self.sign_in(window, email, create=create)
        return window

    async def sign_in(self, window: Puppet, email: str, *, create: bool) -> None:
        await window.ask(
            "connect",
            url=self.relay.url,
            key=self.wire.anon_key,
            email=email,
            password=PASSWORD,
            create=create,
        )
        await connected(window)


@pytest.fixture
def street(wire: Wire, relay: Relay, service: SecretService) -> Street:
    return Street(wire, relay, service)


def left(directory: Path) -> list[str]:
    """Files of accounts that still hold the canary, or a session."""
    found = []
    for path in sorted((directory / "accounts").rglob("*")):
        if path.is_file() and (CANARY.encode() in path.read_bytes() or path.name == "session"):
            found.append(path.relative_to(directory).as_posix())
    return found


async def test_signing_out_in_one_window_signs_out_all_of_this_computer(street: Street) -> None:
    async with house() as home:
        first = await street.signed_in(home, "first", "here@example.org", create=True)
        conversation = str((await first.ask("create", title=CANARY))["conversation_id"])
        await first.ask("send", text=CANARY)
        await first.until_state("it being sent", shows(CANARY))
        second = await street.window(home, "second")
        await connected(second)
        await second.until_state("the conversation", has(conversation))
        assert left(home.data)
        said = (await first.ask("leave"))["said"]
        assert "stay on the server" in said
        for window in (first, second):
            state = await window.until_state("the first page", lambda state: state["first_run"])
            assert not state["signed_in"]
            assert state["conversations"] == state["messages"] == []
        await first.until_state("the end of it", lambda state: not state["form_busy"])
        await second.until_state("the end of it", lambda state: not state["form_busy"])
        assert left(home.data) == []
        assert CANARY not in (home.data / "accounts.json").read_text("utf-8")
        # The session is over on the server as well, and a new one works in the same place.
        await street.sign_in(first, "here@example.org", create=False)
        await first.until_state("what was there", has(conversation, CANARY))
        state = await second.ask("state")
        assert state["first_run"]


async def test_a_sign_out_without_a_network_works_and_says_so(street: Street) -> None:
    async with house() as home:
        window = await street.signed_in(home, "alone", "alone@example.org", create=True)
        await window.ask("create", title="Kept")
        await connected(window)
        await street.relay.cut()
        await window.until_state("being offline", lambda state: state["link"] == "offline")
        await window.ask("send", text=CANARY)
        await window.until_state("it waiting", lambda state: state["pending"])
        said = (await window.ask("leave", answer="none"))["said"]
        assert "1 change is not sent yet" in said
        assert "no connection" in said
        await window.ask("accept")
        state = await window.until_state(
            "the first page", lambda state: state["first_run"] and not state["form_busy"]
        )
        assert any("could not be told" in notice for notice in state["notices"])
        assert left(home.data) == []
        await street.relay.heal()


async def test_waiting_for_what_is_not_sent_loses_nothing(street: Street) -> None:
    async with house() as home:
        window = await street.signed_in(home, "patient", "patient@example.org", create=True)
        conversation = str((await window.ask("create", title="Kept"))["conversation_id"])
        await connected(window)
        await street.relay.cut()
        await window.ask("send", text="the last word")
        await window.until_state("it waiting", lambda state: state["pending"])
        await window.ask("leave", answer="wait")
        assert (await window.ask("state"))["signed_in"]
        await street.relay.heal()
        await window.until_state(
            "the first page", lambda state: state["first_run"] and not state["form_busy"]
        )
        await street.sign_in(window, "patient@example.org", create=False)
        await window.until_state("the conversation", has(conversation))
        await window.ask("open", conversation_id=conversation)
        await window.until_state("the last word", shows("the last word"))


async def test_signing_out_everywhere_asks_the_other_device_and_keeps_its_text(
    street: Street, other_service: SecretService
) -> None:
    other = Street(street.wire, street.relay, other_service)
    async with house() as home, house() as elsewhere:
        here = await street.signed_in(home, "here", "both@example.org", create=True)
        conversation = str((await here.ask("create", title="Shared"))["conversation_id"])
        await connected(here)
        there = await other.signed_in(elsewhere, "there", "both@example.org", create=False)
        twin = await other.window(elsewhere, "twin")
        await connected(twin)
        for window in (there, twin):
            await window.until_state("the conversation", has(conversation))
            await window.ask("open", conversation_id=conversation)
        await here.ask("leave", everywhere=True)
        for window in (there, twin):
            await window.until_state("the question", lambda state: state["link"] == "needs_sign_in")
        await there.ask("send", text="not lost")
        state = await there.until_state("it waiting", lambda state: state["pending"] == 1)
        assert state["signed_in"]
        assert state["badge"].startswith("Sign in again")
        shown = await there.ask("account_state")
        assert shown["offers_sign_in"]
        await there.ask("sign_in_again", password="not her password")
        shown = await _until_error(there)
        assert "password" in shown["error"]
        assert shown["email"] == "both@example.org"
        await there.ask("sign_in_again", password=PASSWORD)
        await connected(there)
        assert not (await there.ask("account_state"))["asks"]
        # The other window of that computer goes on by itself: they share the session.
        await connected(twin)
        for window in (there, twin):
            await window.until_state("the text", shows("not lost"))


async def _until_error(window: Puppet) -> dict[str, Any]:
    """Wait until the question says what is wrong."""
    async with asyncio.timeout(30):
        while not (shown := await window.ask("account_state"))["error"]:  # noqa: ASYNC110  (no event)
            await asyncio.sleep(0.05)
    return shown
