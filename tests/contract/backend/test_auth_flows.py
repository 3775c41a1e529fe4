"""Ways into an account through mails and a browser: the adapter, the listener and the embedded back end."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from chatdesk.backend.auth_failures import from_browser
from chatdesk.backend.auth_flows import AuthFlows
from chatdesk.backend.client import BackendClient
from chatdesk.backend.local_mails import request_mails
from chatdesk.backend.local_server import LocalServer
from chatdesk.backend.loopback_listener import LoopbackListener
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import NeedsSignIn, Offline, Refused, Retryable
from chatdesk.domain.ids import new_id
from chatdesk.domain.session import BackendAddress, BackendKind
from chatdesk.domain.sign_in import LocalMail, MailPurpose
from chatdesk.localbackend.accounts.settings import AuthSettings
from chatdesk.localbackend.application import Settings
from tests.contract.backend.rig import PASSWORD
from tests.support.browser import browse
from tests.support.identity_provider import Provider, identity_provider
from tests.support.postgres import Clusters, empty_database
from tests.support.relay import Relay, relay_to
from tests.support.server import Wire, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEADLINE = 30.0


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def _street(clusters: Clusters) -> AsyncIterator[tuple[Wire, Provider, Relay]]:
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
        relay_to(int(urlsplit(wire.url).port or 0)) as relay,
    ):
        yield wire, provider, relay


@pytest.fixture
def wire(_street: tuple[Wire, Provider, Relay]) -> Wire:
    return _street[0]


@pytest.fixture
def provider(_street: tuple[Wire, Provider, Relay]) -> Provider:
    _street[1].refusal = ""
    return _street[1]


@pytest.fixture
def relay(_street: tuple[Wire, Provider, Relay]) -> Relay:
    return _street[2]


@pytest_asyncio.fixture(loop_scope="module")
async def flows(relay: Relay, wire: Wire) -> AsyncIterator[AuthFlows]:
    client = BackendClient(BackendAddress(BackendKind.SUPABASE, relay.url, wire.anon_key))
    yield AuthFlows(client, SystemClock())
    await client.close()


@pytest_asyncio.fixture(loop_scope="module")
async def door() -> AsyncIterator[LoopbackListener]:
    made = await LoopbackListener.opened("Back", "Close this page.")
    yield made
    await made.close()


async def mail_to(wire: Wire, address: str) -> LocalMail:
    """The newest mail to an address, read as the window reads it."""
    server = LocalServer(wire.url, wire.anon_key, wire.control.control_token)
    return next(mail for mail in await request_mails(server) if mail.to == address)


def fresh() -> str:
    return f"{new_id()}@example.org"


async def code_brought(door: LoopbackListener) -> str:
    code = (await door.arrival(DEADLINE)).code
    assert code is not None
    return code


async def test_what_the_project_offers(flows: AuthFlows) -> None:
    offered = await flows.offers()
    assert offered is not None
    assert offered.providers == {"github"}
    assert offered.confirms


async def test_a_sign_up_by_its_code(flows: AuthFlows, wire: Wire) -> None:
    address = fresh()
    started = await flows.start_sign_up(f" {address} ", PASSWORD, None)
    assert started.session is None
    with pytest.raises(Refused) as caught:
        await flows.sign_in(address, PASSWORD)
    assert caught.value.code == "email_not_confirmed"
    code = (await mail_to(wire, address)).code
    session = await flows.verify(address, f" {code[:3]} {code[3:]}\n", MailPurpose.SIGN_UP)
    assert session is not None
    assert session.email == address
    with pytest.raises(Refused) as caught:
        await flows.start_sign_up(address, PASSWORD, None)
    assert caught.value.code == "email_exists"


async def test_a_sign_up_by_its_link(flows: AuthFlows, wire: Wire, door: LoopbackListener) -> None:
    address = fresh()
    started = await flows.start_sign_up(address, PASSWORD, door.redirect_to)
    mail = await mail_to(wire, address)
    assert mail.link is not None
    where, page = await browse(mail.link)
    assert where.startswith(door.redirect_to.partition("?")[0])
    assert "Close this page." in page
    session = await flows.exchange(await code_brought(door), started.verifier)
    assert session.email == address


@pytest.mark.parametrize("by_link", [False, True])
async def test_a_forgotten_password(
    flows: AuthFlows, wire: Wire, door: LoopbackListener, by_link: bool
) -> None:
    person = await wire.person_confirmed(fresh())
    verifier = await flows.send_reset(person.email, door.redirect_to)
    mail = await mail_to(wire, person.email)
    if by_link:
        assert mail.link is not None
        await browse(mail.link)
        session = await flows.exchange(await code_brought(door), verifier)
    else:
        found = await flows.verify(person.email, mail.code, MailPurpose.NEW_PASSWORD)
        assert found is not None
        session = found
    with pytest.raises(Refused) as caught:
        await flows.change_password(session.access_token, person.password)
    assert caught.value.code == "same_password"
    with pytest.raises(Refused) as caught:
        await flows.change_password(session.access_token, "short")
    assert caught.value.code == "weak_password"
    await flows.change_password(session.access_token, "a new password")
    await flows.sign_in(person.email, "a new password")
    with pytest.raises(NeedsSignIn):  # whoever knew the old one is out
        await flows.refresh(str(person.session["refresh_token"]))


async def test_a_code_to_sign_in_with(flows: AuthFlows, wire: Wire) -> None:
    person = await wire.person_confirmed(fresh())
    await flows.send_code(person.email, False, None)
    with pytest.raises(Retryable) as soon:
        await flows.send_code(person.email, False, None)
    assert soon.value.retry_after is not None
    assert 30 <= soon.value.retry_after <= 60
    assert str(int(soon.value.retry_after)) in soon.value.message
    with pytest.raises(Refused) as caught:
        await flows.verify(person.email, "000000x", MailPurpose.SIGN_IN)
    assert caught.value.code == "otp_expired"
    session = await flows.verify(person.email, (await mail_to(wire, person.email)).code, MailPurpose.SIGN_IN)
    assert session is not None
    assert session.user_id == person.id
    with pytest.raises(Refused) as caught:
        await flows.send_code(fresh(), False, None)
    assert caught.value.code == "otp_disabled"


async def test_another_address(flows: AuthFlows, wire: Wire) -> None:
    person, wanted = await wire.person_confirmed(fresh()), fresh()
    assert not await flows.change_email(person.token, wanted)
    new = await flows.verify(wanted, (await mail_to(wire, wanted)).code, MailPurpose.NEW_ADDRESS)
    assert new is None, "the old address has to confirm as well"
    assert await flows.get_user(person.token) == (person.id, person.email)
    old = (await mail_to(wire, person.email)).code
    assert await flows.verify(person.email, old, MailPurpose.NEW_ADDRESS) is not None
    assert await flows.get_user(person.token) == (person.id, wanted)


async def test_an_old_session_has_to_prove_itself(flows: AuthFlows, wire: Wire) -> None:
    person = await wire.person_confirmed(fresh())
    await (await wire.admin()).execute(
        "update auth.sessions set created_at = created_at - interval '2 days' where user_id = $1", person.id
    )
    with pytest.raises(Refused) as caught:
        await flows.change_password(person.token, "a new password")
    assert caught.value.code == "reauthentication_needed"
    await flows.send_nonce(person.token)
    with pytest.raises(Refused) as caught:
        await flows.change_password(person.token, "a new password", "wrong")
    assert caught.value.code == "reauthentication_not_valid"
    await flows.change_password(person.token, "a new password", (await mail_to(wire, person.email)).code)


async def test_github(
    flows: AuthFlows, provider: Provider, door: LoopbackListener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.person = {"id": new_id(), "email": fresh(), "email_verified": True}
    url, verifier = await flows.provider_page("github", door.redirect_to)
    assert verifier not in url
    where, _ = await browse(url)
    code = parse_qs(urlsplit(where).query)["code"][0]
    assert await code_brought(door) == code
    session = await flows.exchange(code, verifier)
    assert session.email == provider.person["email"]
    # A replay, here and there.
    with pytest.raises(OSError, match=r"refused|Cannot connect"):
        await browse(where)
    with pytest.raises(Refused) as caught:
        await flows.exchange(code, verifier)
    assert caught.value.code == "flow_state_not_found"
    for secret in (code, verifier, session.access_token, session.refresh_token):
        assert secret not in caplog.text


async def test_a_code_that_was_caught_is_worth_nothing(
    flows: AuthFlows, provider: Provider, door: LoopbackListener
) -> None:
    provider.person = {"id": new_id(), "email": fresh(), "email_verified": True}
    url, verifier = await flows.provider_page("github", door.redirect_to)
    await browse(url)
    caught_code = await code_brought(door)
    _, own_verifier = await flows.provider_page("github", door.redirect_to)
    with pytest.raises(Refused) as caught:
        await flows.exchange(caught_code, own_verifier)
    assert caught.value.code == "bad_code_verifier"
    with pytest.raises(Refused):  # and the robbed one notices
        await flows.exchange(caught_code, verifier)


async def test_somebody_elses_code_does_not_sign_us_in_as_them(
    flows: AuthFlows, provider: Provider, door: LoopbackListener
) -> None:
    """Login CSRF: the attacker's own code, smuggled in where ours was awaited."""
    other = await LoopbackListener.opened("a", "b")
    try:
        provider.person = {"id": new_id(), "email": fresh(), "email_verified": True}
        theirs, _ = await flows.provider_page("github", other.redirect_to)
        await browse(theirs)
        smuggled = await code_brought(other)
    finally:
        await other.close()
    _, verifier = await flows.provider_page("github", door.redirect_to)
    await browse(f"{door.redirect_to}&code={smuggled}")
    with pytest.raises(Refused) as caught:
        await flows.exchange(await code_brought(door), verifier)
    assert caught.value.code == "bad_code_verifier"


async def test_a_provider_that_is_not_there_is_told_before_the_browser_opens(
    flows: AuthFlows, door: LoopbackListener
) -> None:
    for name in ("google", "nonsense"):
        with pytest.raises(Refused, match="not switched on"):
            await flows.provider_page(name, door.redirect_to)


async def test_no_at_the_provider(flows: AuthFlows, provider: Provider, door: LoopbackListener) -> None:
    provider.refusal = "access_denied"
    url, _ = await flows.provider_page("github", door.redirect_to)
    await browse(url)
    arrival = await door.arrival(DEADLINE)
    assert arrival.code is None
    assert "refused" in from_browser(arrival.error, arrival.error_code).message


async def test_every_request_may_be_cut_off_and_repeated(flows: AuthFlows, wire: Wire, relay: Relay) -> None:
    """The link goes before, or between the answer and us: a sentence each time, and a way on."""
    address = fresh()
    await relay.cut()
    for request in (
        flows.start_sign_up(address, PASSWORD, None),
        flows.send_code(address, True, None),
        flows.send_reset(address, None),
        flows.verify(address, "123456", MailPurpose.SIGN_IN),
        flows.exchange("code", "verifier"),
        flows.offers(),
    ):
        with pytest.raises(Offline) as caught:
            await request
        assert caught.value.next_step == "Check your connection, then try again."
    await relay.heal()
    await flows.start_sign_up(address, PASSWORD, None)
    code = (await mail_to(wire, address)).code

    # The answer to this one gets lost: the server has used the code up, nobody here has a session.
    shown = {"type": "signup", "email": address, "token": code}
    status, _, _ = await wire.ask("POST", "/auth/v1/verify", json=shown)
    assert status == 200
    with pytest.raises(Refused) as spent:
        await flows.verify(address, code, MailPurpose.SIGN_UP)
    assert spent.value.code == "otp_expired"
    assert (await flows.sign_in(address, PASSWORD)).email == address


async def test_the_library_never_gets_the_token_that_renews(flows: AuthFlows, wire: Wire) -> None:
    """Acting for somebody sends the access token only."""
    person = await wire.person_confirmed(fresh())
    auth = await flows._acting(person.token)
    session = await auth.get_session()
    assert session is not None
    assert session.refresh_token != person.session["refresh_token"]
    # Nothing was renewed on the way.
    assert (await flows.refresh(str(person.session["refresh_token"]))).user_id == person.id
