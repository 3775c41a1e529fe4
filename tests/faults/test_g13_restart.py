"""G13: a restart keeps the session, whatever the network answers; an error of the network deletes nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from chatdesk.app.session_files import SealedSession
from chatdesk.backend.auth import AuthApi
from chatdesk.backend.client import BackendClient
from chatdesk.backend.sessions import SessionKeeper
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Retryable, VaultUnavailable
from chatdesk.domain.session import BackendAddress, BackendKind, Session
from tests.faults.extent import extent, limit, report

KEY = b"s" * 32
USER = "10000000-0000-4000-8000-000000000001"
PORTAL = "<html><body>Welcome to the hotel. Please sign in.</body></html>"

Answer = Callable[[], web.StreamResponse]


def token(life: float = 3600.0) -> str:
    now = datetime.now(UTC).timestamp()
    body = base64.urlsafe_b64encode(json.dumps({"iat": now, "exp": now + life, "sub": USER}).encode())
    return f"h.{body.decode().rstrip('=')}.s"


def good() -> web.StreamResponse:
    """What Auth answers when all is well."""
    session = {
        "access_token": token(),
        "token_type": "bearer",
        "expires_in": 3600,
        "refresh_token": "the-next-one",
        "user": {
            "id": USER,
            "aud": "authenticated",
            "role": "authenticated",
            "email": "a@example.org",
            "app_metadata": {},
            "user_metadata": {},
            "created_at": "2026-01-01T00:00:00Z",
        },
    }
    return web.json_response(session)


def error(status: int, code: str = "", **headers: str) -> Answer:
    return lambda: web.json_response({"code": status, "error_code": code}, status=status, headers=headers)


ANSWERS: dict[str, Answer] = {
    "captive portal, 200": lambda: web.Response(text=PORTAL, content_type="text/html"),
    "captive portal, redirect": lambda: web.Response(status=302, headers={"Location": "/welcome"}),
    "captive portal, 511": lambda: web.Response(status=511, text=PORTAL, content_type="text/html"),
    "captive portal, 403": lambda: web.Response(status=403, text=PORTAL, content_type="text/html"),
    "proxy wants a password": lambda: web.Response(status=407, text=PORTAL, content_type="text/html"),
    "bad request of a proxy": lambda: web.Response(status=400, text=PORTAL, content_type="text/html"),
    "unknown 400": error(400, "something_new"),
    "unknown 401": error(401, "something_new"),
    "unknown 403": error(403, "something_new"),
    "unknown 422": error(422, "something_new"),
    "no such page": error(404),
    "slow down": error(429, "over_request_rate_limit", **{"Retry-After": "1"}),
    "server error": error(500, "unexpected_failure"),
    "bad gateway": lambda: web.Response(
        status=502, text="<html>Bad Gateway</html>", content_type="text/html"
    ),
    "unavailable": error(503),
    "gateway time-out": error(504),
    "cloudflare": lambda: web.Response(status=522, text="error code: 522"),
    "not JSON": lambda: web.Response(text="{", content_type="application/json"),
    "JSON of another kind": lambda: web.json_response([1, 2, 3]),
    "an empty answer": lambda: web.Response(text=""),
    "no session in it": lambda: web.json_response({"user": None}),
}


class Network:
    """A sign-in server, and what stands in its place."""

    def __init__(self) -> None:
        self.answer: Answer = good
        self.asked = 0
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/welcome":
            return web.Response(text=PORTAL, content_type="text/html")
        self.asked += 1
        return self.answer()


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    made = Network()
    await made.start()
    yield made
    await made.close()


def stored(directory: Path, left: float) -> SealedSession:
    """A session from the last run, whose token has ``left`` seconds to live (or is over for as long)."""
    storage = SealedSession(directory, KEY)
    ends = datetime.now(UTC) + timedelta(seconds=left)
    storage.save(Session(token(), "the-only-one", ends, USER, "a@example.org"))
    return storage


async def restart(directory: Path, storage: SealedSession, url: str) -> ChatDeskError | str:
    """One start of the application: read the session, ask for a token; return it, or what was raised."""
    client = BackendClient(BackendAddress(BackendKind.SUPABASE, url, "key"))
    keeper = SessionKeeper(storage, AuthApi(client, SystemClock()), SystemClock(), directory / "session.lock")
    try:
        assert await keeper.restore() is not None
        return await keeper.access_token()
    except ChatDeskError as failure:
        assert keeper.session is not None
        return failure
    finally:
        await keeper.close()
        await client.close()


async def restarts(directory: Path, network: Network, count: int) -> int:
    """Start ``count`` times in every bad network there is; return how many starts kept the session."""
    kept = 0
    names = [*ANSWERS, "offline"]
    for number in range(count):
        name = names[number % len(names)]
        storage = stored(directory, left=-3600.0 if number % 2 else -1.0)
        before = (directory / "session").read_bytes()
        network.answer = ANSWERS.get(name, good)
        url = "http://127.0.0.1:9" if name == "offline" else network.url
        outcome = await restart(directory, storage, url)
        assert isinstance(outcome, Retryable), f"{name}: {outcome!r}"
        assert (directory / "session").read_bytes() == before, f"{name} changed the session"
        kept += 1
    network.answer = good
    assert isinstance(await restart(directory, stored(directory, -1.0), network.url), str)
    return kept


@pytest.mark.timeout(limit(120, 1200))
async def test_g13_a_restart_keeps_the_session(tmp_path: Path, network: Network) -> None:
    count = extent(100, 10_000)
    kept = await restarts(tmp_path, network, count)
    report("G13", restarts=count, kept=kept)
    assert kept == count


async def test_g13_what_is_left_of_a_token_is_used_without_the_server(
    tmp_path: Path, network: Network
) -> None:
    network.answer = ANSWERS["unavailable"]
    assert isinstance(await restart(tmp_path, stored(tmp_path, 30.0), network.url), str)


async def test_g13_only_the_servers_own_word_ends_a_session(tmp_path: Path, network: Network) -> None:
    """And even then the file stays: what is on the screen, and what was written, is not thrown away."""
    network.answer = error(400, "refresh_token_not_found")
    storage = stored(tmp_path, -1.0)
    assert isinstance(await restart(tmp_path, storage, network.url), NeedsSignIn)
    assert (tmp_path / "session").exists()


@pytest.mark.parametrize("trouble", [VaultUnavailable("The keyring is locked."), OSError("read error")])
async def test_g13_a_keyring_that_is_locked_once_costs_nothing(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    storage = stored(tmp_path, -1.0)
    load, troubles = storage.load, [trouble]

    def locked_once() -> Session | None:
        if troubles:
            raise troubles.pop()
        return load()

    monkeypatch.setattr(storage, "load", locked_once)
    client = BackendClient(BackendAddress(BackendKind.SUPABASE, network.url, "key"))
    keeper = SessionKeeper(storage, AuthApi(client, SystemClock()), SystemClock(), tmp_path / "session.lock")
    with pytest.raises(type(trouble)):
        await keeper.restore()
    await keeper.restore()
    assert await keeper.access_token()
    assert network.asked == 1
    await keeper.close()
    await client.close()
