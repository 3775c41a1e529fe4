"""Several windows and the account: signed out, all of them offer one; signed in, all of them show it."""

from __future__ import annotations

import pytest

from tests.support.instances import House, State, connected, has, shows

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


def offered(state: State) -> bool:
    """The first page is there, and its buttons can be pressed."""
    return bool(state["first_run"] and not state["form_busy"])


async def test_signing_out_in_one_window_signs_out_all_and_signing_in_brings_all_back(house: House) -> None:
    here = await house.signed_in("here", scripted=True)
    there = await house.signed_in("there")
    await here.ask("new_window")
    conversation = str((await here.ask("create", title="Before", window=2))["conversation_id"])
    await there.until_state("the conversation", has(conversation))
    await here.ask("leave", window=2)
    for window in (1, 2):
        state = await here.until_state("the first page", offered, window=window)
        assert not state["signed_in"]
        assert state["conversations"] == []
    await there.until_state("following", lambda state: not state["signed_in"])
    await here.ask("sign_in", window=1)
    await connected(here)
    for window in (1, 2):
        await here.until_state("the conversation", has(conversation), window=window)
        state = await here.ask("state", window=window)
        assert not state["first_run"]
        assert state["current"] == ""
    await here.ask("open", conversation_id=conversation, window=1)
    sent = await here.ask("say", conversation_id=conversation, text="hello", window=2)
    await here.until_painted(sent["message_id"])
    await here.until_state("the message", shows("hello"), window=1)


async def test_a_process_goes_on_where_its_windows_were(house: House) -> None:
    first = await house.signed_in("first", scripted=True)
    await first.ask("new_window")
    kept = str((await first.ask("create", title="Kept", window=1))["conversation_id"])
    await first.until_state("the conversation", has(kept), window=2)
    await first.ask("type", text="half a thought", window=1)
    await first.ask("type", text="another half", window=2)
    await first.quit()
    again = await house.signed_in("again")
    await again.until_state("the windows", lambda state: sorted(state["windows"]) == [1, 2])
    await again.until_state("its conversation", lambda state: state["current"] == kept, window=1)
    await again.until_state("its draft", lambda state: state["composer"] == "half a thought", window=1)
    await again.until_state("the other draft", lambda state: state["composer"] == "another half", window=2)
