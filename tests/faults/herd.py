"""A server that can be restarted at its address, and the herd of instances that come back to it."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from argon2 import PasswordHasher

from chatdesk.localbackend.application import REALTIME, Settings, build_application
from chatdesk.localbackend.control import Control
from chatdesk.localbackend.database import Database as ServerDatabase
from chatdesk.localbackend.tokens import Tokens
from tests.faults.process import CoreProcess
from tests.faults.rig import PASSWORD as USERS_PASSWORD
from tests.faults.rig import User
from tests.support.postgres import PASSWORD, ROLES, Database
from tests.support.server import TestKeys


class HerdServer:
    """The embedded server over ``database``, always at the same port; counts the joins it was asked for."""

    def __init__(self, database: Database, storage: Path) -> None:
        self._database = database
        self._storage = storage
        self._keys = TestKeys()
        self._settings = Settings(hasher=PasswordHasher(time_cost=1, memory_cost=1024))
        self._runner: web.AppRunner | None = None
        self._pools: ServerDatabase | None = None
        self.port = _free_port()
        self.joins: list[float] = []
        """When each join arrived, on ``time.monotonic``."""
        self.refused = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_key(self) -> str:
        return Tokens(self._keys.jwt, self._settings.token_seconds).anon_key

    async def start(self) -> None:
        cluster = self._database.cluster
        passwords = dict.fromkeys(ROLES, PASSWORD)
        self._pools = await ServerDatabase.open(
            cluster.host, cluster.port, passwords, database=self._database.name
        )
        application = build_application(
            database=self._pools,
            secrets=self._keys,
            storage=self._storage,
            control=Control("control token"),
            settings=self._settings,
        )
        self._count_joins(application[REALTIME]._shared.joins)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        """End every connection, websockets with 1001."""
        if self._runner is not None and self._pools is not None:
            await self._runner.cleanup()
            await self._pools.close()
        self._runner = self._pools = None

    def peak(self, since: float) -> int:
        """Return how many joins came within the busiest second after ``since``."""
        times = sorted(at for at in self.joins if at >= since)
        return max((sum(at <= other < at + 1 for other in times) for at in times), default=0)

    async def ask(self, method: str, path: str, body: object) -> Any:
        """Carry out one request without a client library."""
        headers = {"apikey": self.api_key}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.request(method, f"{self.url}{path}", json=body) as response,
        ):
            answer = orjson.loads(await response.read())
            assert response.status == 200, answer
            return answer

    async def sign_up(self, name: str) -> User:
        email = f"{name}@example.org"
        answer = await self.ask("POST", "/auth/v1/signup", {"email": email, "password": USERS_PASSWORD})
        return User(answer["user"]["id"], email)

    async def session(self, user: User) -> dict[str, Any]:
        body = {"email": user.email, "password": USERS_PASSWORD}
        answer: dict[str, Any] = await self.ask("POST", "/auth/v1/token?grant_type=password", body)
        return answer

    def _count_joins(self, rate: Any) -> None:
        allows = rate.allows

        def counted() -> bool:
            self.joins.append(time.monotonic())
            allowed: bool = allows()
            self.refused += not allowed
            return allowed

        rate.allows = counted


class Herd:
    """Cores in a few processes, several per user."""

    def __init__(self, server: HerdServer, directory: Path) -> None:
        self._server = server
        self._directory = directory
        self.processes: list[CoreProcess] = []
        self.users: list[User] = []
        self.members: list[tuple[CoreProcess, str, User]] = []

    async def gather(self, cores: int, processes: int, users: int) -> None:
        """Start them all, a few at a time."""
        self.users = [await self._server.sign_up(f"user{number}") for number in range(users)]
        for number in range(processes):
            process = CoreProcess(self._directory / f"herd-{number}.log")
            await process.start()
            self.processes.append(process)
        steps = asyncio.Semaphore(processes * 2)

        async def start(number: int) -> None:
            process, user = self.processes[number % processes], self.users[number % users]
            name = f"core-{number}"
            async with steps:
                await process.ask(
                    name,
                    "start",
                    directory=str(self._directory / name),
                    user_id=user.id,
                    url=self._server.url,
                    api_key=self._server.api_key,
                    session=await self._server.session(user),
                    seed=number,
                )
            self.members.append((process, name, user))

        await asyncio.gather(*(start(number) for number in range(cores)))

    async def ask(self, do: str, members: Sequence[tuple[CoreProcess, str, User]] | None = None) -> list[Any]:
        """Ask every member the same; the answers are in the members' order."""
        chosen = self.members if members is None else members
        return list(await asyncio.gather(*(process.ask(name, do) for process, name, _ in chosen)))

    async def close(self) -> None:
        await asyncio.gather(*(process.close() for process in self.processes))


@asynccontextmanager
async def herd(database: Database) -> AsyncIterator[tuple[HerdServer, Herd]]:
    """A server and an empty herd, torn down at the end."""
    with tempfile.TemporaryDirectory(prefix="chatdesk-herd-") as home:
        server = HerdServer(database, Path(home))
        await server.start()
        made = Herd(server, Path(home))
        try:
            yield server, made
        finally:
            await made.close()
            await server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
