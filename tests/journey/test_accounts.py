"""Several accounts on one computer: one process at a time shows one, and none disturbs another."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import House, State, connected, has, house, shows, titles
from tests.support.project import Project, project

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

ANNA = "anna@example.org"


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="project")
async def _project() -> AsyncIterator[Project]:
    async with project() as made:
        yield made


async def keys(window: Puppet) -> dict[str, str]:
    """Key by what the list calls it."""
    listed = (await window.ask("accounts"))["accounts"]
    return {"local" if key == "local" else "cloud": key for key, _words, _open in listed}


async def shown(window: Puppet, key: str) -> None:
    """Wait until an account is open and connected."""

    async def opened() -> bool:
        listed = (await window.ask("accounts"))["accounts"]
        return [each for each, _words, is_open in listed if is_open] == [key]

    await window.until_state("another account", lambda state: state["signed_in"])
    while not await opened():
        await window.ask("state")
    await connected(window)


def told(state: State) -> bool:
    return bool(state["form_error"]) and not state["form_busy"]


async def test_a_second_account_is_added_and_both_keep_what_is_theirs(project: Project) -> None:
    async with house() as home:
        here = await home.signed_in("here")
        await here.ask("new_window")
        local = str((await here.ask("create", title="At home", window=1))["conversation_id"])
        await here.ask("send", text="kept at home", window=1)
        await here.until_state("it being sent", shows("kept at home"), window=1)
        await here.ask("type", text="half a thought", window=1)
        # Adding one leaves the open one alone until it worked, and there is a way back.
        offered = (await here.ask("add_account", window=2))["offered"]
        assert len(offered) == 1
        assert offered[0].startswith("Back to ")
        await here.ask("connect", **project.form(ANNA, create=False), window=2)
        state = await here.until_state("a refusal", told, window=2)
        assert "password" in state["form_error"]
        assert (await here.ask("state", window=1))["current"] == local
        await here.ask("switch_account", key="local", page=True, window=2)
        assert not (await here.ask("state", window=2))["first_run"]
        await here.ask("add_account", window=2)
        await here.ask("connect", **project.form(ANNA, create=True), window=2)
        await here.until_state("the other account", lambda state: not state["first_run"], window=2)
        cloud = (await keys(here))["cloud"]
        await shown(here, cloud)
        for window in (1, 2):
            state = await here.ask("state", window=window)
            assert titles(state) == {}
            assert state["messages"] == []
            assert state["composer"] == "", "a draft is not carried into another account"
        # What is written there stays there, also what could not be sent before it was left.
        far = str((await here.ask("create", title="In the cloud", window=1))["conversation_id"])
        await connected(here)
        await project.relay.cut()
        await here.until_state("being offline", lambda state: state["link"] == "offline")
        sent = await here.ask("say", conversation_id=far, text="later", window=1)
        await here.until_painted(sent["message_id"])
        await here.ask("type", text="unsent words", window=1)
        await here.ask("switch_account", key="local", window=1)
        await shown(here, "local")
        state = await here.until_state("what was there", shows("kept at home"), window=1)
        assert titles(state) == {local: "At home"}
        await here.until_state("the draft", lambda state: state["composer"] == "half a thought", window=1)
        await project.relay.heal()
        await here.ask("switch_account", key=cloud, window=2)
        await shown(here, cloud)
        await here.until_state("it being delivered", shows("later"), window=1)
        await here.until_state("the draft", lambda state: state["composer"] == "unsent words", window=1)
        assert titles(await here.ask("state", window=2)) == {far: "In the cloud"}


async def test_two_processes_show_different_accounts_and_signing_out_of_one_leaves_the_other(
    project: Project,
) -> None:
    async with house() as home:
        one = await home.signed_in("one")
        await one.ask("create", title="At home")
        await connected(one)
        two = await home.signed_in("two")
        await two.ask("add_account")
        await two.ask("connect", **project.form("ben@example.org", create=True))
        await two.until_state("the other account", lambda state: not state["first_run"])
        cloud = (await keys(two))["cloud"]
        await shown(two, cloud)
        await two.ask("create", title="In the cloud")
        await connected(one, two)
        assert list(titles(await one.ask("state")).values()) == ["At home"]
        assert list(titles(await two.ask("state")).values()) == ["In the cloud"]
        await two.ask("leave")
        await two.until_state("the page", lambda state: state["first_run"] and not state["form_busy"])
        assert list(titles(await one.ask("state")).values()) == ["At home"]
        assert list(await keys(two)) == ["local"], "what was signed out of is no longer offered"
        # The page offers the account that is left, without a question.
        await two.ask("switch_account", key="local", page=True)
        await shown(two, "local")
        await two.until_state("its chats", lambda state: list(titles(state).values()) == ["At home"])
        again = await home.start("again")
        await connected(again)
        assert (await again.ask("state"))["user_id"] == (await one.ask("state"))["user_id"]


async def test_quick_changes_of_mind_end_at_the_last_one(house: House, project: Project) -> None:
    here = await house.signed_in("quick")
    mine = str((await here.ask("create", title="At home"))["conversation_id"])
    await connected(here)
    await here.ask("add_account")
    await here.ask("connect", **project.form("cy@example.org", create=True))
    await here.until_state("the other account", lambda state: not state["first_run"])
    cloud = (await keys(here))["cloud"]
    await shown(here, cloud)
    await here.ask("switch_account", key="local")
    await shown(here, "local")
    await here.until_state("its chats", has(mine))
    before = await here.ask("resources")
    for _ in range(5):
        for key in ("local", cloud, "local"):
            await here.ask("switch_account", key=key)
    await shown(here, "local")
    await here.until_state("its chats", has(mine))
    after = await here.ask("resources")
    assert abs(after["tasks"] - before["tasks"]) <= 4
    assert abs(after["files"] - before["files"]) <= 6
