"""Eight applications at once: exactly one of them asks the model for a turn."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.instances import House, State, connected, has
from tests.support.openai_server import openai_server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

MANY = 8


def replies(state: State, message_id: str) -> list[State]:
    """The replies to a message that the window shows; of several versions it shows one."""
    return [m for m in state["messages"] if m["parent_id"] == message_id and m["role"] == "assistant"]


@contextmanager
def standing_still(server: int) -> Iterator[None]:
    """Nobody hears of anybody meanwhile, so whatever is pressed here is pressed at once."""
    os.kill(server, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server, signal.SIGCONT)


async def test_eight_applications_at_once_make_one_call_for_each_turn(house: House) -> None:
    async with openai_server() as model:
        environment = {"CHATDESK_API_BASE": model.url, "CHATDESK_MODEL": "counting"}
        first = await house.signed_in("0", environment=environment)
        server = house.note_server()
        others = await asyncio.gather(
            *(house.signed_in(str(number), environment=environment) for number in range(1, MANY))
        )
        herd = [first, *others]
        conversation = str((await first.ask("create", title="At once"))["conversation_id"])
        for each in herd:
            await each.until_state("the chat", has(conversation, "At once"))
            await each.ask("open", conversation_id=conversation)
            await each.ask("settled", conversation_id=conversation)

        texts = [f"question {number}" for number in range(MANY)]
        with standing_still(server):
            sent = await asyncio.gather(
                *(each.ask("send", text=text) for each, text in zip(herd, texts, strict=True))
            )
        questions = [str(each["message_id"]) for each in sent]

        def answered(state: State) -> bool:
            shown = [each for question in questions for each in replies(state, question)]
            return len(shown) == MANY and all(each["status"] == "complete" for each in shown)

        states = await asyncio.gather(*(each.until_state("eight replies", answered) for each in herd))
        asked = Counter(request["messages"][-1]["content"] for request in model.requests)
        assert asked == Counter(texts)
        assert len({tuple(m["content"] for m in state["messages"]) for state in states}) == 1

        last = states[0]["messages"][-1]
        assert last["role"] == "assistant"
        with standing_still(server):
            pressed = (each.ask("act", message_id=last["id"], action="regenerate") for each in herd)
            await asyncio.gather(*pressed)

        def again(state: State) -> bool:
            newest = state["messages"][-1]
            is_reply = newest["parent_id"] == last["parent_id"] and newest["id"] != last["id"]
            return bool(is_reply and newest["status"] == "complete")

        states = await asyncio.gather(*(each.until_state("the new version", again) for each in herd))
        assert len({state["messages"][-1]["id"] for state in states}) == 1
        await connected(*herd)
        assert len(model.requests) == MANY + 1, "one more call, not eight"
