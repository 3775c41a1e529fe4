"""Edits and further replies: nothing is lost, and every window can reach every version."""

from __future__ import annotations

import pytest

from chatdesk.app.puppeteer import Puppet
from tests.journey.test_two_windows import fresh
from tests.support.instances import State, connected, contents, reply_to

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


async def answered(each: Puppet, message_id: str) -> str:
    """Wait for the whole answer to a message; returns its id."""

    def complete(state: State) -> bool:
        reply = reply_to(state, message_id)
        return reply is not None and reply["status"] == "complete" and state["replying"] is None

    reply = reply_to(await each.until_state("the answer", complete), message_id)
    assert reply is not None
    return str(reply["id"])


async def shown(each: Puppet, *texts: str) -> State:
    return await each.until_state(f"{texts} being shown", lambda state: contents(state) == list(texts))


async def test_an_edit_in_one_window_is_a_version_in_the_other(a: Puppet, b: Puppet) -> None:
    await fresh(a, b, "Versions")
    first = (await a.ask("send", text="Wy?"))["message_id"]
    await answered(a, first)
    await shown(b, "Wy?", "You said: Wy?")

    second = (await a.ask("edit", message_id=first, text="Why?"))["message_id"]
    await answered(a, second)
    await shown(a, "Why?", "You said: Why?")
    state = await b.until_state(
        "the news", lambda state: any("Another version" in notice for notice in state["notices"])
    )
    assert contents(state) == ["Wy?", "You said: Wy?"], "what is being read in B stays"

    told = (await b.ask("versions"))["versions"]
    assert told == {first: {"ids": [first, second], "place": 0}}
    await b.ask("act", message_id=first, action="next")
    await shown(b, "Why?", "You said: Why?")
    await a.ask("act", message_id=second, action="previous")
    await shown(a, "Wy?", "You said: Wy?")
    await b.ask("act", message_id=second, action="previous")
    await shown(b, "Wy?", "You said: Wy?")
    await connected(a, b)


async def test_a_reply_written_again_streams_into_both_windows(a: Puppet, b: Puppet) -> None:
    await fresh(a, b, "Again")
    asked = (await a.ask("send", text="Tell me. " * 30))["message_id"]
    old = await answered(a, asked)
    await answered(b, asked)
    await a.ask("act", message_id=old, action="regenerate")

    def growing(state: State) -> bool:
        reply = reply_to(state, asked)
        return reply is not None and reply["id"] != old and reply["shown"] > 0

    for each in (a, b):
        await each.until_state("the new reply", growing)
    for each in (a, b):
        new = await answered(each, asked)
        assert new != old
        assert (await each.ask("versions"))["versions"] == {new: {"ids": [old, new], "place": 1}}
    await a.ask("act", message_id=new, action="previous")
    state = await a.until_state("the old reply", lambda state: (reply_to(state, asked) or {})["id"] == old)
    assert contents(state)[0] == "Tell me. " * 30 or contents(state)[0] == ("Tell me. " * 30).strip()


async def test_a_deletion_is_undone_in_time(a: Puppet, b: Puppet) -> None:
    await fresh(a, b, "Undo")
    sent = (await a.ask("send", text="Keep me."))["message_id"]
    await answered(a, sent)
    await a.ask("act", message_id=sent, action="delete")
    await a.ask("act", message_id=sent, action="undo")
    state = await shown(a, "Keep me.", "You said: Keep me.")
    assert state["pending"] == 0
    await shown(b, "Keep me.", "You said: Keep me.")
