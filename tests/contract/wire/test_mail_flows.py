"""Codes and links by mail, through the real client library; the mails lie in the server's own sink."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from supabase_auth.errors import AuthApiError
from supabase_auth.helpers import generate_pkce_challenge, generate_pkce_verifier

from chatdesk.localbackend.accounts.settings import AuthSettings
from chatdesk.localbackend.application import Settings
from tests.contract.wire.scenery import clusters
from tests.support.postgres import Clusters, empty_database, new_id
from tests.support.server import JSON, Wire, serving

__all__ = ["clusters"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "a good password"
BACK = "http://127.0.0.1:49152/back?state=ours"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def wire(clusters: Clusters) -> AsyncIterator[Wire]:
    """A server that wants every address confirmed, and recent sessions for a new password."""
    settings = Settings(auth=AuthSettings(confirm_email=True, recent_session=86_400.0, code_tries=1000))
    async with (
        empty_database(clusters.get(18), template="chatdesk_template") as database,
        serving(database, settings) as made,
    ):
        yield made


async def mails(wire: Wire, address: str) -> list[JSON]:
    """What was sent to an address, newest first."""
    bearer = {"Authorization": f"Bearer {wire.control.control_token}"}
    status, body, _ = await wire.ask("GET", "/local/v1/mails", headers=bearer)
    assert status == 200
    return [mail for mail in body["mails"] if mail["to"] == address]


async def later(wire: Wire, seconds: float) -> None:
    """Let that much time pass for everything that was sent."""
    admin = await wire.admin()
    for table in ("mails", "one_time_tokens", "flow_states"):
        await admin.execute(
            f"update auth.{table} set created_at = created_at - make_interval(secs => $1)", seconds
        )


async def signed_up(wire: Wire, address: str) -> Any:
    """A client whose account waits to be confirmed."""
    client = await wire.client()
    answer = await client.auth.sign_up(
        {"email": address, "password": PASSWORD, "options": {"email_redirect_to": BACK}}
    )
    assert answer.session is None
    assert answer.user is not None
    assert answer.user.identities
    return client


def shown(email: str, token: str, kind: Any = "signup") -> Any:
    """What the library wants to be told of a code."""
    return {"email": email, "token": token, "type": kind}


async def refused(request: Any) -> tuple[int, str | None]:
    with pytest.raises(AuthApiError) as caught:
        await request
    return caught.value.status, caught.value.code


async def follow(wire: Wire, link: str) -> tuple[int, str, dict[str, str]]:
    """What a browser sees that opens a link: status, where to, and what it takes along."""
    async with wire.http.get(link, allow_redirects=False, headers={"apikey": ""}) as answer:
        where = answer.headers.get("Location", "")
        query = {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}
        assert "access_token" not in where
        assert "refresh_token" not in where
        assert not urlsplit(where).fragment
        return answer.status, where, query


async def test_the_sink_is_for_who_owns_this_computer(wire: Wire) -> None:
    for headers in ({}, {"Authorization": f"Bearer {wire.anon_key}"}):
        status, _, _ = await wire.ask("GET", "/local/v1/mails", headers=headers)
        assert status == 401


async def test_a_sign_up_waits_for_its_code(wire: Wire) -> None:
    client = await signed_up(wire, "code@example.org")
    wrong = {"email": "code@example.org", "password": PASSWORD}
    assert await refused(client.auth.sign_in_with_password(wrong)) == (400, "email_not_confirmed")
    (mail,) = await mails(wire, "code@example.org")
    assert mail["kind"] == "confirmation"
    assert len(mail["code"]) == 6
    answer = await client.auth.verify_otp(
        {"email": "Code@example.org", "token": mail["code"], "type": "signup"}
    )
    assert answer.session is not None
    assert answer.user is not None
    assert answer.user.email_confirmed_at is not None
    again = client.auth.verify_otp({"email": "code@example.org", "token": mail["code"], "type": "signup"})
    assert await refused(again) == (403, "otp_expired")
    await client.auth.sign_in_with_password(wrong)


async def test_who_has_an_account_is_told_to_nobody(wire: Wire) -> None:
    await wire.person_confirmed("known@example.org")
    client = await wire.client()
    answer = await client.auth.sign_up({"email": "known@example.org", "password": "another password"})
    assert answer.session is None
    assert answer.user is not None
    assert answer.user.identities == []
    await client.auth.reset_password_for_email("nobody@example.org")
    assert await mails(wire, "nobody@example.org") == []


async def test_a_repeated_sign_up_sends_again_after_a_minute_and_keeps_the_password(wire: Wire) -> None:
    client = await signed_up(wire, "twice@example.org")
    again = {"email": "twice@example.org", "password": "somebody else's"}
    with pytest.raises(AuthApiError) as caught:
        await client.auth.sign_up(again)
    assert (caught.value.status, caught.value.code) == (429, "over_email_send_rate_limit")
    assert re.search(r"after ([3-5]\d|60) seconds", str(caught.value))
    assert await refused(client.auth.resend({"type": "signup", "email": "twice@example.org"})) == (
        429,
        "over_email_send_rate_limit",
    )
    await later(wire, 61)
    await client.auth.sign_up(again)
    new, old = await mails(wire, "twice@example.org")
    stale = client.auth.verify_otp({"email": "twice@example.org", "token": old["code"], "type": "signup"})
    if old["code"] != new["code"]:
        assert await refused(stale) == (403, "otp_expired")
    await client.auth.verify_otp({"email": "twice@example.org", "token": new["code"], "type": "signup"})
    await client.auth.sign_in_with_password({"email": "twice@example.org", "password": PASSWORD})


@pytest.mark.parametrize("create", [True, False])
async def test_a_code_signs_in(wire: Wire, create: bool) -> None:
    address = f"magic-{create}@example.org".lower()
    if not create:
        await wire.person_confirmed(address)
    client = await wire.client()
    await client.auth.sign_in_with_otp({"email": address, "options": {"should_create_user": create}})
    (mail,) = [mail for mail in await mails(wire, address) if create or mail["kind"] == "magiclink"]
    answer = await client.auth.verify_otp({"email": address, "token": mail["code"], "type": "email"})
    assert answer.user is not None
    assert answer.user.email == address


async def test_an_unknown_address_gets_no_account_unless_asked(wire: Wire) -> None:
    client = await wire.client()
    wanted: Any = {"email": "unknown@example.org", "options": {"should_create_user": False}}
    assert await refused(client.auth.sign_in_with_otp(wanted)) == (422, "otp_disabled")


async def test_a_code_is_good_for_an_hour(wire: Wire) -> None:
    client = await signed_up(wire, "old@example.org")
    (mail,) = await mails(wire, "old@example.org")
    await later(wire, 3601)
    assert await refused(client.auth.verify_otp(shown("old@example.org", mail["code"]))) == (
        403,
        "otp_expired",
    )
    status, _, query = await follow(wire, mail["link"])
    assert (status, query["error_code"]) == (303, "otp_expired")


async def test_ten_wrong_codes_end_the_right_one(wire: Wire) -> None:
    client = await signed_up(wire, "guessed@example.org")
    (mail,) = await mails(wire, "guessed@example.org")
    wrong = f"{(int(mail['code']) + 1) % 1_000_000:06d}"
    for _ in range(10):
        assert await refused(client.auth.verify_otp(shown("guessed@example.org", wrong))) == (
            403,
            "otp_expired",
        )
    assert await refused(client.auth.verify_otp(shown("guessed@example.org", mail["code"]))) == (
        403,
        "otp_expired",
    )
    # The link cannot be guessed, and still works.
    assert (await follow(wire, mail["link"]))[2]["code"]


async def test_too_many_codes_at_once_are_told_to_wait(clusters: Clusters) -> None:
    settings = Settings(auth=AuthSettings(code_tries=3))
    async with (
        empty_database(clusters.get(18), template="chatdesk_template") as database,
        serving(database, settings) as made,
    ):
        client = await made.client()
        seen = []
        for _ in range(4):
            seen.append(await refused(client.auth.verify_otp(shown("a@example.org", "123456", "email"))))
        assert seen == [(403, "otp_expired")] * 3 + [(429, "over_request_rate_limit")]


async def test_of_two_who_show_the_same_code_one_gets_in(wire: Wire) -> None:
    client = await signed_up(wire, "race@example.org")
    (mail,) = await mails(wire, "race@example.org")
    right = shown("race@example.org", mail["code"])
    clients = [client, *[await wire.client() for _ in range(3)]]
    answers = await asyncio.gather(*(each.auth.verify_otp(right) for each in clients), return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1


async def test_a_link_brings_a_code_to_who_asked_and_to_nobody_else(wire: Wire) -> None:
    client = await signed_up(wire, "link@example.org")
    (mail,) = await mails(wire, "link@example.org")
    status, where, query = await follow(wire, mail["link"])
    assert status == 303
    assert where.startswith("http://127.0.0.1:49152/back?")
    assert query["state"] == "ours"
    thief = await wire.client()
    stolen = thief.auth.exchange_code_for_session(
        {"auth_code": query["code"], "code_verifier": generate_pkce_verifier(), "redirect_to": ""}
    )
    assert await refused(stolen) == (400, "bad_code_verifier")
    # Whoever was robbed notices: the code is used up.
    own = client.auth.exchange_code_for_session({"auth_code": query["code"]})
    assert (await refused(own))[0] == 404
    assert (await follow(wire, mail["link"]))[2]["error_code"] == "otp_expired"


async def test_a_link_without_a_challenge_confirms_and_gives_nothing(wire: Wire) -> None:
    status, _, _ = await wire.ask(
        "POST", f"/auth/v1/signup?redirect_to={BACK}", json={"email": "p@example.org", "password": PASSWORD}
    )
    assert status == 200
    (mail,) = await mails(wire, "p@example.org")
    status, where, query = await follow(wire, mail["link"])
    assert (status, where, query) == (200, "", {})
    client = await wire.client()
    await client.auth.sign_in_with_password({"email": "p@example.org", "password": PASSWORD})


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "http://evil.example:80/",
        "http://127.0.0.1@evil.example/",
        "http://localhost:1234/",
        "chatdesk://back",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1\\@evil.example/",
        "javascript:alert(1)",
    ],
)
async def test_a_link_leads_nowhere_else(wire: Wire, elsewhere: str) -> None:
    challenge = generate_pkce_challenge(generate_pkce_verifier())
    address = f"{new_id()}@example.org"
    status, _, _ = await wire.ask(
        "POST",
        "/auth/v1/otp",
        params={"redirect_to": elsewhere},
        json={"email": address, "code_challenge": challenge, "code_challenge_method": "s256"},
    )
    assert status == 200
    (mail,) = await mails(wire, address)
    assert "redirect_to" not in mail["link"]
    status, where, _ = await follow(wire, f"{mail['link']}&redirect_to={elsewhere}")
    assert (status, where) == (200, "")


async def test_a_forgotten_password(wire: Wire) -> None:
    person = await wire.person_confirmed("forgetful@example.org")
    client = await wire.client()
    await client.auth.reset_password_for_email(person.email)
    mail = (await mails(wire, person.email))[0]
    assert mail["kind"] == "recovery"
    await client.auth.verify_otp({"email": person.email, "token": mail["code"], "type": "recovery"})
    await client.auth.update_user({"password": "a new password"})
    await client.auth.sign_in_with_password({"email": person.email, "password": "a new password"})
    old = client.auth.sign_in_with_password({"email": person.email, "password": PASSWORD})
    assert await refused(old) == (400, "invalid_credentials")


async def test_a_new_address_is_confirmed_by_both(wire: Wire) -> None:
    person = await wire.person_confirmed("before@example.org")
    answer = await person.client.auth.update_user({"email": "after@example.org"})
    assert answer.user.email == "before@example.org"
    assert answer.user.new_email == "after@example.org"
    (new,) = await mails(wire, "after@example.org")
    old = (await mails(wire, "before@example.org"))[0]
    assert (new["kind"], old["kind"]) == ("email_change_new", "email_change_current")
    client = await wire.client()
    half = await client.auth.verify_otp(
        {"email": "after@example.org", "token": new["code"], "type": "email_change"}
    )
    assert half.session is None
    whole = await client.auth.verify_otp(
        {"email": "before@example.org", "token": old["code"], "type": "email_change"}
    )
    assert whole.user is not None
    assert whole.user.email == "after@example.org"
    taken = await wire.person_confirmed("taken@example.org")
    wanted = client.auth.update_user({"email": taken.email})
    assert await refused(wanted) == (422, "email_exists")


async def test_an_old_session_needs_a_code_for_a_new_password(wire: Wire) -> None:
    person = await wire.person_confirmed("careful@example.org")
    await (await wire.admin()).execute(
        "update auth.sessions set created_at = created_at - interval '2 days' where user_id = $1", person.id
    )
    auth = person.client.auth
    assert await refused(auth.update_user({"password": "a new password"})) == (
        400,
        "reauthentication_needed",
    )
    await auth.reauthenticate()
    mail = (await mails(wire, person.email))[0]
    assert (mail["kind"], mail["link"]) == ("reauthentication", None)
    wrong = auth.update_user({"password": "a new password", "nonce": "not it"})
    assert await refused(wrong) == (422, "reauthentication_not_valid")
    await auth.update_user({"password": "a new password", "nonce": mail["code"]})
    await auth.sign_in_with_password({"email": person.email, "password": "a new password"})


async def test_the_owner_of_this_computer_gets_no_mail(wire: Wire) -> None:
    bearer = {"Authorization": f"Bearer {wire.control.control_token}"}
    await wire.ask("POST", "/local/v1/session", json={}, headers=bearer)
    client = await wire.client()
    owner = "owner@this-computer.local"
    await client.auth.reset_password_for_email(owner)
    assert await refused(client.auth.sign_in_with_otp({"email": owner})) == (400, "email_address_invalid")
    assert await mails(wire, owner) == []


async def test_the_settings_tell_what_there_is(wire: Wire) -> None:
    status, body, _ = await wire.ask("GET", "/auth/v1/settings")
    assert status == 200
    assert body["external"]["github"] is False
    assert body["mailer_autoconfirm"] is False


async def test_a_plain_challenge_is_refused(wire: Wire) -> None:
    for challenge in (
        {"code_challenge": "x" * 43, "code_challenge_method": "plain"},
        {"code_challenge": "x"},
    ):
        status, body, _ = await wire.ask(
            "POST", "/auth/v1/otp", json={"email": "plain@example.org", **challenge}
        )
        assert (status, body["code"]) == (400, "validation_failed")


async def test_a_token_hash_is_as_good_as_a_link(wire: Wire) -> None:
    client = await signed_up(wire, "hash@example.org")
    (mail,) = await mails(wire, "hash@example.org")
    token_hash = parse_qs(urlsplit(mail["link"]).query)["token"][0]
    answer = await client.auth.verify_otp({"token_hash": token_hash, "type": "email"})
    assert answer.session is not None
