"""Archiving, deleting with a way back and choosing a model, in two windows."""

from __future__ import annotations

import pytest

from chatdesk.app.puppeteer import Puppet
from tests.journey.test_two_windows import fresh
from tests.support.instances import connected, has, titles

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


async def test_the_archive_is_the_same_in_both_windows(a: Puppet, b: Puppet) -> None:
    conversation = await fresh(a, b, "To be kept")
    await a.ask("choose", conversation_id=conversation, action="chat.archive")
    for each in (a, b):
        state = await each.until_state("it leaving the list", lambda state: conversation not in titles(state))
        assert state["current"] == conversation, "it stays open where it is open"
        assert state["archived"] == 1
    await b.ask("send", text="I need it again.")
    for each in (a, b):
        state = await each.until_state("it being back", has(conversation))
        assert state["archived"] == 0
    await connected(a, b)


async def test_a_deletion_is_seen_elsewhere_when_it_is_final(a: Puppet, b: Puppet) -> None:
    conversation = await fresh(a, b, "Second thoughts")
    await a.ask("choose", conversation_id=conversation, action="chat.delete")
    state = await a.until_state("it leaving the list", lambda state: conversation not in titles(state))
    assert state["current"] == ""
    assert any("was deleted" in notice for notice in state["notices"])
    assert conversation in titles(await b.ask("state"))
    await a.ask("trigger", action="chat.undo")
    await a.until_state("it being open again", lambda state: state["current"] == conversation)
    assert conversation in titles(await a.ask("state"))
    await a.ask("choose", conversation_id=conversation, action="chat.delete")
    await b.until_state("its end", lambda state: conversation not in titles(state))
    assert conversation not in titles(await a.ask("state"))


async def test_the_model_of_a_chat_is_the_same_in_both_windows(a: Puppet, b: Puppet) -> None:
    await fresh(a, b, "Models")
    await a.ask("pick", model="of-another-kind")
    for each in (a, b):
        await each.until_state("the model", lambda state: state["model"] == "of-another-kind")
    await connected(a, b)
