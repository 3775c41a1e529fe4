"""Closing, killing and starting again: nothing is left running, nothing is lost, nothing comes twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from chatdesk.backend.local_server import read_port_file
from tests.support.instances import House, connected, has, shows, titles
from tests.support.local_backend import ended

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


async def test_closing_leaves_nothing_and_the_next_start_goes_on(house: House) -> None:
    first = await house.signed_in("first")
    conversation = str((await first.ask("create", title="Kept"))["conversation_id"])
    other = str((await first.ask("create", title="Another"))["conversation_id"])
    await first.ask("open", conversation_id=conversation)
    await first.ask("send", text="a message")
    await first.until_state("it being sent", shows("a message"))
    await first.ask("type", text="half a thou")
    server = house.note_server()
    await first.quit()
    await ended(server, first.pid)
    house.check_logs()
    assert read_port_file(house.backend) is None
    assert list((house.data / "accounts" / "local").rglob("cache.db"))

    second = await house.start("second")
    state = await second.until_state("the open conversation", shows("a message"))
    assert state["link"] != "connected", "what was here is shown before the network is"
    assert titles(state) == {conversation: "Kept", other: "Another"}
    assert state["current"] == conversation
    await second.until_state("the draft", lambda state: state["composer"] == "half a thou")
    await connected(second)
    house.note_server()


async def test_every_window_comes_back_as_it_was(house: House, tmp_path: Path) -> None:
    first = await house.signed_in("many")
    one = str((await first.ask("create", title="One"))["conversation_id"])
    two = str((await first.ask("create", title="Two"))["conversation_id"])
    await first.ask("open", conversation_id=one, window=1)
    for number in (2, 3):
        assert (await first.ask("new_window"))["window"] == number
    await first.ask("open", conversation_id=two, window=3)
    await first.until_state("the second chat", lambda state: state["current"] == two, window=3)
    await first.ask("type", text="what this is", window=3)
    note = tmp_path / "note.txt"
    note.write_text("not sent yet", "utf-8")
    assert (await first.ask("attach", paths=[str(note)], window=3))["chips"] != []
    place = await first.ask("place", size=[700, 610], sidebar=300, window=3)
    await first.ask("close_window", window=2)
    await first.quit()

    second = await house.start("many again")
    await second.until_state("the windows", lambda state: sorted(state["windows"]) == [1, 3])
    state = await second.until_state("the first chat", lambda state: state["current"] == one, window=1)
    assert state["chips"] == []
    await second.until_state("the second chat", lambda state: state["current"] == two, window=3)
    state = await second.until_state("the file", lambda state: state["chips"] == ["note.txt"], window=3)
    assert state["composer"] == "what this is"
    assert await second.ask("place", window=3) == place
    await connected(second)
    await second.ask("send", text=", please", window=3)
    await second.until_state("it being sent", shows("what this is, please"), window=3)
    assert [file["name"] for file in (await second.ask("files", window=3))["files"]] == ["note.txt"]
    await second.ask("close_window", window=1)
    await second.quit()

    third = await house.start("many once more")
    state = await third.until_state("the second chat", lambda state: state["current"] == two)
    assert (state["windows"], state["chips"]) == ([3], [])
    await connected(third)
    house.note_server()


async def test_a_message_of_a_killed_window_is_sent_once(house: House) -> None:
    doomed = await house.signed_in("doomed")
    conversation = str((await doomed.ask("create", title="Last words"))["conversation_id"])
    await doomed.ask("send", text="before")
    await doomed.until_state("it being sent", shows("before"))
    server = house.note_server()
    os.kill(server, signal.SIGSTOP)
    try:
        await doomed.ask("send", text="accepted, and then")
        await doomed.kill()
    finally:
        os.kill(server, signal.SIGCONT)
    heir = await house.signed_in("heir")
    await heir.ask("open", conversation_id=conversation)
    await heir.until_state("the message", shows("before", "accepted, and then"))
    witness = await house.signed_in("witness")
    await witness.until_state("the conversation", has(conversation, "Last words"))
    await witness.ask("open", conversation_id=conversation)
    await witness.until_state("the message once", shows("before", "accepted, and then"))
