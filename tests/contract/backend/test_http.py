"""The HTTP client and the requests on it, against servers and networks that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from chatdesk.backend import http
from chatdesk.backend.auth import AuthApi
from chatdesk.backend.check import SCHEMA_VERSION, check_project
from chatdesk.backend.client import BackendClient
from chatdesk.backend.tables import SupabaseRemote
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import (
    BadInput,
    ChatDeskError,
    Misconfigured,
    NeedsSignIn,
    Offline,
    Refused,
    Retryable,
)
from chatdesk.domain.ids import new_id
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.domain.session import BackendAddress, BackendKind

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[bool]]


class Tokens:
    """Hands out numbered tokens and notes which were distrusted."""

    def __init__(self) -> None:
        self.number = 0
        self.distrusted: list[str] = []

    async def access_token(self) -> str:
        return f"token-{self.number}"

    def distrust(self, token: str) -> None:
        self.distrusted.append(token)
        self.number += 1


@asynccontextmanager
async def raw_server(serve: Serve) -> AsyncIterator[str]:
    """A server as raw as the test needs; ``serve`` answers one request, returns whether to keep the line."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
                if not await serve(reader, writer, head):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def reply(status: str, body: bytes, kind: str = "application/json", extra: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode()
        + body
    )


def always(answer: bytes) -> Serve:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _head: bytes) -> bool:
        writer.write(answer)
        await writer.drain()
        return True

    return serve


@asynccontextmanager
async def remote_at(url: str) -> AsyncIterator[tuple[SupabaseRemote, Tokens]]:
    client, tokens = BackendClient(BackendAddress(BackendKind.SUPABASE, url, "key")), Tokens()
    try:
        yield SupabaseRemote(client, tokens), tokens
    finally:
        await client.close()


def rename() -> Mutation:
    conversation_id = new_id()
    return Mutation(
        new_id(),
        MutationKind.UPDATE_CONVERSATION,
        conversation_id,
        conversation_id,
        new_id(),
        {"p_id": conversation_id, "p_updates": {"title": "New"}},
        datetime.now(UTC),
    )


PORTAL = b"<html>Welcome to the Wi-Fi of this hotel</html>"

ANSWERS: list[tuple[bytes, type[ChatDeskError]]] = [
    (reply("200 OK", PORTAL, "text/html"), Retryable),
    (reply("302 Found", b"", "text/html", "Location: http://portal.example/\r\n"), Offline),
    (reply("403 Forbidden", PORTAL, "text/html"), Offline),
    (reply("404 Not Found", PORTAL, "text/html"), Offline),
    (reply("511 Network Authentication Required", PORTAL, "text/html"), Offline),
    (reply("200 OK", b'{"conversation": null}'), Retryable),
    (reply("200 OK", b""), Retryable),
    (reply("204 No Content", b""), Retryable),
    (reply("200 OK", b'{"conversation": {"id"'), Retryable),
    (reply("200 OK", b"\xff\xfe\x00"), Retryable),
    (reply("413 Payload Too Large", b"<html>", "text/html"), BadInput),
    (reply("429 Too Many Requests", b"{}", extra="Retry-After: 7\r\n"), Retryable),
    (reply("500 Internal Server Error", b"oops", "text/plain"), Retryable),
    (reply("502 Bad Gateway", PORTAL, "text/html"), Retryable),
    (reply("503 Service Unavailable", b'{"code":"PGRST000","message":"x"}'), Retryable),
    (reply("409 Conflict", b'{"code":"23505","message":"x"}'), Refused),
    (reply("401 Unauthorized", b'{"message":"Invalid API key"}'), NeedsSignIn),
    (reply("401 Unauthorized", b'{"code":"PGRST303","message":"JWT expired"}'), NeedsSignIn),
    (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Offline),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort", Offline),
]


@pytest.mark.parametrize(("answer", "kind"), ANSWERS, ids=range(len(ANSWERS)))
async def test_what_may_come_instead_of_an_answer(answer: bytes, kind: type[ChatDeskError]) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _head: bytes) -> bool:
        writer.write(answer)
        await writer.drain()
        return False

    async with raw_server(serve) as url, remote_at(url) as (remote, _):
        with pytest.raises(ChatDeskError) as caught:
            await remote.push(rename())
        assert type(caught.value) is kind
        if b"Retry-After" in answer:
            assert isinstance(caught.value, Retryable)
            assert caught.value.retry_after == 7.0
        assert "hotel" not in str(caught.value)


async def test_a_refused_token_is_replaced_and_the_request_repeated_once() -> None:
    seen: list[bytes] = []

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> bool:
        seen.append(head.split(b"Bearer ")[1].split(b"\r\n")[0])
        good = b"token-1" in head
        writer.write(
            reply("200 OK", b'{"changes":[],"cursor":5,"more":false}')
            if good
            else reply("401 Unauthorized", b'{"code":"PGRST301","message":"JWT expired"}')
        )
        return True

    async with raw_server(serve) as url, remote_at(url) as (remote, tokens):
        assert (await remote.pull_changes(5)).cursor == 5
        assert tokens.distrusted == ["token-0"]
        assert seen == [b"token-0", b"token-1"]


async def test_a_kept_connection_that_the_server_closed_is_not_a_failure() -> None:
    """Servers drop idle connections; the first request after that meets a dead one."""
    answered = 0

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _head: bytes) -> bool:
        nonlocal answered
        answered += 1
        if answered == 2:
            return False  # Takes the request, then closes without a word.
        writer.write(reply("200 OK", b'{"changes":[],"cursor":1,"more":false}'))
        return True

    async with raw_server(serve) as url, remote_at(url) as (remote, _):
        for _ in range(3):
            assert (await remote.pull_changes(1)).cursor == 1
    assert answered == 4


async def test_a_server_that_never_finishes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.3)
    gone = asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _head: bytes) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not gone.is_set():
            writer.write(b" ")
            await writer.drain()
            await asyncio.wait({asyncio.ensure_future(gone.wait())}, timeout=0.05)
        return False

    async with raw_server(serve) as url, remote_at(url) as (remote, _):
        with pytest.raises(Offline) as caught:
            await remote.pull_changes(0)
        gone.set()
    assert caught.value.code == "timeout"


async def test_nobody_at_the_address() -> None:
    async with raw_server(always(b"")) as url:
        pass
    async with remote_at(url) as (remote, _):
        with pytest.raises(Offline):
            await remote.pull_changes(0)
        with pytest.raises(Offline):
            await remote.push(rename())


async def test_no_proxy_comes_between_us_and_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    answer = always(reply("200 OK", b'{"changes":[],"cursor":1,"more":false}'))
    async with raw_server(answer) as url, remote_at(url) as (remote, _):
        assert (await remote.pull_changes(0)).cursor == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply("200 OK", PORTAL, "text/html"), Retryable),
        (reply("401 Unauthorized", PORTAL, "text/html"), Retryable),
        (reply("400 Bad Request", PORTAL, "text/html"), Refused),
        (reply("500 Internal Server Error", b"{}"), Retryable),
        (reply("503 Service Unavailable", PORTAL, "text/html"), Retryable),
        (reply("429 Too Many Requests", b'{"code":"over_request_rate_limit","message":"x"}'), Retryable),
        (reply("401 Unauthorized", b'{"message":"Invalid API key"}'), Misconfigured),
        (
            reply(
                "400 Bad Request", b'{"error":"invalid_grant","error_description":"Invalid Refresh Token"}'
            ),
            NeedsSignIn,
        ),
        (
            reply(
                "400 Bad Request",
                b'{"code":"refresh_token_already_used","message":"x"}',
                extra="X-Supabase-Api-Version: 2024-01-01\r\n",
            ),
            NeedsSignIn,
        ),
    ],
)
async def test_only_a_clear_word_ends_a_session(answer: bytes, kind: type[ChatDeskError]) -> None:
    async with raw_server(always(answer)) as url:
        client = BackendClient(BackendAddress(BackendKind.SUPABASE, url, "key"))
        try:
            with pytest.raises(ChatDeskError) as caught:
                await AuthApi(client, SystemClock()).refresh("a refresh token")
        finally:
            await client.close()
    assert type(caught.value) is kind


CHECKS: list[tuple[bytes, str | None]] = [
    (reply("200 OK", f'{{"version":{SCHEMA_VERSION}}}'.encode()), None),
    (reply("200 OK", b'{"version":0,"policies":null}'), "schema 0"),
    (reply("200 OK", b'{"version":99}'), "schema 99"),
    (reply("200 OK", b"11"), "not_supabase 200"),
    (
        reply("401 Unauthorized", b'{"code":"42501","message":"permission denied for function"}'),
        "schema_missing",
    ),
    (
        reply("404 Not Found", b'{"code":"PGRST202","message":"Could not find the function"}'),
        "schema_missing",
    ),
    (reply("401 Unauthorized", b'{"message":"Invalid API key"}'), "key"),
    (reply("401 Unauthorized", b'{"code":"PGRST301","message":"No suitable key"}'), "key"),
    (reply("200 OK", PORTAL, "text/html"), "not_supabase 200"),
    (reply("404 Not Found", PORTAL, "text/html"), "not_supabase 404"),
]


@pytest.mark.parametrize(("answer", "code"), CHECKS, ids=range(len(CHECKS)))
async def test_a_project_is_looked_at_before_it_is_used(answer: bytes, code: str | None) -> None:
    async with raw_server(always(answer)) as url:
        address = BackendAddress(BackendKind.SUPABASE, url, "key")
        if code is None:
            await check_project(address)
            return
        with pytest.raises(Misconfigured) as caught:
            await check_project(address)
    assert caught.value.code == code
    assert caught.value.next_step


async def test_a_project_that_is_paused_or_gone() -> None:
    async with raw_server(always(reply("540 Project Paused", PORTAL, "text/html"))) as url:
        with pytest.raises(Retryable):
            await check_project(BackendAddress(BackendKind.SUPABASE, url, "key"))
    with pytest.raises(Offline):
        await check_project(BackendAddress(BackendKind.SUPABASE, url, "key"))
    with pytest.raises((Offline, Misconfigured)):
        await check_project(BackendAddress(BackendKind.SUPABASE, "http://no such host", "key"))
