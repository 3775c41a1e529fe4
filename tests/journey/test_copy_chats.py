"""From this computer to a project: all chats come along, also through a kill, and nothing comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import connected, house, shows, titles
from tests.support.project import Project, project
from tests.support.secret_service import SecretService, secret_service

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
    pytest.mark.keyring,
]

CHATS = 6


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    with secret_service(tmp_path_factory.mktemp("k")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="project")
async def _project() -> AsyncIterator[Project]:
    async with project() as made:
        yield made


async def until_copied(window: Puppet) -> str:
    """Wait for the end of the copy; returns what is said of it."""
    async with asyncio.timeout(30):
        while True:
            told = await window.ask("copying")
            if not told["running"] and told["title"] in ("The chats are copied", "That did not work"):
                return str(told["said"])
            await asyncio.sleep(0.02)


async def test_a_copy_survives_a_kill_and_comes_once(
    project: Project, service: SecretService, tmp_path: Path
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("words of a file", "utf-8")
    async with house() as home:
        home.expected.append("This plugin does not support")
        first = await home.start("first", vault="keyring", environment=service.environment)
        await first.ask("sign_in")
        await connected(first)
        await first.ask("profile", portrait=True, display_name="Anna")
        chats = {}
        for number in range(CHATS):
            title = f"Chat {number}"
            chats[title] = str((await first.ask("create", title=title))["conversation_id"])
            if number == 2:
                await first.ask("attach", paths=[str(note)])
            await first.ask("send", text=f"words {number}")
        await connected(first)
        await first.ask("add_account")
        await first.ask("connect", **project.form("anna@example.org", create=True))
        await first.until_state(
            "the offer", lambda state: "You have chats on this computer." in state["notices"]
        )
        await connected(first)
        # The project stops to answer in the middle of it, and the window is killed.
        project.freeze()
        await first.ask("copy_chats", key="local")
        async with asyncio.timeout(30):
            while not (await first.ask("copying"))["running"]:  # noqa: ASYNC110  (asks the application)
                await asyncio.sleep(0.02)
        await first.ask("type", text="the window can be used")
        await first.kill()
        project.thaw()
        # It goes on by itself in the next one, which shows the account that was open.
        second = await home.start("second", vault="keyring", environment=service.environment)
        await connected(second)
        said = await until_copied(second)
        assert "was deleted" not in said
        state = await second.until_state("all of them", lambda state: len(titles(state)) == CHATS)
        assert sorted(titles(state).values()) == sorted(chats)
        copied = {title: key for key, title in titles(state).items()}
        assert not set(copied.values()) & set(chats.values()), "an id belongs to one account"
        await second.ask("open", conversation_id=copied["Chat 2"])
        await second.until_state("its words", shows("words 2"))
        async with asyncio.timeout(30):
            while [one["name"] for one in (await second.ask("files"))["files"]] != ["note.txt"]:  # noqa: ASYNC110  (no event)
                await asyncio.sleep(0.02)
        await second.until_state("the name", lambda state: state["profile"] == "Anna")
        await second.until_state("the picture", lambda state: state["picture_shown"])
        # Again: nothing is new. Then one more at home, and only that one comes.
        await second.ask("copy_chats", key="local")
        assert "6 were here already" in await until_copied(second)
        await second.ask("switch_account", key="local")
        await second.until_state("home", lambda state: state["current"] == chats["Chat 5"])
        assert set(titles(await second.ask("state"))) == set(chats.values())
        await second.ask("create", title="One more")
        await second.ask("send", text="late words")
        await connected(second)
        listed = (await second.ask("accounts"))["accounts"]
        cloud = next(key for key, _words, _open in listed if key != "local")
        await second.ask("switch_account", key=cloud)
        await second.until_state("the cloud", lambda state: set(titles(state)) == set(copied.values()))
        await connected(second)
        await second.ask("copy_chats", key="local")
        said = await until_copied(second)
        assert "1 chat came in with 1 message" in said
        await second.until_state("it", lambda state: "One more" in titles(state).values())
