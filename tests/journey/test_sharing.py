"""Three people, each on a computer of their own, talk to a model together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import State, connected, contents, has, house, reply_to, titles
from tests.support.project import project
from tests.support.relay import Relay, relay_to

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@dataclass(frozen=True)
class Street:
    """Ann and Ben have a model; Ben has a cable of his own, that can be cut."""

    bens_cable: Relay
    ann: Puppet
    ben: Puppet
    cleo: Puppet
    ids: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street() -> AsyncIterator[Street]:
    async with (
        project() as made,
        relay_to(made.relay.target) as cable,
        AsyncExitStack() as stack,
    ):
        people: dict[str, Puppet] = {}
        ids: dict[str, str] = {}
        for name in ("ann", "ben", "cleo"):
            home = await stack.enter_async_context(house())
            one = people[name] = await home.start(name, scripted=name != "cleo")
            form = made.form(f"{name}@example.org", create=True)
            await one.ask("connect", **(form | ({"url": cable.url} if name == "ben" else {})))
            await connected(one)
            await one.ask("profile", display_name=name.title(), username=f"{name}_w")
            await one.until_state("the name", calls_itself(name.title()))
            await connected(one)
            ids[name] = str((await one.ask("state"))["user_id"])
        yield Street(cable, people["ann"], people["ben"], people["cleo"], ids)


def calls_itself(name: str) -> Callable[[State], bool]:
    """Make a condition: the own profile has this name, here at least."""
    return lambda state: state["profile"] == name


async def people(puppet: Puppet, what: str, met: Callable[[State], bool]) -> State:
    """Wait until what is shown about people meets a condition."""
    return await puppet.until_seen("people", what, met)


async def new_talk(owner: Puppet, title: str) -> str:
    conversation = str((await owner.ask("create", title=title))["conversation_id"])
    await connected(owner)
    return conversation


async def bring_in(street: Street, guest: Puppet, name: str, conversation: str, role: str = "editor") -> None:
    """Ann invites, the guest accepts and has the conversation open."""
    await street.ann.ask("invite", to=f"@{name}_w", role=role)
    await people(guest, "an invitation", lambda seen: len(seen["invitations"]) == 1)
    await guest.ask("answer_invitation", yes=True)
    await guest.until_state("the conversation", lambda state: state["current"] == conversation)
    wanted = {street.ids["ann"]: "owner", street.ids[name]: role}
    for each in (street.ann, guest):
        await people(each, "both members", lambda seen: wanted.items() <= seen["members"].items())


async def test_an_invited_person_reads_writes_and_asks_the_model_by_its_name(street: Street) -> None:
    ann, ben = street.ann, street.ben
    talk = await new_talk(ann, "Our trip")
    first = (await ann.ask("send", text="Where to?"))["message_id"]
    await ann.until_state("the model's answer", lambda state: _replied(state, first))
    await ann.ask("invite", to="nobody_at_all")
    before = await people(ann, "the first words", lambda seen: bool(seen["said"]) and bool(seen["invites"]))
    await bring_in(street, ben, "ben", talk)
    seen = await people(ann, "the invitation being over", lambda seen: len(seen["invites"]) == 1)
    assert seen["said"] == before["said"], "the words are the same for somebody and for nobody"
    assert seen["shared"] == [talk]
    read = await ben.until_state("what was said before", lambda state: "Where to?" in contents(state))
    assert titles(read)[talk] == "Our trip"
    seen = await people(ben, "the author's name", lambda seen: "Ann" in seen["authors"])
    assert "@model" in seen["answers"], "alone it answered; now it waits to be mentioned"

    plain = (await ben.ask("send", text="I like the sea"))["message_id"]
    await ann.until_state("his message", lambda state: "I like the sea" in contents(state))
    asked = (await ben.ask("send", text="@model what do you think?"))["message_id"]
    for each in (ann, ben):
        state = await each.until_state("one answer", lambda state: _replied(state, asked))
        assert reply_to(state, plain) is None
    assert "Ben" in (await ann.ask("people"))["authors"]
    await ann.ask("switch_answers")
    await people(ben, "the other rule", lambda seen: "every message" in seen["answers"])
    again = (await ben.ask("send", text="And in winter?"))["message_id"]
    await ann.until_state("an answer without a mention", lambda state: _replied(state, again))


async def test_a_reader_reads_and_a_promoted_one_writes(street: Street) -> None:
    ann, cleo = street.ann, street.cleo
    talk = await new_talk(ann, "Look only")
    await bring_in(street, cleo, "cleo", talk, role="viewer")
    seen = await people(cleo, "no composer", lambda seen: bool(seen["reader"]))
    assert "Ann" in seen["reader"]
    assert not seen["composer"]
    await ann.ask("send", text="Read this")
    await cleo.until_state("the message", lambda state: "Read this" in contents(state))
    await ann.ask("member", user_id=street.ids["cleo"], action="editor")
    await people(cleo, "a composer", lambda seen: seen["composer"] and not seen["reader"])
    await cleo.ask("send", text="Now I write")
    await ann.until_state("what she writes", lambda state: "Now I write" in contents(state))


async def test_a_link_is_pasted_and_one_that_was_withdrawn_is_not(street: Street) -> None:
    ann, cleo = street.ann, street.cleo
    talk = await new_talk(ann, "By link")
    made = await ann.ask("make_link", uses=1)
    assert made["shown"] == made["link"]
    assert made["link"].startswith("chatdesk://join/")
    await cleo.ask("join", text="https://example.org")
    await people(cleo, "a word about it", lambda seen: "not a link" in seen["join_said"])
    await cleo.ask("join", text=f"Come here: {made['link']}")
    await cleo.until_state("the conversation", lambda state: state["current"] == talk)
    assert not (await cleo.ask("people"))["joining"]
    other = await ann.ask("make_link")
    seen = await people(ann, "the open link", lambda seen: len(seen["invites"]) == 1)
    await ann.ask("withdraw", invite_id=seen["invites"][0]["id"])
    await people(ann, "no open link", lambda seen: not seen["invites"])
    await cleo.ask("join", text=other["link"])
    await people(cleo, "a word about it", lambda seen: "withdrawn" in seen["join_said"])


async def test_whoever_is_taken_out_while_offline_keeps_only_their_own_words(street: Street) -> None:
    ann, ben = street.ann, street.ben
    talk = await new_talk(ann, "Not for long")
    told = (await ann.ask("send", text="a secret of ours"))["message_id"]
    await ann.until_state("the model's answer", lambda state: _replied(state, told))
    await bring_in(street, ben, "ben", talk)
    await ben.until_state("the secret", lambda state: "a secret of ours" in contents(state))
    await street.bens_cable.cut()
    await ben.until_state("being offline", lambda state: state["link"] != "connected")
    await ben.ask("send", text="written on the train")
    await ann.ask("member", user_id=street.ids["ben"], action="remove")
    await ann.ask("accept")
    await people(ann, "being alone", lambda seen: list(seen["members"]) == [street.ids["ann"]])
    await street.bens_cable.heal()
    state = await ben.until_state(
        "its going", lambda state: talk not in titles(state) and not state["pending"] and state["failed"]
    )
    assert state["current"] == ""
    await ben.until_state("a word about it", lambda state: "not sent" in " ".join(state["notices"]))
    await ben.ask("show_kept")
    await people(ben, "what he wrote", lambda seen: seen["kept"] == "written on the train")


async def test_the_ones_who_stay_go_on_in_new_channels(street: Street) -> None:
    ann, ben, cleo = street.ann, street.ben, street.cleo
    talk = await new_talk(ann, "Three of us")
    await bring_in(street, ben, "ben", talk)
    await bring_in(street, cleo, "cleo", talk)
    asked = (await ben.ask("send", text="@model go"))["message_id"]
    await cleo.until_state("the beginning of the answer", lambda state: reply_to(state, asked) is not None)
    await ann.ask("member", user_id=street.ids["ben"], action="remove")
    await ann.ask("accept")
    await ben.until_state("its going", lambda state: talk not in titles(state))
    for each in (ann, cleo):
        await each.until_state("the end of the answer", lambda state: _ended(state, asked))
    await cleo.ask("send", text="still here")
    await ann.until_state("her message", lambda state: "still here" in contents(state))
    await ann.ask("member", user_id=street.ids["cleo"], action="hand_over")
    await ann.ask("accept")
    wanted = {street.ids["ann"]: "editor", street.ids["cleo"]: "owner"}
    for each in (ann, cleo):
        await people(each, "the new owner", lambda seen: seen["members"] == wanted)
    await cleo.until_state(
        "being told", lambda state: "the owner of “Three of us”" in " ".join(state["notices"])
    )
    await ann.ask("choose", action="chat.delete", conversation_id=talk)
    await ann.ask("accept")
    await ann.until_state("her leaving", lambda state: talk not in titles(state))
    await cleo.until_state("its staying", has(talk))
    await people(cleo, "being alone", lambda seen: list(seen["members"]) == [street.ids["cleo"]])


def _replied(state: State, question: str) -> bool:
    reply = reply_to(state, question)
    return reply is not None and reply["status"] == "complete"


def _ended(state: State, question: str) -> bool:
    reply = reply_to(state, question)
    return reply is not None and reply["status"] in ("complete", "interrupted")
