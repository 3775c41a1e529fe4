"""Three accounts of one computer share a chat: who wrote what is seen, and who is taken out has nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from chatdesk.app.puppeteer import Puppet
from tests.support.doors import on, until_way
from tests.support.instances import House, connected, contents, titles

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

ROWS = "messages", "cursors", "rosters", "memberships"


async def let_in(window: Puppet, name: str) -> str:
    """Make an account with a password in this window and give it a name; returns its id."""
    await window.ask("other_account")
    await until_way(window, "the dialog", on("password"))
    await window.ask("way", button="new")
    await window.ask("fill", fields={"email": f"{name}@example.org", "password": "a good password"})
    await until_way(window, "the end", lambda state: state["page"] == "")
    return await called(window, name)


async def called(window: Puppet, name: str) -> str:
    await connected(window)
    await window.ask("profile", display_name=name.title(), username=f"{name}_w")
    # Saving goes on after the button: nothing waits to be sent before it has begun.
    await window.until_state("the name", lambda state: state["profile"] == name.title())
    await connected(window)
    return str((await window.ask("state"))["user_id"])


def holding(house: House, conversation: str) -> dict[str, int]:
    """How many caches of this computer hold rows of a chat, by the table."""
    found = dict.fromkeys(ROWS, 0)
    for path in (house.data / "accounts").glob("*/slot-*/cache.db"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as cache:
            for table in ROWS:
                query = f"SELECT 1 FROM {table} WHERE conversation_id = ? LIMIT 1"
                found[table] += cache.execute(query, (conversation,)).fetchone() is not None
    return found


async def test_accounts_of_one_computer_share_a_chat(house: House) -> None:
    house.expected.append("This plugin does not support")
    olga, gus, fay = await asyncio.gather(*(house.start(name) for name in ("olga", "gus", "fay")))
    await olga.ask("sign_in")  # which starts the back end
    await called(olga, "olga")
    guest = await let_in(gus, "gus")
    await let_in(fay, "fay")
    talk = str((await olga.ask("create", title="The garden"))["conversation_id"])
    await olga.ask("send", text="Who waters it?")
    await connected(olga)  # Nobody is invited to a chat that the server does not know yet.
    for window, name in ((gus, "gus"), (fay, "fay")):
        await olga.ask("invite", to=f"@{name}_w")
        await window.until_seen("people", "an invitation", lambda seen: len(seen["invitations"]) == 1)
        await window.ask("answer_invitation", yes=True)
        await window.until_state("the chat", lambda state: state["current"] == talk)
    await gus.ask("send", text="I do.")
    await fay.until_state("his words", lambda state: "I do." in contents(state))
    await fay.ask("send", text="So do I.")
    said = ["Who waters it?", "I do.", "So do I."]
    for window in (olga, gus, fay):
        await window.until_state("everything", lambda state: contents(state) == said)
        await window.until_seen("people", "names", lambda seen: seen["authors"] == ["Olga", "Gus", "Fay"])
    assert holding(house, talk) == dict.fromkeys(ROWS, 3)
    await olga.ask("member", user_id=guest, action="remove")
    await olga.ask("accept")
    state = await gus.until_state("its going", lambda state: talk not in titles(state))
    assert state["current"] == ""
    assert contents(state) == []
    assert holding(house, talk) == dict.fromkeys(ROWS, 2), "his cache has nothing of it"
    await fay.ask("send", text="Then I do it alone.")
    await olga.until_state("her words", lambda state: contents(state)[-1:] == ["Then I do it alone."])
    assert talk not in titles(await gus.ask("state"))
