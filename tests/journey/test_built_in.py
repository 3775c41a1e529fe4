"""A newcomer without any key gets an answer."""

from __future__ import annotations

import pytest

from tests.support.instances import State, connected, house, reply_to

pytestmark = pytest.mark.timeout(180)


async def test_the_first_message_gets_an_answer_without_any_set_up() -> None:
    async with house() as made:
        window = await made.start("newcomer", environment={"CHATDESK_BUILT_IN": ""})
        await window.ask("sign_in")
        await connected(window)
        made.note_server()
        assert (await window.ask("state"))["model"] == "SmolLM2-135M@built-in"
        sent = (await window.ask("send", text="Say hello."))["message_id"]

        def answered(state: State) -> bool:
            reply = reply_to(state, sent)
            return reply is not None and reply["status"] != "streaming"

        reply = reply_to(await window.until_state("a reply", answered), sent)
        assert reply is not None
        assert (reply["status"], reply["error"]) == ("complete", None)
        assert reply["content"]
