"""Whatever is typed, pasted or found on disk: a clear word, or whole in the other window; nothing is lost."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import House, State, connected, contents, has, shows
from tests.support.local_backend import ended

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

MOST = 2_000_000
REPAIRED = "nul\N{REPLACEMENT CHARACTER}here"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def a(house: House) -> Puppet:
    """No model here, so nothing answers."""
    return await house.signed_in("a")


async def fresh(a: Puppet, b: Puppet) -> str:
    """A new conversation, open in both windows."""
    made = str((await a.ask("create", title="Odd things"))["conversation_id"])
    await b.until_state("the conversation", has(made))
    await b.ask("open", conversation_id=made)
    return made


def told(content: str) -> str:
    """How a puppet tells of a long text."""
    return f"{content[:100]}… {len(content)} {hashlib.sha256(content.encode()).hexdigest()}"


async def test_text_that_no_database_takes_is_repaired_in_sight(a: Puppet, b: Puppet) -> None:
    conversation = await fresh(a, b)
    await a.ask("type", text="nul\0here")
    state = await a.ask("state")
    assert state["composer"] == REPAIRED
    assert "cannot be stored" in state["hint"]
    await a.ask("press")
    await b.until_state("it in B", shows(REPAIRED))
    await a.ask("say", conversation_id=conversation, text="half a \ud83d pair, \udc00\0")
    halves = "half a \N{REPLACEMENT CHARACTER} pair, \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    await b.until_state("the other repaired text", shows(REPAIRED, halves))
    await connected(a)


async def test_nothing_and_too_much_are_refused_with_a_word(a: Puppet, b: Puppet) -> None:
    conversation = await fresh(a, b)
    await a.ask("say", conversation_id=conversation, text=" \n ")
    await a.until_state("a word", lambda state: "The message is empty." in state["notices"])
    await a.ask("say", conversation_id=conversation, text="x" * (MOST + 1))
    state = await a.until_state("a word", lambda state: any("2,000,000" in n for n in state["notices"]))
    await a.ask("type", text="y" * (MOST + 1))
    await a.ask("press")
    state = await a.until_state("a word", lambda state: "2,000,001 characters" in state["hint"])
    assert state["composer_length"] == MOST + 1, "nothing was lost"
    assert state["messages"] == []
    await a.ask("clear")
    await a.ask("type", text="just right")
    await a.ask("press")
    await b.until_state("it in B", shows("just right"))


async def test_large_and_deep_texts_arrive_whole(a: Puppet, b: Puppet) -> None:
    await fresh(a, b)
    paragraph = "All work and *no* play, `code` and [links](https://example.org) – naïve café 👋🏽\n\n"
    texts = ["[" * 50_000, "> " * 20_000 + "x", paragraph * (1_000_000 // len(paragraph))]
    expected = []
    for text in texts:
        sent = (await a.ask("send", text=text))["message_id"]
        expected.append(told(text))
        await b.until_state("it in B", lambda state: contents(state) == expected)
        if len(text) < 100_000:
            await b.until_painted(sent)
    await a.ask("send", text="and life goes on")
    await b.until_state("the next one", lambda state: contents(state) == [*expected, "and life goes on"])


async def test_damaged_files_are_set_aside_and_unsent_words_saved(a: Puppet, b: Puppet, house: House) -> None:
    house.expected += ["The cache was damaged", "The outbox was damaged", "is now cache.db.damaged-"]
    conversation = await fresh(a, b)
    await a.ask("send", text="stored")
    await a.until_state("it being sent", shows("stored"))
    await b.quit()
    server = house.note_server()
    os.kill(server, signal.SIGSTOP)
    try:
        await a.ask("send", text="unsent")
        await a.kill()
    finally:
        os.kill(server, signal.SIGKILL)
    await ended(server)
    slot = house.data / "accounts" / "local" / "slot-0"
    garble(slot / "outbox.db")
    cut_short(slot / "cache.db")

    again = await house.signed_in("again")

    def warned(state: State) -> bool:
        notices = " ".join(state["notices"])
        return "local copy of your conversations" in notices and "unsent changes was damaged" in notices

    state = await again.ask("state")
    assert warned(state), state["notices"]
    await again.until_state("the conversation", has(conversation))
    await again.ask("open", conversation_id=conversation)
    await again.until_state("both messages", shows("stored", "unsent"))
    assert len(list(slot.glob("*.damaged-*"))) >= 2, "what was damaged is kept"


def garble(path: Path) -> None:
    """Overwrite the file's header, as a failing disk might."""
    with path.open("r+b") as file:
        file.write(bytes(range(100)))


def cut_short(path: Path) -> None:
    """Leave half of the file."""
    os.truncate(path, path.stat().st_size // 2 + 7)
