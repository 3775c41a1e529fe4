"""Every way into an account, gone through in the window: codes, links, the browser, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from chatdesk.localbackend.accounts.settings import AuthSettings
from chatdesk.localbackend.application import Settings
from tests.support.browser import browse
from tests.support.doors import let_mails_go, mail_to, on, told, until_way
from tests.support.identity_provider import Provider, identity_provider
from tests.support.instances import House, connected, house
from tests.support.postgres import Clusters, clusters, empty_database
from tests.support.relay import Relay, relay_to
from tests.support.server import Wire, serving

__all__ = ["clusters"]

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

PASSWORD = "a good password"


class Town:
    """A project that wants addresses confirmed and knows GitHub, and one window on its first page."""

    def __init__(self, wire: Wire, relay: Relay, provider: Provider, home: House, window: Puppet) -> None:
        self.wire, self.relay, self.provider, self.home, self.window = wire, relay, provider, home, window

    async def ways(self) -> None:
        """Open the dialog on the first page."""
        await self.window.ask("ways", url=self.relay.url, key=self.wire.anon_key)
        await until_way(self.window, "the offers", lambda state: state.get("providers") == ["github"])

    async def fill(self, press: bool = True, **fields: str) -> None:
        await self.window.ask("fill", fields=fields, press=press)

    async def way(self, button: str) -> None:
        await self.window.ask("way", button=button)

    async def shows(self, page: str) -> Any:
        return await until_way(self.window, f"the page {page}", on(page))

    async def complains(self) -> str:
        return str((await until_way(self.window, "a sentence", told))["error"])

    async def is_in(self, email: str) -> None:
        """Wait until somebody is in, and see who."""
        await connected(self.window)
        assert (await self.window.ask("account_state"))["account_email"] == email
        assert (await self.window.ask("way_state"))["page"] == ""

    async def leaves(self) -> None:
        await self.window.ask("leave")
        await self.window.until_state(
            "the first page", lambda state: state["first_run"] and not state["form_busy"]
        )

    async def knows(self, email: str) -> None:
        await self.wire.person_confirmed(email, PASSWORD)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(clusters: Clusters) -> AsyncIterator[Town]:
    async with (
        identity_provider() as provider,
        empty_database(clusters.get(18), template="chatdesk_template") as database,
        serving(
            database,
            Settings(
                auth=AuthSettings(
                    confirm_email=True,
                    recent_session=86_400.0,
                    code_tries=1000,
                    providers={"github": provider.registered},
                )
            ),
        ) as wire,
        relay_to(int(wire.url.rpartition(":")[2])) as relay,
        house() as home,
    ):
        yield Town(wire, relay, provider, home, await home.start("anna"))


async def test_a_sign_up_confirmed_by_its_code(town: Town) -> None:
    await town.ways()
    await town.way("new")
    await town.fill(email="no address", password=PASSWORD)
    assert "e-mail address" in await town.complains()
    await town.fill(email="anna@example.org", password="short")
    assert "at least" in await town.complains()
    await town.fill(password=PASSWORD)
    await town.shows("code")
    mail = await mail_to(town.wire, "anna@example.org", "confirmation")
    await town.fill(code=f"{(int(mail['code']) + 1) % 1_000_000:06d}")
    assert "wrong" in await town.complains()
    await town.fill(code=f" {mail['code'][:3]} {mail['code'][3:]}")
    await town.is_in("anna@example.org")
    await town.leaves()


async def test_the_first_page_goes_on_with_the_code(town: Town) -> None:
    form = {"url": town.relay.url, "key": town.wire.anon_key, "password": PASSWORD}
    await town.window.ask("connect", **form, email="first@example.org", create=True)
    state = await town.shows("code")
    assert "first@example.org is not confirmed yet" in state["explained"]
    await town.way("again")
    assert "seconds" in await town.complains()
    await let_mails_go(town.wire)
    await town.way("back")
    # Somebody comes back the next day, without the code of yesterday.
    await town.fill(email="first@example.org", password=PASSWORD)
    await town.shows("code")
    await town.way("again")
    await until_way(town.window, "another mail", lambda state: "was sent to" in state["explained"])
    mail = await mail_to(town.wire, "first@example.org", "confirmation")
    await town.fill(code=mail["code"])
    await town.is_in("first@example.org")
    await town.leaves()


async def test_a_code_and_a_link_to_sign_in_with(town: Town) -> None:
    await town.knows("magic@example.org")
    for by_link in (False, True):
        await town.ways()
        await town.way("code")
        await town.fill(email="magic@example.org")
        await town.shows("code")
        mail = await mail_to(town.wire, "magic@example.org", "magiclink")
        if by_link:
            _, page = await browse(mail["link"])
            assert "ChatDesk goes on by itself" in page
        else:
            await town.fill(code=mail["code"])
        await town.is_in("magic@example.org")
        await town.leaves()
        await let_mails_go(town.wire)


async def test_a_forgotten_password(town: Town) -> None:
    await town.knows("forgetful@example.org")
    await town.ways()
    await town.fill(email="forgetful@example.org", password="not this one")
    assert "wrong" in await town.complains()
    state = await town.window.ask("way_state")
    assert state["fields"] == {"E-mail": "forgetful@example.org", "Password": "not this one"}
    await town.way("forgotten")
    await town.fill()
    await town.shows("code")
    await browse((await mail_to(town.wire, "forgetful@example.org", "recovery"))["link"])
    await town.shows("chosen")
    await town.fill(password=PASSWORD)
    assert "already" in await town.complains()
    await town.fill(password="a new password")
    await town.is_in("forgetful@example.org")
    await town.leaves()


async def test_a_browser_and_a_provider(town: Town) -> None:
    town.provider.person = {"id": 1, "email": "octo@example.org", "email_verified": True}
    town.provider.refusal = "access_denied"
    await town.ways()
    await town.way("github")
    state = await town.shows("browser")
    await browse(state["opened"][-1])
    assert "refused in the browser" in await town.complains()
    await town.shows("password")
    town.provider.refusal = ""
    await town.way("github")
    await town.shows("browser")
    await town.way("back")
    await town.shows("password")
    # The page of before leads nowhere any more.
    with pytest.raises(OSError, match=r"refused|Cannot connect"):
        await browse((await town.window.ask("way_state"))["opened"][-1])
    await town.way("github")
    state = await town.shows("browser")
    assert state["opened"][-1].startswith(f"{town.relay.url}/auth/v1/authorize?")
    await browse(state["opened"][-1])
    await town.is_in("octo@example.org")
    await town.leaves()


async def test_another_address_and_another_password(town: Town) -> None:
    elsewhere = await town.wire.person_confirmed("before@example.org", PASSWORD)
    await town.ways()
    await town.fill(email="before@example.org", password=PASSWORD)
    await town.is_in("before@example.org")
    await town.window.ask("end_others")
    await town.window.ask("accept")
    await town.window.until_state(
        "the end of the others", lambda state: "Your other devices are signed out." in state["notices"]
    )
    status, _, _ = await town.wire.ask("GET", "/auth/v1/user", headers=elsewhere.bearer)
    assert status == 403
    await town.window.ask("change", what="email")
    await town.fill(email="before@example.org")
    assert "already" in await town.complains()
    await town.fill(email="after@example.org")
    state = await town.shows("code")
    assert "after@example.org" in state["explained"]
    await town.way("looked")
    assert "not confirmed yet" in await town.complains()
    await town.fill(code=(await mail_to(town.wire, "after@example.org", "email_change_new"))["code"])
    await until_way(town.window, "the other", lambda state: "before@example.org" in state["explained"])
    await town.fill(code=(await mail_to(town.wire, "before@example.org", "email_change_current"))["code"])
    await until_way(town.window, "the end", lambda state: state["page"] == "")
    await town.is_in("after@example.org")
    await (await town.wire.admin()).execute(
        "update auth.sessions set created_at = created_at - interval '2 days'"
    )
    await town.window.ask("change", what="password")
    await town.fill(password="a new password")
    await until_way(town.window, "the code", lambda state: "Code from the message" in state["shown"])
    nonce = (await mail_to(town.wire, "after@example.org", "reauthentication"))["code"]
    await town.fill(nonce=nonce)
    await until_way(town.window, "the end", lambda state: state["page"] == "")
    await connected(town.window)
    await town.window.ask("create", title="The session goes on")
    await connected(town.window)
    await town.leaves()


async def test_the_link_is_cut_and_no_typing_is_lost(town: Town) -> None:
    await town.ways()
    await town.relay.cut()
    for button, page in ((None, "password"), ("code", "code_address"), ("github", "password")):
        if button is not None:
            await town.way(button)
        if button != "github":
            await town.shows(page)
            await town.fill(email="cut@example.org")
            if page == "password":
                await town.fill(password=PASSWORD)
        assert (await town.complains()).endswith("Check your connection, then try again.")
        state = await town.window.ask("way_state")
        assert state["page"] == page
        assert state["fields"]["E-mail"] == "cut@example.org"
        if page == "code_address":
            await town.way("back")
    await town.relay.heal()
    await town.knows("cut@example.org")
    await town.fill(password=PASSWORD)
    await town.is_in("cut@example.org")
    await town.leaves()


async def test_two_windows_sign_in_at_once_and_share_one_session(town: Town) -> None:
    await town.knows("both@example.org")
    second = await town.home.start("anna's second")
    for window in (town.window, second):
        await window.ask("ways", url=town.relay.url, key=town.wire.anon_key)
    filled = {"email": "both@example.org", "password": PASSWORD}
    await asyncio.gather(*(window.ask("fill", fields=filled) for window in (town.window, second)))
    await connected(town.window, second)
    await town.window.ask("create", title="Seen by both")
    await second.until_state(
        "the chat", lambda state: any(each["title"] == "Seen by both" for each in state["conversations"])
    )
