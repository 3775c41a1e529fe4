"""Accounts through the real client library, and the shapes that it does not show."""

from __future__ import annotations

import base64
import time
from typing import Any

import jwt
import orjson
import pytest
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from tests.contract.wire.scenery import clusters, wire
from tests.support.server import TestKeys, Wire

__all__ = ["clusters", "wire"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_sign_up_gives_a_confirmed_user_and_a_session(wire: Wire) -> None:
    client = await wire.client()
    answer = await client.auth.sign_up(
        {
            "email": "Ada@Example.org",
            "password": "correct horse",
            "options": {"data": {"display_name": "Ada"}},
        }
    )
    assert answer.user is not None
    assert answer.session is not None
    assert answer.user.email == "ada@example.org"
    assert answer.user.user_metadata == {"display_name": "Ada"}
    assert answer.user.app_metadata == {"provider": "email", "providers": ["email"]}
    assert answer.user.email_confirmed_at is not None
    assert answer.user.identities is not None
    assert answer.user.identities[0].provider == "email"
    assert answer.session.expires_in == 3600
    claims = jwt.decode(answer.session.access_token, TestKeys().jwt, ["HS256"], audience="authenticated")
    assert claims["role"] == "authenticated"
    assert claims["sub"] == answer.user.id
    assert claims["iss"] == f"{wire.url}/auth/v1"
    assert claims["aal"] == "aal1"
    assert claims["amr"][0]["method"] == "password"
    assert claims["is_anonymous"] is False
    assert claims["session_id"]
    assert claims["exp"] - claims["iat"] == 3600
    stored = await (await wire.admin()).fetchval(
        "select encrypted_password from auth.users where id = $1", answer.user.id
    )
    assert stored.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("credentials", "status", "code"),
    [
        ({"email": "no address", "password": "long enough"}, 400, "validation_failed"),
        ({"email": "x@this-computer.local", "password": "long enough"}, 400, "email_address_invalid"),
        ({"email": "long@example.org", "password": "x" * 73}, 400, "validation_failed"),
    ],
)
async def test_sign_up_refuses(wire: Wire, credentials: dict[str, str], status: int, code: str) -> None:
    client = await wire.client()
    with pytest.raises(AuthApiError) as refused:
        await client.auth.sign_up({"email": credentials["email"], "password": credentials["password"]})
    assert (refused.value.status, refused.value.code) == (status, code)


async def test_a_weak_password_comes_with_its_reasons(wire: Wire) -> None:
    client = await wire.client()
    with pytest.raises(AuthWeakPasswordError) as refused:
        await client.auth.sign_up({"email": "weak@example.org", "password": "short"})
    assert refused.value.status == 422
    assert refused.value.reasons == ["length"]


async def test_a_taken_address_is_told(wire: Wire) -> None:
    taken = await wire.person("taken")
    client = await wire.client()
    with pytest.raises(AuthApiError) as refused:
        await client.auth.sign_up({"email": taken.email.upper(), "password": "another password"})
    assert (refused.value.status, refused.value.code) == (422, "user_already_exists")


async def test_anonymous_sign_in_is_refused_clearly(wire: Wire) -> None:
    client = await wire.client()
    with pytest.raises(AuthApiError, match="Anonymous sign-ins are disabled") as refused:
        await client.auth.sign_in_anonymously()
    assert (refused.value.status, refused.value.code) == (422, "anonymous_provider_disabled")


async def test_password_sign_in(wire: Wire) -> None:
    person = await wire.person("in")
    client = await wire.client()
    answer = await client.auth.sign_in_with_password({"email": person.email, "password": person.password})
    assert answer.user is not None
    assert answer.user.id == person.id
    for email, password in ((person.email, "wrong password"), ("nobody@example.org", person.password)):
        with pytest.raises(AuthApiError, match="Invalid login credentials") as refused:
            await client.auth.sign_in_with_password({"email": email, "password": password})
        assert (refused.value.status, refused.value.code) == (400, "invalid_credentials")


async def renew(wire: Wire, token: str, bearer: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    status, body, _ = await wire.ask(
        "POST", "/auth/v1/token?grant_type=refresh_token", json={"refresh_token": token}, headers=headers
    )
    return status, body


async def age(wire: Wire, seconds: int) -> None:
    """Let every used refresh token have been used that much earlier."""
    await (await wire.admin()).execute(
        "update auth.refresh_tokens set revoked_at = revoked_at - make_interval(secs => $1)", float(seconds)
    )


async def test_refresh_rotates_and_the_library_follows(wire: Wire) -> None:
    person = await wire.person("rotating")
    first = person.session["refresh_token"]
    answer = await person.client.auth.refresh_session(first)
    assert answer.session is not None
    assert answer.session.refresh_token != first
    assert answer.user is not None
    assert answer.user.id == person.id


async def test_the_parent_of_the_active_token_is_forgiven_and_gets_the_active_one(wire: Wire) -> None:
    person = await wire.person("parent")
    first = person.session["refresh_token"]
    _, second = await renew(wire, first)
    await age(wire, 3600)
    status, again = await renew(wire, first)
    assert status == 200
    assert again["refresh_token"] == second["refresh_token"]


async def test_an_older_token_is_forgiven_for_ten_seconds_only(wire: Wire) -> None:
    person = await wire.person("reuse")
    first = person.session["refresh_token"]
    _, second = await renew(wire, first)
    _, third = await renew(wire, second["refresh_token"])
    status, again = await renew(wire, first)
    assert (status, again["refresh_token"]) == (200, third["refresh_token"])
    await age(wire, 11)
    status, refused = await renew(wire, first)
    assert (status, refused["code"]) == (400, "refresh_token_already_used")
    # The whole family has been revoked.
    status, refused = await renew(wire, third["refresh_token"])
    assert (status, refused["code"]) == (400, "refresh_token_already_used")


async def test_an_unknown_refresh_token_and_other_grants(wire: Wire) -> None:
    status, body = await renew(wire, "nonsense")
    assert (status, body["code"]) == (400, "refresh_token_not_found")
    status, body, headers = await wire.ask("POST", "/auth/v1/token?grant_type=id_token", json={})
    assert (status, body["code"]) == (400, "unsupported_grant_type")
    assert headers["X-Supabase-Api-Version"] == "2024-01-01"


async def test_ten_refreshes_at_once_end_with_one_active_token(wire: Wire) -> None:
    import asyncio

    person = await wire.person("many")
    answers = await asyncio.gather(*(renew(wire, person.session["refresh_token"]) for _ in range(10)))
    assert {status for status, _ in answers} == {200}
    assert len({body["refresh_token"] for _, body in answers}) == 1


async def test_a_refresh_may_show_an_expired_token(wire: Wire) -> None:
    person = await wire.person("expired")
    claims = jwt.decode(person.token, options={"verify_signature": False})
    old = wire.tokens.sign({**claims, "exp": int(time.time()) - 60})
    status, _ = await renew(wire, person.session["refresh_token"], bearer=old)
    assert status == 200


async def test_get_user(wire: Wire) -> None:
    person = await wire.person("getter")
    answer = await person.client.auth.get_user()
    assert answer is not None
    assert answer.user.id == person.id
    forged = jwt.encode(
        {"sub": person.id, "role": "authenticated", "exp": 4e9}, b"another secret of 32 bytes..... "
    )
    for token, status, code in (
        (forged, 403, "bad_jwt"),
        (wire.anon_key, 403, "bad_jwt"),
        ("", 401, "no_authorization"),
    ):
        found, body, _ = await wire.ask("GET", "/auth/v1/user", headers={"Authorization": f"Bearer {token}"})
        assert (found, body["code"]) == (status, code)


async def test_update_user(wire: Wire) -> None:
    person, other = await wire.person("changing"), await wire.person("other")
    auth = person.client.auth
    answer = await auth.update_user({"data": {"theme": "dark", "gone": 1}})
    answer = await auth.update_user({"data": {"gone": None}, "email": "Changed@example.org"})
    assert answer.user.user_metadata == {"theme": "dark"}
    assert answer.user.email == "changed@example.org"
    for wanted, code in (
        ({"email": other.email}, "email_exists"),
        ({"password": person.password}, "same_password"),
        ({"phone": "+491234"}, "phone_provider_disabled"),
    ):
        with pytest.raises(AuthApiError) as refused:
            await auth.update_user(wanted)  # type: ignore[arg-type]  # a TypedDict chosen at run time
        assert refused.value.code == code
    with pytest.raises(AuthWeakPasswordError):
        await auth.update_user({"password": "tiny"})


async def test_a_new_password_ends_the_other_sessions(wire: Wire) -> None:
    person = await wire.person("secret")
    second = await wire.client()
    await second.auth.sign_in_with_password({"email": person.email, "password": person.password})
    await person.client.auth.update_user({"password": "a new password"})
    with pytest.raises(AuthApiError) as refused:
        await second.auth.refresh_session()
    assert str(refused.value.code) == "refresh_token_not_found"  # not in the library's list of codes
    await person.client.auth.refresh_session()
    await second.auth.sign_in_with_password({"email": person.email, "password": "a new password"})


@pytest.mark.parametrize(
    ("scope", "mine", "theirs"), [("local", False, True), ("others", True, False), ("global", False, False)]
)
async def test_sign_out_scopes(wire: Wire, scope: Any, mine: bool, theirs: bool) -> None:
    person = await wire.person("leaving")
    second = await wire.client()
    signed_in = await second.auth.sign_in_with_password({"email": person.email, "password": person.password})
    assert signed_in.session is not None
    status, _, _ = await wire.ask("POST", f"/auth/v1/logout?scope={scope}", headers=person.bearer)
    assert status == 204
    for token, refresh, lives in (
        (person.token, person.session["refresh_token"], mine),
        (signed_in.session.access_token, signed_in.session.refresh_token, theirs),
    ):
        status, _ = await renew(wire, refresh)
        assert status == (200 if lives else 400)
        status, body, _ = await wire.ask("GET", "/auth/v1/user", headers={"Authorization": f"Bearer {token}"})
        assert status == (200 if lives else 403)
        assert lives or body["code"] == "session_not_found"


async def test_the_library_signs_out(wire: Wire) -> None:
    person = await wire.person("library")
    await person.client.auth.sign_out({"scope": "local"})
    assert await person.client.auth.get_session() is None


async def test_bad_bodies_and_missing_endpoints(wire: Wire) -> None:
    for body in (b"{", b"[]", b'{"email": "\xff"}', b'{"email":"\\ud800@x.org","password":"long enough"}'):
        status, answer, _ = await wire.ask("POST", "/auth/v1/signup", data=body)
        assert status == 400, body
        assert answer["code"] in ("bad_json", "validation_failed")
    nul = orjson.dumps({"email": "nul@example.org", "password": "long enough", "data": {"name": "a\0b"}})
    status, answer, _ = await wire.ask("POST", "/auth/v1/signup", data=nul)
    assert (status, answer["code"]) == (400, "validation_failed")
    for method, path in (
        ("POST", "/auth/v1/invite"),
        ("GET", "/auth/v1/sso"),
        ("GET", "/auth/v1/admin/users"),
    ):
        status, answer, headers = await wire.ask(method, path)
        assert (status, answer["code"]) == (404, "not_supported")
        assert path in answer["message"]
        assert "embedded back end does not have" in answer["message"]
        assert "X-Supabase-Api-Version" in headers


async def test_the_owner_of_the_computer_needs_no_password(wire: Wire) -> None:
    path, right = "/local/v1/session", {"Authorization": "Bearer control token"}
    status, first, _ = await wire.ask("POST", path, json={}, headers=right)
    assert status == 200
    assert first["user"]["email"] == "owner@this-computer.local"
    assert first["user"]["app_metadata"]["local_owner"] is True
    _, second, _ = await wire.ask("POST", path, json={}, headers=right)
    assert second["user"]["id"] == first["user"]["id"]
    assert second["refresh_token"] != first["refresh_token"]
    client = await wire.client()
    answer = await client.auth.set_session(first["access_token"], first["refresh_token"])
    assert answer.user is not None
    for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {wire.anon_key}"}):
        status, body, _ = await wire.ask("POST", path, json={}, headers=wrong)
        assert (status, body["error"]) == (401, "unauthorized")
    with pytest.raises(AuthApiError):
        await client.auth.sign_in_with_password({"email": "owner@this-computer.local", "password": "nobody"})


async def test_tokens_of_other_algorithms_are_refused(wire: Wire) -> None:
    person = await wire.person("algorithms")
    claims = jwt.decode(person.token, options={"verify_signature": False})
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    none = f"{head}.{person.token.split('.')[1]}."
    for token in (none, jwt.encode(claims, TestKeys().jwt + b"x" * 32, "HS512"), "a.b.c", person.token + "x"):
        status, body, _ = await wire.ask("GET", "/auth/v1/user", headers={"Authorization": f"Bearer {token}"})
        assert (status, body["code"]) == (403, "bad_jwt")
