"""The back end dies under two busy windows; they come back by themselves and show the same."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import House, State, connected, contents, has
from tests.support.local_backend import ended, postmaster_pid

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def a(house: House) -> Puppet:
    """No model here: both windows may write at any time."""
    return await house.signed_in("a")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def conversation(a: Puppet, b: Puppet) -> str:
    """A conversation that both have open."""
    made = str((await a.ask("create", title="Storm"))["conversation_id"])
    await b.until_state("the conversation", has(made))
    await b.ask("open", conversation_id=made)
    await b.until_state("it being open", lambda state: state["current"] == made)
    return made


async def same(a: Puppet, b: Puppet, *texts: str) -> None:
    """Wait until both show these texts among others, all delivered, in one order."""

    def settled(state: State) -> bool:
        shown = contents(state)
        return (
            all(shown.count(text) == 1 for text in texts)
            and not state["pending"]
            and all(message["delivery"] == "sent" for message in state["messages"])
        )

    await a.until_state("all messages in A", settled)
    await b.until_state("all messages in B", settled)
    first, second = contents(await a.ask("state")), contents(await b.ask("state"))
    assert first == second


async def write(puppet: Puppet, texts: list[str]) -> None:
    for text in texts:
        await puppet.ask("send", text=text)


async def test_two_people_typing_at_once_lose_nothing(a: Puppet, b: Puppet, conversation: str) -> None:
    from_a = [f"a {number}" for number in range(15)]
    from_b = [f"b {number}" for number in range(15)]
    await asyncio.gather(write(a, from_a), write(b, from_b))
    await same(a, b, *from_a, *from_b)
    shown = contents(await a.ask("state"))
    assert [text for text in shown if text in from_a] == from_a, "everyone's own words keep their order"
    assert [text for text in shown if text in from_b] == from_b


@pytest.mark.parametrize("victim", ["server", "database"])
async def test_a_killed_back_end_is_replaced(
    a: Puppet, b: Puppet, conversation: str, house: House, victim: str
) -> None:
    await connected(a, b)
    server, database = house.note_server(), postmaster_pid(house.backend)
    os.kill(server if victim == "server" else database, signal.SIGKILL)
    texts = [f"{victim} {name}" for name in "ab"]
    await asyncio.gather(a.ask("send", text=texts[0]), b.ask("send", text=texts[1]))
    await ended(server, database)
    await same(a, b, *texts)
    await connected(a, b)
    assert house.note_server() != server
    await a.ask("send", text=f"{victim} after")
    await same(a, b, f"{victim} after")
