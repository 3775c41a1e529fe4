"""Signing in by oneself at the next start: with a real keyring, without a network, without a keyring."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import connected, contents, has, house, shows, titles
from tests.support.project import Project, project
from tests.support.secret_service import SecretService, secret_service

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
    pytest.mark.keyring,
]

ANNA = "anna@example.org"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    with secret_service(tmp_path_factory.mktemp("k")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="project")
async def _project() -> AsyncIterator[Project]:
    async with project() as made:
        yield made


async def test_a_restart_signs_in_by_itself_and_works_offline(
    service: SecretService, project: Project
) -> None:
    async with house() as home:

        async def start(name: str) -> Puppet:
            return await home.start(name, vault="keyring", environment=service.environment)

        first = await start("first")
        await first.ask("connect", **project.form(ANNA, create=True))
        await connected(first)
        conversation = str((await first.ask("create", title="Kept"))["conversation_id"])
        await first.ask("send", text="online")
        await first.until_state("it being sent", shows("online"))
        await first.quit()

        second = await start("second")
        await connected(second)
        assert titles(await second.ask("state")) == {conversation: "Kept"}
        await second.quit()

        await project.relay.cut()
        third = await start("third")
        await third.until_state("what is here", shows("online"))
        await third.until_state("the badge", lambda state: state["badge"].startswith("Offline"))
        await third.ask("send", text="offline")
        state = await third.until_state("the message", lambda state: contents(state) == ["online", "offline"])
        state = await third.until_state("the badge", lambda state: state["badge"].endswith(" waiting"))
        assert state["badge"].startswith("Offline")
        assert state["messages"][1]["delivery"] in ("pending", "sending")
        await project.relay.heal()
        await third.until_state("its delivery", shows("online", "offline"))
        await connected(third)

        for sealed in home.data.rglob("session*"):
            assert b"refresh" not in sealed.read_bytes()
        async with house() as elsewhere:
            fourth = await elsewhere.start("fourth")
            await fourth.ask("connect", **project.form(ANNA, create=False))
            await fourth.until_state("the conversation", has(conversation))
            await fourth.ask("open", conversation_id=conversation)
            await fourth.until_state("both messages, once", shows("online", "offline"))


async def test_a_lost_keyring_loses_nothing_on_this_computer(service: SecretService) -> None:
    async with house() as home:

        async def start(name: str) -> Puppet:
            return await home.start(name, vault="keyring", environment=service.environment)

        first = await start("first")
        await first.ask("sign_in")
        await connected(first)
        home.note_server()
        conversation = str((await first.ask("create", title="Mine"))["conversation_id"])
        await first.ask("send", text="still here")
        await first.until_state("it being sent", shows("still here"))
        await first.quit()
        await home.stopped()

        service.stop_daemon()
        shutil.rmtree(service.home / ".local" / "share" / "keyrings")
        service.unlock()
        home.expected.append("The stored session is set aside")

        second = await start("second")
        await second.until_state("the message", shows("still here"))
        await connected(second)
        assert home.note_server()
        assert (await second.ask("state"))["current"] == conversation
        await second.ask("send", text="and on")
        await second.until_state("the next one", shows("still here", "and on"))


async def test_without_a_keyring_the_user_decides(tmp_path: Path) -> None:
    nothing = no_keyring(tmp_path)
    async with house() as home:
        first = await home.start("first", vault="keyring", environment=nothing)
        await first.ask("sign_in")
        await first.until_state("the question", lambda state: "keyring" in (state["question"] or ""))
        await first.ask("cancel")
        state = await first.until_state("the first page", lambda state: state["question"] is None)
        assert state["first_run"]
        await first.ask("sign_in")
        await first.until_state("the question again", lambda state: "keyring" in (state["question"] or ""))
        await first.ask("accept")
        await connected(first)
        home.note_server()
        await first.ask("create", title="For now")
        await first.ask("send", text="no keyring needed")
        await first.until_state("it being sent", shows("no keyring needed"))
        await first.quit()
        await home.stopped()

        second = await home.start("second", vault="keyring", environment=nothing)
        await second.until_state("what is here", shows("no keyring needed"))
        await second.until_state("the question", lambda state: "keyring" in (state["question"] or ""))
        await second.ask("accept")
        await connected(second)
        home.note_server()


def no_keyring(directory: Path) -> Mapping[str, str]:
    """The surroundings of a machine where nothing keeps secrets."""
    return {
        "HOME": str(directory),
        "XDG_CONFIG_HOME": str(directory),
        "XDG_RUNTIME_DIR": str(directory),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={directory / 'no-bus'}",
    }
