"""What happens in one window is seen in the other, without a refresh."""

from __future__ import annotations

import asyncio
import sys

import pytest

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import House, connected, contents, has, reply_to, shows, titles

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

NOBODY_NEEDS = frozenset(
    {
        *("httpcore", "anyio", "h11", "h2", "hpack"),  # httpx's own transport; ours is aiohttp's
        *("keyring", "secretstorage"),  # without a keyring
        *("openai", "asyncpg"),
    }
)

LONG = "Tell me more. " * 20
"""The reciting model repeats what it is told at 200 characters a second."""


async def fresh(a: Puppet, b: Puppet, title: str) -> str:
    """A new conversation, open in both windows."""
    conversation = str((await a.ask("create", title=title))["conversation_id"])
    await b.until_state("the new conversation", has(conversation, title))
    await b.ask("open", conversation_id=conversation)
    for each in (a, b):
        await each.until_state("it being open", lambda state: state["current"] == conversation)
    return conversation


async def test_a_conversation_comes_is_renamed_and_goes(a: Puppet, b: Puppet) -> None:
    conversation = await fresh(a, b, "Plans")
    await b.ask("type", text="a thought")
    await a.ask("rename", conversation_id=conversation, title="Better plans")
    await b.until_state("the new title", has(conversation, "Better plans"))
    await b.ask("rename", conversation_id=conversation, title="The other way round")
    await a.until_state("the new title", has(conversation, "The other way round"))
    await a.ask("delete", conversation_id=conversation)
    state = await b.until_state("its end", lambda state: conversation not in titles(state))
    state = await b.until_state("it being closed", lambda state: state["current"] == "")
    assert state["composer"] == "a thought", "what was being written in B is not lost"
    assert any("deleted in another window" in notice for notice in state["notices"])
    assert conversation not in titles(await a.ask("state"))


async def test_the_profile_changes_everywhere_at_once(a: Puppet, b: Puppet) -> None:
    await a.ask("profile", display_name="Ada Okafor", username="ada", portrait=True)
    for each in (b, a):
        state = await each.until_state(
            "the new profile", lambda state: state["profile"] == "Ada Okafor" and state["picture_shown"]
        )
    first = state["picture"]
    await b.ask("profile", display_name="Ada O.")
    await a.until_state("the next name", lambda state: state["profile"] == "Ada O.")
    assert (await a.ask("state"))["picture"] == first


async def test_a_message_arrives_whether_it_was_sent_or_opened_first(a: Puppet, b: Puppet) -> None:
    conversation = await fresh(a, b, "Opened first")
    sent = await a.ask("say", conversation_id=conversation, text="hello")
    await asyncio.gather(a.until_painted(sent["message_id"]), b.until_painted(sent["message_id"]))
    await b.until_state("the message", shows("hello"))

    other = str((await a.ask("create", title="Sent first"))["conversation_id"])
    await a.ask("say", conversation_id=other, text="one")
    await a.ask("say", conversation_id=other, text="two")
    await a.until_state("both being sent", shows("one", "two"))
    await b.until_state("the conversation", has(other))
    await b.ask("open", conversation_id=other)
    await b.until_state("both messages", shows("one", "two"))


async def test_a_reply_is_streamed_in_both_windows(a: Puppet, b: Puppet) -> None:
    await fresh(a, b, "A reply")
    sent = (await a.ask("send", text=LONG))["message_id"]

    async def growth(each: Puppet) -> list[int]:
        lengths: list[int] = []
        while True:
            known = lengths[-1] if lengths else 0

            def news(state: dict[str, object], known: int = known) -> bool:
                reply = reply_to(state, sent)
                return reply is not None and (reply["status"] != "streaming" or reply["shown"] > known)

            state = await each.until_state("the reply", news)
            reply = reply_to(state, sent)
            assert reply is not None
            if reply["status"] != "streaming":
                assert reply["status"] == "complete"
                assert (
                    reply["content"] == f"You said: {LONG}".strip() or reply["content"] == f"You said: {LONG}"
                )
                return lengths
            lengths.append(reply["shown"])

    for lengths in await asyncio.gather(growth(a), growth(b)):
        assert len(lengths) >= 3, "the text was seen growing, in parts"
        assert lengths[0] < len(LONG) / 2
    assert contents(await a.ask("state")) == contents(await b.ask("state"))


async def test_the_other_window_can_stop_a_reply(a: Puppet, b: Puppet) -> None:
    await fresh(a, b, "Stopped")
    sent = (await a.ask("send", text=LONG * 10))["message_id"]

    def under_way(state: dict[str, object]) -> bool:
        reply = reply_to(state, sent)
        return reply is not None and reply["shown"] > 40 and bool(state["replying"])

    await b.until_state("some of the reply", under_way)
    await b.ask("stop")
    ends = []
    for each in (a, b):
        state = await each.until_state(
            "the end of the reply", lambda state: (reply_to(state, sent) or {}).get("status") == "interrupted"
        )
        ends.append(reply_to(state, sent))
        await each.until_state("the end of replying", lambda state: state["replying"] is None)
    assert ends[0] == ends[1]
    assert ends[0] is not None
    assert 40 < len(ends[0]["content"]) < len(LONG) * 5, "what was said stays"
    await connected(a, b)


async def test_a_window_that_is_connected_has_imported_no_more_than_that_takes(
    house: House, a: Puppet
) -> None:
    await fresh(a, a, "Read")
    told = await house.start("told", command=[sys.executable, "-m", "tests.support.told_modules"])
    await connected(told)
    modules = frozenset((await told.ask("modules"))["modules"])
    assert {"supabase", "realtime", "aiohttp"} <= modules
    assert {name.partition(".")[0] for name in modules} & NOBODY_NEEDS == set()
    await told.quit()
