"""Life on a Supabase project: getting in, being alone with one's own, and moving about without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import House, State, connected, has, shows, titles
from tests.support.instances import house as other_house
from tests.support.project import PASSWORD, Project, project

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

ANNA, BEN = "anna@example.org", "ben@example.org"


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="project")
async def _project() -> AsyncIterator[Project]:
    async with project() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def anna(house: House, project: Project) -> Puppet:
    """Anna's window on the first page, her account made in another one."""
    async with other_house() as elsewhere:
        first = await elsewhere.start("anna elsewhere")
        await first.ask("connect", **project.form(ANNA, create=True))
        await connected(first)
    return await house.start("anna")


def told(state: State) -> bool:
    return bool(state["form_error"]) and not state["form_busy"]


async def test_every_mistake_gets_a_sentence_and_costs_no_typing(anna: Puppet, project: Project) -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nno\r\n")
        await writer.drain()
        writer.close()

    right = project.form(ANNA, create=False)
    async with await asyncio.start_server(page, "127.0.0.1", 0) as website:
        elsewhere = f"http://127.0.0.1:{website.sockets[0].getsockname()[1]}"
        mistakes = [
            ({"url": "no address"}, "https://"),
            ({"url": elsewhere}, "no Supabase project"),
            ({"key": "not-the-key-of-it"}, "does not know this key"),
            ({"password": "not her password"}, "password"),
            ({"email": "nobody@example.org"}, "password"),
        ]
        for mistake, word in mistakes:
            typed = {**right, **mistake}
            await anna.ask("connect", **typed)
            state = await anna.until_state(f"a word about {mistake}", told)
            assert word in state["form_error"], mistake
            assert state["form_error"].count(".") >= 1
            assert state["form"] == [typed[name] for name in ("url", "key", "email", "password")]
            assert state["first_run"]
            assert not state["signed_in"]
    await project.relay.cut()
    await anna.ask("connect", **right)
    state = await anna.until_state("a word about the server being down", told)
    assert "Check the address and your connection" in state["form_error"]
    assert state["form"][3] == PASSWORD
    await project.relay.heal()
    await anna.ask("connect")
    await connected(anna)


async def test_another_user_sees_nothing_of_it(anna: Puppet, project: Project) -> None:
    await connected(anna)
    mine = str((await anna.ask("create", title="Anna's secret"))["conversation_id"])
    await anna.ask("send", text="nobody else's business")
    await anna.until_state("it being sent", shows("nobody else's business"))
    async with other_house() as elsewhere:
        ben = await elsewhere.start("ben")
        await ben.ask("connect", **project.form(BEN, create=True))
        await connected(ben)
        own = str((await ben.ask("create", title="Ben's"))["conversation_id"])
        await connected(ben)
        await anna.ask("rename", conversation_id=mine, title="Still a secret")
        await anna.until_state("the new title", has(mine, "Still a secret"))
        await connected(anna)
        # What he is sent comes in order: his own later change would come after anything of hers.
        await ben.ask("rename", conversation_id=own, title="Ben's own")
        await ben.until_state("his rename", has(own, "Ben's own"))
        await connected(ben)
        state = await ben.ask("state")
        assert titles(state) == {own: "Ben's own"}
        for kept in elsewhere.data.rglob("*.db*"):
            content = kept.read_bytes()
            assert b"secret" not in content
            assert b"business" not in content
        assert own not in titles(await anna.ask("state"))


async def test_a_thousand_switches_leave_nothing_behind(
    anna: Puppet, project: Project, record_property: Callable[[str, object], None]
) -> None:
    await connected(anna)
    ids = [str((await anna.ask("create", title=f"Chat {n}"))["conversation_id"]) for n in range(10)]
    for each in ids[:3]:
        await anna.ask("open", conversation_id=each)
        await anna.ask("send", text=f"in {each}")
    await connected(anna)
    await switches(anna, ids, 30, 0.0)  # Whatever is made once is made.
    before = await anna.ask("resources")
    project.relay.most_websockets = most = 0
    for count, stay in ((1000, 0.0), (500, 0.003), (20, 0.25)):
        most = max(most, await switches(anna, ids, count, stay))
    after = await anna.ask("resources")
    assert most <= 3
    assert project.relay.websockets == 1
    assert project.relay.most_websockets == 0, "none was opened on the way"
    assert abs(after["tasks"] - before["tasks"]) <= 2
    assert abs(after["files"] - before["files"]) <= 2
    assert abs(after["threads"] - before["threads"]) <= 2
    growth = after["memory"] - before["memory"]
    record_property("memory growth in bytes", growth)
    assert growth < 30e6
    state = await anna.ask("state")
    assert state["link"] == "connected"


async def switches(puppet: Puppet, ids: list[str], count: int, stay: float) -> int:
    most = int(
        (await puppet.ask("switch_many", conversation_ids=ids, count=count, stay=stay))["most_channels"]
    )
    await settle(puppet, ids[(count - 1) % len(ids)])
    return most


async def settle(puppet: Puppet, conversation_id: str) -> None:
    """Wait until the last one is open and its channels are joined."""
    await puppet.ask("settled", conversation_id=conversation_id)
    await connected(puppet)
