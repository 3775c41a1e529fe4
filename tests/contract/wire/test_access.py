"""Who gets in: row-level security through HTTP, tokens of every kind, Host and Origin, the key."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator

import aiohttp
import jwt
import pytest
import pytest_asyncio

from tests.contract.wire.scenery import clusters, wire
from tests.support.server import Person, TestKeys, Wire

__all__ = ["clusters", "wire"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def people(wire: Wire) -> AsyncIterator[tuple[Person, Person]]:
    """Ada, who has a note, and Bob, who has none."""
    ada, bob = await wire.person("ada"), await wire.person("bob")
    await ada.client.table("notes").insert({"title": "secret"}).execute()
    yield ada, bob


async def test_rows_are_those_of_the_caller(wire: Wire, people: tuple[Person, Person]) -> None:
    ada, bob = people
    assert len((await ada.client.table("notes").select("*").execute()).data) == 1
    assert (await bob.client.table("notes").select("*").execute()).data == []
    changed = await bob.client.table("notes").update({"body": "x"}).eq("title", "secret").execute()
    assert changed.data == []
    assert (await bob.client.table("notes").delete().eq("title", "secret").execute()).data == []
    for headers in ({}, {"Authorization": f"Bearer {wire.anon_key}"}):
        status, body, answered = await wire.ask("GET", "/rest/v1/notes", headers=headers)
        assert (status, body["code"]) == (401, "42501")
        assert answered["WWW-Authenticate"] == "Bearer"


async def test_nothing_of_one_caller_is_left_for_the_next(wire: Wire, people: tuple[Person, Person]) -> None:
    """Connections are shared: role and claims must end with the transaction, also after an error."""
    ada, bob = people
    for _ in range(12):
        await wire.ask("POST", "/rest/v1/rpc/fail_with", json={"p_state": "P0001"}, headers=ada.bearer)
        status, body, _ = await wire.ask("POST", "/rest/v1/rpc/who_am_i", json={}, headers=bob.bearer)
        assert (status, body) == (200, bob.id + "authenticated")
    rows = await wire.server_database.rest.fetch(
        "select current_user as who, current_setting('request.jwt.claims', true) as claims"
    )
    assert (rows[0]["who"], rows[0]["claims"]) == ("authenticator", "")


async def test_tokens(wire: Wire, people: tuple[Person, Person]) -> None:
    ada, _ = people
    claims = jwt.decode(ada.token, options={"verify_signature": False})
    secret = TestKeys().jwt
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    cases = {
        "expired": (jwt.encode({**claims, "exp": int(time.time()) - 1}, secret), "PGRST303"),
        "forged": (jwt.encode(claims, b"another secret that is long enough"), "PGRST301"),
        "alg none": (f"{head}.{ada.token.split('.')[1]}.", "PGRST301"),
        "other algorithm": (jwt.encode(claims, secret * 2, "HS512"), "PGRST301"),
        "superuser": (jwt.encode({**claims, "role": "supabase_admin"}, secret), "PGRST301"),
        "no role": (jwt.encode({"sub": ada.id, "exp": claims["exp"]}, secret), "PGRST301"),
        "no end": (jwt.encode({"sub": ada.id, "role": "authenticated"}, secret), "PGRST301"),
        "nonsense": ("nonsense", "PGRST301"),
    }
    for name, (token, code) in cases.items():
        status, body, _ = await wire.ask(
            "GET", "/rest/v1/notes", headers={"Authorization": f"Bearer {token}"}
        )
        assert (status, body["code"]) == (401, code), name
    status, body, _ = await wire.ask("GET", "/rest/v1/notes", headers={"Authorization": "Basic eDp5"})
    assert (status, body["code"]) == (401, "PGRST301")


async def test_a_claim_cannot_leave_its_quotes(wire: Wire, people: tuple[Person, Person]) -> None:
    ada, _ = people
    claims = jwt.decode(ada.token, options={"verify_signature": False})
    nasty = "'; set role supabase_admin; select '\\' || $$ \0 ' -- "
    token = wire.tokens.sign({**claims, "user_metadata": {"name": nasty}})
    status, body, _ = await wire.ask(
        "POST", "/rest/v1/rpc/who_am_i", json={}, headers={"Authorization": f"Bearer {token}"}
    )
    # PostgreSQL's jsonb takes no NUL: refused there, and nothing was run.
    assert (status, body["code"]) == (400, "22P05")
    token = wire.tokens.sign({**claims, "user_metadata": {"name": nasty.replace("\0", "")}})
    status, body, _ = await wire.ask(
        "POST", "/rest/v1/rpc/who_am_i", json={}, headers={"Authorization": f"Bearer {token}"}
    )
    assert (status, body) == (200, ada.id + "authenticated")


PATHS = [
    "/rest/v1/notes",
    "/auth/v1/user",
    "/storage/v1/bucket",
    "/realtime/v1/websocket",
    "/local/v1/health",
]


@pytest.mark.parametrize("path", PATHS)
async def test_host_and_origin(wire: Wire, path: str) -> None:
    port = wire.url.rpartition(":")[2]
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        f"127.0.0.1.evil.example:{port}",
    ):
        status, body, headers = await wire.ask("GET", path, headers={"Host": host})
        assert (status, body["error"]) == (403, "forbidden_host"), host
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "file://"):
        status, body, headers = await wire.ask("GET", path, headers={"Origin": origin})
        assert (status, body["error"]) == (403, "forbidden_origin"), origin
        assert not [name for name in headers if name.lower().startswith("access-control")]
    status, _, headers = await wire.ask("OPTIONS", path, headers={"Origin": f"http://localhost:{port}"})
    assert status in (401, 404, 405)
    assert not [name for name in headers if name.lower().startswith("access-control")]
    status, _, _ = await wire.ask("GET", path, headers={"Host": f"localhost:{port}"})
    assert status != 403


async def test_the_publishable_key_is_needed(wire: Wire, people: tuple[Person, Person]) -> None:
    ada, _ = people
    wrong = jwt.encode({"role": "anon", "exp": 4102444800}, TestKeys().jwt)
    async with aiohttp.ClientSession(headers=ada.bearer) as bare:
        for path in PATHS[:-1]:
            for headers in ({}, {"apikey": "x"}, {"apikey": wrong}):
                async with bare.get(f"{wire.url}{path}", headers=headers) as response:
                    assert response.status == 401
                    assert "API key" in (await response.json())["error"]
        async with bare.get(f"{wire.url}/local/v1/health") as response:
            assert (response.status, (await response.json())["status"]) == (200, "ok")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await bare.ws_connect(f"{wire.url}/realtime/v1/websocket?apikey=wrong&vsn=1.0.0")
        assert refused.value.status == 401


async def test_other_services_are_named_as_missing(wire: Wire) -> None:
    for method, path in (
        ("POST", "/functions/v1/hello"),
        ("POST", "/graphql/v1"),
        ("GET", "/"),
        ("POST", "/realtime/v1/api/broadcast"),
        ("GET", "/pg/tables"),
    ):
        status, body, _ = await wire.ask(method, path)
        assert (status, body["error"]) == (404, "not_supported")
        assert body["message"] == f"The embedded back end does not have {method} {path}"


async def test_the_control_connection_counts_clients(wire: Wire) -> None:
    changes: list[int] = []
    wire.control.on_change = lambda: changes.append(wire.control.clients)
    right = {"Authorization": "Bearer control token"}
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {wire.anon_key}"}):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await wire.http.ws_connect(f"{wire.url}/local/v1/control", headers=headers)
        assert refused.value.status == 401
    first = await wire.http.ws_connect(f"{wire.url}/local/v1/control", headers=right)
    second = await wire.http.ws_connect(f"{wire.url}/local/v1/control", headers=right)
    assert wire.control.clients == 2
    await first.close()
    await second.close()
    await wire.until(lambda: wire.control.clients == 0)
    assert changes == [1, 2, 1, 0]
    wire.control.on_change = None


async def test_clients_that_vanish_leave_no_error(wire: Wire, people: tuple[Person, Person]) -> None:
    """Half a request, half a handshake, a socket without a goodbye: each is ordinary life."""
    ada, _ = people
    host, port = wire.url.removeprefix("http://").split(":")
    head = f"Host: {host}:{port}\r\napikey: {wire.anon_key}\r\nAuthorization: Bearer {ada.token}\r\n"
    for request in (
        f"POST /rest/v1/notes HTTP/1.1\r\n{head}Content-Length: 100\r\n\r\n{{",
        f"POST /auth/v1/signup HTTP/1.1\r\n{head}Content-Length: 100\r\n\r\n{{",
        f"POST /storage/v1/object/papers/{ada.id}/x HTTP/1.1\r\n{head}"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 500\r\n\r\n"
        "--x\r\nContent-Disposition: form-data; name=file\r\n\r\nabc",
        f"GET /realtime/v1/websocket?vsn=1.0.0 HTTP/1.1\r\n{head}"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x81",
        f"GET /realtime/v1/websocket?vsn=1.0.0 HTTP/1.1\r\n{head}Upgrade: nothing\r\n\r\n",
    ):
        for abort in (True, False):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(request.encode("latin-1"))
            await writer.drain()
            await wire.ask("GET", "/local/v1/health")
            if abort:
                writer.transport.abort()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
    await wire.until(lambda: wire.realtime.sockets == 0)
