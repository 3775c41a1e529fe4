"""Two windows in one process and one in another: each on its own, all of them in sync."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import State, connected, contents, has, reply_to, shows

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

LONG = "Tell me more. " * 20


async def two_windows(a: Puppet) -> None:
    """See that the first process has its windows 1 and 2."""
    if len((await a.ask("state"))["windows"]) == 1:
        assert (await a.ask("new_window"))["window"] == 2
    assert sorted((await a.ask("state"))["windows"]) == [1, 2]


async def talk(a: Puppet, b: Puppet, title: str) -> str:
    """A conversation that window 1 shows and the others know."""
    conversation = str((await a.ask("create", title=title, window=1))["conversation_id"])
    await b.until_state("the conversation", has(conversation))
    await a.until_state("the conversation", has(conversation), window=2)
    return conversation


async def test_each_window_is_live_in_its_own_conversation(a: Puppet, b: Puppet) -> None:
    await two_windows(a)
    second = await talk(a, b, "Second")
    first = await talk(a, b, "First")
    await a.ask("open", conversation_id=second, window=2)
    for conversation, text in ((first, "to the first"), (second, "to the second")):
        await b.ask("say", conversation_id=conversation, text=text)
    await a.until_state("the first's message", shows("to the first"), window=1)
    await a.until_state("the second's message", shows("to the second"), window=2)
    await a.ask("settled", conversation_id=first, count=5)
    await a.ask("settled", conversation_id=second, count=5)
    assert (await a.ask("diagnostics"))["subscriptions"].keys() == {
        "profile-changes",
        "conversations-changes",
        f"messages-{first}",
        f"messages-{second}",
    }
    await a.ask("open", conversation_id=first, window=2)
    await a.until_state("the same conversation in both", shows("to the first"), window=2)
    await a.ask("settled", conversation_id=first, count=3)
    await a.ask("say", conversation_id=first, text="and back", window=2)
    for window in (1, 2):
        await a.until_state("the answer", shows("to the first", "and back"), window=window)
    await b.ask("open", conversation_id=first)
    await b.until_state("the answer", shows("to the first", "and back"))


async def test_a_reply_streams_into_all_three_and_any_of_them_stops_it(a: Puppet, b: Puppet) -> None:
    await two_windows(a)
    conversation = await talk(a, b, "A reply")
    await asyncio.gather(
        a.ask("open", conversation_id=conversation, window=2), b.ask("open", conversation_id=conversation)
    )
    sent = (await a.ask("send", text=LONG * 10, window=1))["message_id"]

    def under_way(state: dict[str, object]) -> bool:
        reply = reply_to(state, sent)
        return reply is not None and reply["shown"] > 40 and bool(state["replying"])

    await asyncio.gather(
        a.until_state("the reply", under_way, window=1),
        a.until_state("the reply", under_way, window=2),
        b.until_state("the reply", under_way),
    )
    await a.ask("stop", window=2)
    ends = await asyncio.gather(
        *(
            each.until_state(
                "its end", lambda state: (reply_to(state, sent) or {}).get("status") == "interrupted", **which
            )
            for each, which in ((a, {"window": 1}), (a, {"window": 2}), (b, {}))
        )
    )
    assert contents(ends[0]) == contents(ends[1]) == contents(ends[2])
    await connected(a, b)


async def test_unsent_text_place_and_selection_belong_to_the_window(a: Puppet, b: Puppet) -> None:
    await two_windows(a)
    conversation = await talk(a, b, "Drafts")
    await a.ask("open", conversation_id=conversation, window=2)
    await a.ask("type", text="one thought", window=1)
    await a.ask("type", text="another", window=2)
    assert (await a.ask("state", window=1))["composer"] == "one thought"
    assert (await a.ask("state", window=2))["composer"] == "another"
    await a.ask("place", size=[720, 620], sidebar=310, window=2)
    other = await talk(a, b, "Elsewhere")
    assert (await a.ask("state", window=2))["current"] == conversation
    await a.ask("close_window", window=2)
    state = await a.until_state("the end of window 2", lambda state: state["windows"] == [1])
    assert state["current"] == other
    assert (await a.ask("new_window"))["window"] == 2
    assert await a.ask("place", window=2) == {"size": [720, 620], "sidebar": 310}
    assert (await a.ask("state", window=2))["current"] == ""
    await a.ask("open", conversation_id=conversation, window=2)
    await a.until_state("its draft", lambda state: state["composer"] == "another", window=2)


async def test_only_the_window_in_front_marks_as_read(a: Puppet, b: Puppet) -> None:
    await two_windows(a)
    quiet = await talk(a, b, "Behind")
    await b.ask("open", conversation_id="")
    await two_in_view(a, b, quiet)
    for window in (1, 2):
        sent = (await a.ask("send", text="hello", window=window))["message_id"]
        await a.until_state("the reply", answered(sent), window=window)
    await b.until_state("what is behind", lambda state: state["unread"] == [quiet])
    await a.ask("front", window=1)
    await b.until_state("all being read", lambda state: quiet not in state["unread"])


def answered(message_id: str) -> Callable[[State], bool]:
    """Make a condition: the message has its whole reply."""
    return lambda state: (reply_to(state, message_id) or {}).get("status") == "complete"


async def two_in_view(a: Puppet, b: Puppet, quiet: str) -> None:
    """Another conversation in window 2, which is in front; window 1 shows ``quiet``."""
    await a.ask("front", window=1)
    front = str((await a.ask("create", title="In front", window=2))["conversation_id"])
    await b.until_state("the conversation", has(front))
    await a.until_state("both", lambda state: state["current"] == quiet, window=1)
    await a.ask("front", window=2)
    await a.until_state("window 2 in front", lambda state: state["window"] == 2)


async def test_a_finished_reply_is_notified_of_once_and_leads_to_its_conversation(
    a: Puppet, b: Puppet
) -> None:
    await two_windows(a)
    conversation = await talk(a, b, "Notified")
    await a.ask("front", window=1)
    before = (await a.ask("state"))["alerts"]
    looked_at = (await a.ask("send", text="hello", window=1))["message_id"]
    await a.until_state("the reply", answered(looked_at), window=1)
    await a.until_state("its end", lambda state: state["replying"] is None, window=1)
    assert (await a.ask("state"))["alerts"] == before, "it was before the user's eyes"
    await b.ask("open", conversation_id=conversation)
    sent = (await a.ask("send", text=LONG, window=1))["message_id"]
    await a.ask("behind")
    await b.until_state("the reply", answered(sent))
    state = await a.until_state("the reply", answered(sent), window=1)
    reply = reply_to(state, sent)
    assert reply is not None
    await a.until_state("the notification", lambda state: state["alerts"] == [*before, reply["id"]])
    assert (await b.ask("state"))["alerts"] == []
    await a.ask("open", conversation_id="", window=1)
    await a.ask("choose_alert", conversation_id=conversation)
    await a.until_state("the conversation", lambda state: state["current"] == conversation)


async def test_look_and_notices(a: Puppet, b: Puppet) -> None:
    await two_windows(a)
    await a.ask("front", window=2)
    doomed = await talk(a, b, "Doomed")
    await a.ask("open", conversation_id=doomed, window=2)
    await b.ask("delete", conversation_id=doomed)
    for window in (1, 2):
        await a.until_state("its end", lambda state: state["current"] == "", window=window)


async def test_closing_one_leaves_the_others_and_closing_the_last_ends_the_program(
    a: Puppet, b: Puppet
) -> None:
    await two_windows(a)
    await a.ask("close_window", window=1)
    await a.until_state("window 2 alone", lambda state: state["windows"] == [2])
    conversation = str((await a.ask("create", title="Still here"))["conversation_id"])
    await b.until_state("the conversation", has(conversation))
    await b.ask("say", conversation_id=conversation, text="hello")
    await a.until_state("the message", shows("hello"))
    await a.ask("close_window")
    await a.until_ended()
    await connected(b)
