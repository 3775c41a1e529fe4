"""Signing in through a provider: the library's PKCE, a browser that follows redirects, a real provider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from supabase_auth.errors import AuthApiError
from supabase_auth.helpers import generate_pkce_verifier

from chatdesk.localbackend.accounts.settings import AuthSettings, read_settings
from chatdesk.localbackend.application import Settings
from tests.contract.wire.scenery import clusters
from tests.support.certificate import self_signed
from tests.support.identity_provider import Provider, identity_provider
from tests.support.postgres import Clusters, empty_database
from tests.support.server import Wire, serving

__all__ = ["clusters"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

BACK = "http://127.0.0.1:49152/back?state=ours"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def _both(clusters: Clusters) -> AsyncIterator[tuple[Wire, Provider]]:
    async with (
        identity_provider() as provider,
        empty_database(clusters.get(18), template="chatdesk_template") as database,
        serving(database, Settings(auth=AuthSettings(providers={"github": provider.registered}))) as made,
    ):
        yield made, provider


@pytest.fixture
def wire(_both: tuple[Wire, Provider]) -> Wire:
    return _both[0]


@pytest.fixture
def provider(_both: tuple[Wire, Provider]) -> Provider:
    made = _both[1]
    made.refusal, made.broken = "", False
    return made


async def browse(wire: Wire, url: str) -> str:
    """Go where a browser goes, up to the program's own door; returns that address."""
    for _ in range(5):
        async with wire.http.get(url, allow_redirects=False, headers={"apikey": ""}) as answer:
            assert answer.status in (302, 303), await answer.text()
            url = answer.headers["Location"]
        if url.startswith("http://127.0.0.1:49152/"):
            return url
    raise AssertionError("the browser never came back")


async def sent_away(wire: Wire) -> tuple[Any, str]:
    """A client on its way, and the address it would open."""
    client = await wire.client()
    answer = await client.auth.sign_in_with_oauth({"provider": "github", "options": {"redirect_to": BACK}})
    return client, answer.url


def query_of(address: str) -> dict[str, str]:
    assert not urlsplit(address).fragment
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


async def came_in(client: Any, address: str) -> Any:
    answer = await client.auth.exchange_code_for_session({"auth_code": query_of(address)["code"]})
    assert answer.session is not None
    return answer


async def test_a_person_comes_in_and_is_the_same_the_next_time(wire: Wire, provider: Provider) -> None:
    provider.person = {"id": 7, "email": "Seven@example.org", "email_verified": True, "name": "Seven"}
    users = []
    for _ in range(2):
        client, url = await sent_away(wire)
        address = await browse(wire, url)
        assert query_of(address)["state"] == "ours"
        answer = await came_in(client, address)
        users.append(answer.user.id)
        assert answer.user.email == "seven@example.org"
        assert answer.user.app_metadata["provider"] == "github"
        assert [identity.provider for identity in answer.user.identities] == ["github"]
        assert answer.user.identities[0].id == "7"
    assert users[0] == users[1]
    assert provider.visits[-1]["redirect_uri"] == f"{wire.url}/auth/v1/callback"


async def test_a_verified_address_leads_to_the_account_there_is(wire: Wire, provider: Provider) -> None:
    person = await wire.person("linked")
    provider.person = {"id": 8, "email": person.email, "email_verified": True}
    client, url = await sent_away(wire)
    answer = await came_in(client, await browse(wire, url))
    assert answer.user.id == person.id
    assert sorted(identity.provider for identity in answer.user.identities) == ["email", "github"]


@pytest.mark.parametrize(
    "person",
    [
        {"id": 9, "email_verified": False},
        {"id": 10},
        {"id": 11, "email": "owner@this-computer.local", "email_verified": True},
        {"email": "nobody@example.org", "email_verified": True},
    ],
)
async def test_a_doubtful_person_does_not_come_in(
    wire: Wire, provider: Provider, person: dict[str, Any]
) -> None:
    victim = await wire.person("victim")
    provider.person = {"email": victim.email, **person}
    _, url = await sent_away(wire)
    query = query_of(await browse(wire, url))
    assert "code" not in query
    assert query["error"]
    assert query["state"] == "ours"


async def test_an_account_taken_in_advance_loses_its_password(wire: Wire, provider: Provider) -> None:
    squatter = await wire.person("squatted")
    await (await wire.admin()).execute(
        "update auth.users set email_confirmed_at = null where id = $1", squatter.id
    )
    provider.person = {"id": 12, "email": squatter.email, "email_verified": True}
    client, url = await sent_away(wire)
    await came_in(client, await browse(wire, url))
    with pytest.raises(AuthApiError):
        await (await wire.client()).auth.sign_in_with_password(
            {"email": squatter.email, "password": squatter.password}
        )


async def test_saying_no_at_the_provider_is_told(wire: Wire, provider: Provider) -> None:
    provider.refusal = "access_denied"
    _, url = await sent_away(wire)
    query = query_of(await browse(wire, url))
    assert (query["error"], query["error_code"], query["state"]) == ("access_denied", "access_denied", "ours")


async def test_a_provider_with_trouble_is_told(wire: Wire, provider: Provider) -> None:
    provider.broken = True
    _, url = await sent_away(wire)
    query = query_of(await browse(wire, url))
    assert (query["error"], query["error_code"]) == ("server_error", "unexpected_failure")


async def test_a_code_is_for_one_use_and_for_who_asked(wire: Wire, provider: Provider) -> None:
    provider.person = {"id": 13, "email": "thirteen@example.org", "email_verified": True}
    client, url = await sent_away(wire)
    address = await browse(wire, url)
    await came_in(client, address)
    for verifier in (generate_pkce_verifier(), "é", ""):
        status, body, _ = await wire.ask(
            "POST",
            "/auth/v1/token?grant_type=pkce",
            json={"auth_code": query_of(address)["code"], "code_verifier": verifier},
        )
        assert (status, body["code"]) in ((404, "flow_state_not_found"), (400, "validation_failed"))
    _, url = await sent_away(wire)
    code = query_of(await browse(wire, url))["code"]
    status, body, _ = await wire.ask(
        "POST",
        "/auth/v1/token?grant_type=pkce",
        json={"auth_code": code, "code_verifier": generate_pkce_verifier()},
    )
    assert (status, body["code"]) == (400, "bad_code_verifier")


async def test_a_code_and_a_state_grow_old(wire: Wire, provider: Provider) -> None:
    client, url = await sent_away(wire)
    address = await browse(wire, url)
    admin = await wire.admin()
    await admin.execute("update auth.flow_states set created_at = created_at - interval '301 seconds'")
    with pytest.raises(AuthApiError) as caught:
        await came_in(client, address)
    assert (caught.value.status, caught.value.code) == (403, "flow_state_expired")
    async with wire.http.get((await sent_away(wire))[1], allow_redirects=False) as answer:
        there = answer.headers["Location"]
    await admin.execute("update auth.flow_states set created_at = created_at - interval '601 seconds'")
    async with wire.http.get(there, allow_redirects=False) as answer:
        back = answer.headers["Location"]
    async with wire.http.get(back, allow_redirects=False) as answer:
        assert answer.status == 400


async def test_a_state_is_for_one_use(wire: Wire, provider: Provider) -> None:
    async with wire.http.get((await sent_away(wire))[1], allow_redirects=False) as answer:
        there = answer.headers["Location"]
    async with wire.http.get(there, allow_redirects=False) as answer:
        back = answer.headers["Location"]
    seen = []
    for address in (back, back, f"{wire.url}/auth/v1/callback?state=forged&code=x"):
        async with wire.http.get(address, allow_redirects=False) as answer:
            seen.append(answer.status)
    assert seen == [303, 400, 400]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"provider": "google"}, "provider is not enabled"),
        ({"redirect_to": "https://evil.example/"}, "loopback"),
        ({"redirect_to": "http://127.0.0.1@evil.example/"}, "loopback"),
        ({"code_challenge": None, "code_challenge_method": None}, "challenge"),
        ({"code_challenge_method": "plain"}, "challenge"),
    ],
)
async def test_a_bad_way_is_not_gone(wire: Wire, change: dict[str, str | None], word: str) -> None:
    _, url = await sent_away(wire)
    query = {name: value for name, value in ({**query_of(url), **change}).items() if value is not None}
    async with wire.http.get(f"{wire.url}/auth/v1/authorize", params=query, allow_redirects=False) as answer:
        assert answer.status == 400
        assert word in (await answer.json())["message"]


async def test_a_web_page_cannot_go_the_way(wire: Wire) -> None:
    _, url = await sent_away(wire)
    async with wire.http.get(
        url, headers={"Origin": "https://evil.example"}, allow_redirects=False
    ) as answer:
        assert answer.status == 403


async def test_providers_come_from_a_file(provider: Provider, tmp_path: Any) -> None:
    import json

    assert read_settings(tmp_path) == AuthSettings()
    wanted = {"confirm_email": True, "providers": {"github": provider.registration}}
    (tmp_path / "auth.json").write_text(json.dumps(wanted), "utf-8")
    assert read_settings(tmp_path) == AuthSettings(
        confirm_email=True, providers={"github": provider.registered}
    )
    for nonsense in ("[]", "{", '{"unknown": 1}', '{"providers": {"github": {}}}'):
        (tmp_path / "auth.json").write_text(nonsense, "utf-8")
        assert read_settings(tmp_path) == AuthSettings()


async def test_a_provider_is_asked_by_tls_and_only_when_somebody_vouches_for_it(
    clusters: Clusters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path / "provider.pem")
    async with (
        identity_provider(certificate) as provider,
        empty_database(clusters.get(18), template="chatdesk_template") as database,
        serving(database, Settings(auth=AuthSettings(providers={"github": provider.registered}))) as wire,
    ):
        _, url = await sent_away(wire)
        assert query_of(await browse(wire, url))["error"] == "server_error"
        # Read at that moment, not when the server was started.
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        client, url = await sent_away(wire)
        assert (await came_in(client, await browse(wire, url))).user.email == "octo@example.org"
