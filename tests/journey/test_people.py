"""Three people and four windows on one project: who is here, types, has read, and shows none of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from tests.support import postgres
from tests.support.instances import State, connected, has, house, shows
from tests.support.postgres import Clusters, clusters, empty_database
from tests.support.project import PASSWORD
from tests.support.server import serving

__all__ = ["clusters"]

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@dataclass
class Street:
    """Anna with two computers, Ben and Cleo with one each, and the conversation they share."""

    anna: Puppet
    annas_other: Puppet
    ben: Puppet
    cleo: Puppet
    conversation: str

    @property
    def all(self) -> tuple[Puppet, ...]:
        return self.anna, self.annas_other, self.ben, self.cleo


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="street")
async def _street(clusters: Clusters) -> AsyncIterator[Street]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            empty_database(clusters.get(18), template="chatdesk_template")
        )
        wire = await stack.enter_async_context(serving(database))

        async def person(name: str, email: str, *, create: bool) -> Puppet:
            home = await stack.enter_async_context(house())
            window = await home.start(name)
            form = {"url": wire.url, "key": wire.anon_key, "email": email, "password": PASSWORD}
            await window.ask("connect", **form, create=create)
            await connected(window)
            return window

        anna, ben, cleo = await asyncio.gather(
            *(person(name, f"{name}@example.org", create=True) for name in ("anna", "ben", "cleo"))
        )
        for window, name in ((anna, "Anna"), (ben, "Ben"), (cleo, "Cleo")):
            await window.ask("profile", display_name=name)
        other = await person("anna's other", "anna@example.org", create=False)
        conversation = str((await anna.ask("create", title="Bridges"))["conversation_id"])
        await connected(anna, ben, cleo)
        ids = [(await each.ask("state"))["user_id"] for each in (anna, ben, cleo)]
        owner, *others = [postgres.Person(database, each) for each in ids]
        for each in others:
            await owner.add(conversation, each)
        made = Street(anna, other, ben, cleo, conversation)
        for window in made.all:
            await window.until_state("the conversation", has(conversation))
            await window.ask("open", conversation_id=conversation)
        yield made


def faces(*people: tuple[str, str]) -> Callable[[State], bool]:
    """A condition: these people are in the header, online or idle."""
    return lambda state: sorted(map(tuple, state["faces"])) == sorted(people)


def here(*names: str) -> Callable[[State], bool]:
    return faces(*((name, "online") for name in names))


def lists(attention: str) -> Callable[[State], bool]:
    """A condition: the user's other computer is listed, and stands like this."""
    return lambda state: [False, attention] in state["devices"]


def opened(conversation: str) -> Callable[[State], bool]:
    return lambda state: bool(state["current"] == conversation)


# Each window has five presence calls in forty seconds; nobody here moves more often than that.


async def test_who_is_here_is_in_the_header(street: Street) -> None:
    await street.anna.until_state("the others", here("Ben", "Cleo"))
    await street.annas_other.until_state("the others, without oneself", here("Ben", "Cleo"))
    await street.ben.until_state("the others", here("Anna", "Cleo"))
    await street.ben.ask("rest")
    await street.anna.until_state("Ben idle", faces(("Ben", "idle"), ("Cleo", "online")))
    await street.annas_other.ask("rest")
    state = await street.cleo.until_state("Ben idle", faces(("Ben", "idle"), ("Anna", "online")))
    assert state["faces"][0][0] == "Anna", "online at one of two computers, and before the idle one"
    await street.ben.ask("stir")
    await street.anna.until_state("Ben back", here("Ben", "Cleo"))


async def test_own_devices_are_listed(street: Street) -> None:
    for window, other in ((street.anna, "idle"), (street.annas_other, "online")):
        state = await window.until_state("the other device", lists(other))
        assert len(state["devices"]) == 2
    state = await street.ben.ask("state")
    assert len(state["devices"]) == 1, "nobody sees the devices of others"


async def test_who_types_is_said_above_the_composer(street: Street) -> None:
    await street.ben.ask("type", text="I think")
    for window in (street.anna, street.annas_other, street.cleo):
        await window.until_state("Ben typing", lambda state: state["typing"] == "Ben is typing…")
    assert (await street.ben.ask("state"))["typing"] == ""
    await street.cleo.ask("type", text="So do I")
    await street.anna.until_state("both typing", lambda state: state["typing"] == "Ben and Cleo are typing…")
    await street.cleo.ask("clear")
    await street.anna.until_state("Cleo done", lambda state: state["typing"] == "Ben is typing…")
    await street.ben.ask("press")
    await street.anna.until_state("the message", shows("I think"))
    await street.anna.until_state("nobody typing", lambda state: state["typing"] == "")


async def test_who_has_read_stands_below_the_message(street: Street) -> None:
    sent = await street.anna.ask("say", conversation_id=street.conversation, text="Read this")
    assert sent["message_id"]
    await street.ben.until_state("the message", shows("I think", "Read this"))
    await street.ben.ask("read")
    for window in (street.anna, street.annas_other, street.cleo):
        await window.until_state("Ben's mark", lambda state: "Ben" in state["read_by"].get("Read this", []))
    await street.cleo.ask("read")
    await street.anna.until_state(
        "both marks", lambda state: state["read_by"].get("Read this") == ["Ben", "Cleo"]
    )
    state = await street.ben.ask("state")
    assert "Ben" not in str(state["read_by"]), "nobody is told of oneself"


async def test_what_is_read_on_one_computer_is_read_on_the_other(street: Street) -> None:
    await connected(street.anna, street.annas_other)
    for window in (street.anna, street.annas_other):
        elsewhere = str((await window.ask("create", title="Elsewhere"))["conversation_id"])
        await window.until_state("being elsewhere", opened(elsewhere))
    await street.cleo.ask("say", conversation_id=street.conversation, text="one")
    await street.cleo.ask("say", conversation_id=street.conversation, text="two")
    place = street.conversation
    for window in (street.anna, street.annas_other):
        await window.until_state("two unread", lambda state: state["unread_counts"].get(place) == 2)
    await street.anna.ask("open", conversation_id=place)
    await street.anna.until_state("the messages", shows("I think", "Read this", "one", "two"))
    await street.anna.ask("read")
    for window in (street.anna, street.annas_other):
        await window.until_state("nothing unread", lambda state: place not in state["unread_counts"])
    await street.annas_other.ask("open", conversation_id=place)


async def test_presence_has_a_switch_that_works_both_ways(street: Street) -> None:
    await street.cleo.ask("switch", switch="shows_presence", on=False)
    state = await street.cleo.until_state("seeing nobody", faces())
    assert state["devices"] == [[True, "online"]]
    await street.ben.until_state("Cleo gone", here("Anna"))
    await street.cleo.ask("switch", switch="shows_presence", on=True)
    await street.ben.until_state("Cleo here again", here("Anna", "Cleo"))
    await street.cleo.until_state("seeing them", lambda state: len(state["faces"]) == 2)


async def test_typing_and_reading_have_switches_that_hold_on_all_computers(street: Street) -> None:
    anna, other, ben, cleo = street.all
    for switch in ("shows_typing", "shows_reading"):
        await anna.ask("switch", switch=switch, on=False)
    for window in (anna, other):
        await window.until_state("seeing no marks", lambda state: not state["read_by"])
    await ben.until_state("Anna's mark gone", lambda state: "Anna" not in str(state["read_by"]))
    await ben.ask("type", text="Is Anna here?")
    await cleo.until_state("Ben typing", lambda state: state["typing"] == "Ben is typing…")
    await other.ask("type", text="She is not")
    await ben.ask("press")
    shown = ("I think", "Read this", "one", "two", "Is Anna here?")
    for window in street.all:
        state = await window.until_state("the message", shows(*shown))
        assert state["typing"] in ("", "Ben is typing…" if window is cleo else "")
    await other.ask("clear")
    await anna.ask("read")
    await anna.until_state("it being read", lambda state: not state["unread_counts"])
    await connected(anna)
    await cleo.ask("read")
    await ben.until_state("Cleo's mark", lambda state: state["read_by"].get(shown[-1]) == ["Cleo"])
    await other.ask("switch", switch="shows_reading", on=True)
    await ben.until_state("Anna's mark", lambda state: state["read_by"].get(shown[-1]) == ["Anna", "Cleo"])
    await anna.until_state("Cleo's mark", lambda state: state["read_by"].get(shown[-1]) == ["Cleo"])


async def test_a_crash_clears_up_after_itself(street: Street) -> None:
    await street.cleo.ask("type", text="I was about to say")
    await street.ben.until_state("Cleo typing", lambda state: state["typing"] == "Cleo is typing…")
    await street.cleo.kill()
    for window in (street.anna, street.annas_other, street.ben):
        await window.until_state("Cleo gone", lambda state: "Cleo" not in str(state["faces"]))
    await street.ben.until_state("the word expired", lambda state: state["typing"] == "")
    await street.annas_other.kill()
    await street.anna.until_state("it being offline", lists("offline"))
