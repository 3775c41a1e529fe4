"""Several accounts on this computer's own back end, beside that of its owner."""

from __future__ import annotations

import pytest

from tests.support.browser import browse
from tests.support.doors import on, told, until_way
from tests.support.instances import House, connected, has, titles

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

PASSWORD = "a good password"


async def test_an_account_with_a_password_beside_the_owners(house: House) -> None:
    house.expected.append("This plugin does not support")
    owner = await house.signed_in("owner")
    private = str((await owner.ask("create", title="The owner's own"))["conversation_id"])
    await connected(owner)
    assert (await owner.ask("account_state"))["account_email"] is None
    # Somebody signs in while the owner's account is open here.
    await owner.ask("other_account")
    await until_way(owner, "the dialog", on("password"))
    await owner.ask("fill", fields={"email": "guest@example.org", "password": PASSWORD})
    state = await until_way(owner, "a sentence", told)
    assert "wrong" in state["error"]
    await owner.ask("way", button="new")
    await owner.ask("fill", fields={"password": PASSWORD})
    await until_way(owner, "the end", lambda state: state["page"] == "")
    state = await owner.until_state(
        "the guest's own list", lambda state: state["link"] == "connected" and not state["conversations"]
    )
    assert (await owner.ask("account_state"))["account_email"] == "guest@example.org"
    guests = str((await owner.ask("create", title="The guest's own"))["conversation_id"])
    await connected(owner)
    # A second window opens what was open last. Nothing keeps secrets here, so it asks; it does not help
    # itself to the owner's session, which needs no password. A code by mail is as good as one.
    second = await house.start("second")
    await second.until_state("the guest's chat", has(guests, "The guest's own"))
    await second.until_state("the question", lambda state: state["link"] == "needs_sign_in")
    await second.ask("ways", again=True)
    state = await until_way(second, "the dialog", on("password"))
    assert state["fields"]["E-mail"] == "guest@example.org"
    await second.ask("way", button="code")
    await second.ask("fill", fields={})
    await until_way(second, "the code's page", on("code"))
    await second.ask("way", button="mails")
    await until_way(second, "the mail", lambda state: state["mails"] == 1)
    await second.ask("fill", fields={"code": (await second.ask("mail"))["code"]})
    await connected(second)
    assert titles(await second.ask("state")) == {guests: "The guest's own"}
    # Leaving asks both windows; the owner is let in again without a question.
    await owner.ask("leave")
    for window in (owner, second):
        await window.until_state(
            "the first page", lambda state: state["first_run"] and not state["form_busy"]
        )
    await owner.ask("sign_in")
    await owner.until_state("the owner's chat", has(private, "The owner's own"))
    await connected(owner)
    assert titles(await owner.ask("state")) == {private: "The owner's own"}
    # The guest has forgotten the password; the mail lies in this computer's own inbox.
    await second.ask("ways")
    await second.ask("way", button="forgotten")
    await second.ask("fill", fields={"email": "guest@example.org"})
    await until_way(second, "the code's page", on("code"))
    await second.ask("way", button="mails")
    await until_way(second, "the mail", lambda state: state["mails"] == 2)
    link = (await second.ask("mail"))["link"]
    await browse(link)
    await until_way(second, "the new password's page", on("chosen"))
    await second.ask("fill", fields={"password": "another good one"})
    await second.until_state("the guest's chat", has(guests, "The guest's own"))
    await connected(second)
    state = await owner.ask("state")
    assert state["link"] == "connected"
    assert titles(state) == {private: "The owner's own"}
