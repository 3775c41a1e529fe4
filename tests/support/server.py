"""The embedded back end's wire on a real port and a real database, in the test's own loop."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from argon2 import PasswordHasher
from httpx_aiohttp import HttpxAiohttpClient
from supabase import AsyncClient, create_async_client
from supabase.lib.client_options import AsyncClientOptions

from chatdesk.localbackend.application import REALTIME, Settings, build_application
from chatdesk.localbackend.control import Control
from chatdesk.localbackend.database import Database as ServerDatabase
from chatdesk.localbackend.realtime.service import RealtimeService
from chatdesk.localbackend.tokens import Tokens
from tests.support.postgres import PASSWORD, ROLES, Database

DEADLINE = 30.0
JSON = dict[str, Any]


@dataclass(frozen=True)
class TestKeys:
    """Fixed secrets."""

    __test__ = False
    jwt: bytes = hashlib.sha256(b"jwt").digest()
    storage: bytes = hashlib.sha256(b"storage").digest()


@dataclass
class Person:
    """Somebody signed in through the wire, with their own client library."""

    client: AsyncClient
    id: str
    email: str
    password: str
    session: JSON

    @property
    def token(self) -> str:
        """The access token."""
        return str(self.session["access_token"])

    @property
    def bearer(self) -> dict[str, str]:
        """The header of their requests."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Wire:
    """A running server; ``http`` sends raw requests with the publishable key."""

    url: str
    database: Database
    server_database: ServerDatabase
    control: Control
    tokens: Tokens
    realtime: RealtimeService
    runner: web.AppRunner
    storage: Path
    http: aiohttp.ClientSession
    _clients: list[AsyncClient] = field(default_factory=list)
    _count: int = 0

    @property
    def anon_key(self) -> str:
        """The publishable key."""
        return self.tokens.anon_key

    async def client(self) -> AsyncClient:
        """A fresh client library that nobody has signed in with."""
        options = AsyncClientOptions(
            auto_refresh_token=False, persist_session=False, httpx_client=HttpxAiohttpClient(timeout=DEADLINE)
        )
        client = await create_async_client(self.url, self.anon_key, options)
        self._clients.append(client)
        return client

    async def person(self, name: str = "person", password: str = "a good password") -> Person:
        """A new account, signed in, its realtime client authorised."""
        self._count += 1
        client, email = await self.client(), f"{name}{self._count}@example.org"
        answer = await client.auth.sign_up({"email": email, "password": password})
        assert answer.session is not None
        await client.realtime.set_auth(answer.session.access_token)
        assert answer.user is not None
        return Person(client, answer.user.id, email, password, orjson.loads(answer.session.model_dump_json()))

    async def person_confirmed(self, email: str, password: str = "a good password") -> Person:
        """The same on a server that wants addresses confirmed: somebody who has done so."""
        client = await self.client()
        await client.auth.sign_up({"email": email, "password": password})
        await (await self.admin()).execute(
            "update auth.users set email_confirmed_at = now() where email = $1", email
        )
        answer = await client.auth.sign_in_with_password({"email": email, "password": password})
        assert answer.user is not None
        assert answer.session is not None
        return Person(client, answer.user.id, email, password, orjson.loads(answer.session.model_dump_json()))

    async def admin(self) -> Any:
        """The superuser's connection to the database."""
        return await self.database.admin()

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any, Mapping[str, str]]:
        """Status, parsed body and headers of one raw request."""
        async with self.http.request(method, f"{self.url}{path}", **options) as response:
            raw = await response.read()
            body = orjson.loads(raw) if raw and "json" in response.content_type else raw
            return response.status, body, response.headers

    async def socket(self, **query: str) -> aiohttp.ClientWebSocketResponse:
        """A raw Realtime websocket."""
        query = {"apikey": self.anon_key, "vsn": "1.0.0", **query}
        return await self.http.ws_connect(f"{self.url}/realtime/v1/websocket", params=query)

    async def until(self, fact: Callable[[], bool]) -> None:
        """Wait for something inside the server that no frame tells; each look is a round trip through it."""
        async with asyncio.timeout(DEADLINE):
            while not fact():
                await self.ask("GET", "/local/v1/health")

    async def close_clients(self) -> None:
        """Close what ``client`` has opened."""
        for client in self._clients:
            with contextlib.suppress(Exception):
                await client.realtime.close()
            if client.options.httpx_client is not None:
                await client.options.httpx_client.aclose()
        self._clients.clear()


@contextlib.asynccontextmanager
async def serving(database: Database, settings: Settings | None = None) -> AsyncIterator[Wire]:
    """The application on a free port over ``database``; asserts at the end that no task is left."""
    before = asyncio.all_tasks()
    settings = replace(settings or Settings(), hasher=PasswordHasher(time_cost=1, memory_cost=1024))
    with tempfile.TemporaryDirectory(prefix="chatdesk-storage-") as directory:
        storage, keys = Path(directory), TestKeys()
        cluster = database.cluster
        server_database = await ServerDatabase.open(
            cluster.host, cluster.port, dict.fromkeys(ROLES, PASSWORD), database=database.name
        )
        control = Control("control token")
        application = build_application(
            database=server_database, secrets=keys, storage=storage, control=control, settings=settings
        )
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        tokens = Tokens(keys.jwt, settings.token_seconds)
        async with aiohttp.ClientSession(headers={"apikey": tokens.anon_key}) as http:
            wire = Wire(
                url=f"http://127.0.0.1:{port}",
                database=database,
                server_database=server_database,
                control=control,
                tokens=tokens,
                realtime=application[REALTIME],
                runner=runner,
                storage=storage,
                http=http,
            )
            try:
                yield wire
            finally:
                await wire.close_clients()
                await runner.cleanup()
                await server_database.close()
        left = [task for task in asyncio.all_tasks() - before if not task.done() and _is_ours(task)]
        assert not left, left


def _is_ours(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "chatdesk" in str(code.co_filename)
