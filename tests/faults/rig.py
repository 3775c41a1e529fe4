"""The house of a run: the real server, its users, a proxy before every core, oracle and accept log."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatdesk.localbackend.application import Settings
from tests.faults.accept_log import Accept, AcceptLog
from tests.faults.core import Core
from tests.faults.oracle import Oracle
from tests.faults.process import CoreProcess
from tests.faults.proxy import FaultProxy
from tests.faults.schedule import Schedule
from tests.support.postgres import Database
from tests.support.postgres import Person as DatabasePerson
from tests.support.server import Wire, serving

PASSWORD = "a good password"


@dataclass(frozen=True)
class User:
    """An account of the run."""

    id: str
    email: str


@dataclass
class Rig:
    """Everything a run needs; ``directory`` is removed at the end."""

    wire: Wire
    schedule: Schedule
    oracle: Oracle
    log: AcceptLog
    directory: Path
    proxies: dict[str, FaultProxy] = field(default_factory=dict)
    cores: dict[str, Core] = field(default_factory=dict)
    processes: list[CoreProcess] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.wire.url.rpartition(":")[2])

    async def user(self, name: str) -> User:
        """Sign somebody up."""
        email = f"{name}@example.org"
        status, answer, _ = await self.wire.ask(
            "POST", "/auth/v1/signup", json={"email": email, "password": PASSWORD}
        )
        assert status == 200, answer
        return User(answer["user"]["id"], email)

    async def session(self, user: User) -> Mapping[str, Any]:
        """A session of its own, as another computer would sign in."""
        status, answer, _ = await self.wire.ask(
            "POST",
            "/auth/v1/token?grant_type=password",
            json={"email": user.email, "password": PASSWORD},
        )
        assert status == 200, answer
        found: Mapping[str, Any] = answer
        return found

    async def proxy(self, name: str, *, recording: bool = False) -> FaultProxy:
        """Make the way of the core ``name``."""
        made = FaultProxy(name, self.port, self.schedule, recording=recording)
        await made.start()
        self.proxies[name] = made
        return made

    async def options(self, name: str, user: User, **more: Any) -> dict[str, Any]:
        """What ``Core.start`` is told, with a fresh session; the core's proxy is made when there is none."""
        proxy = self.proxies.get(name) or await self.proxy(name)
        return {
            "user_id": user.id,
            "url": proxy.url,
            "api_key": self.wire.anon_key,
            "session": dict(await self.session(user)),
            **more,
        }

    async def core(self, name: str, user: User, **more: Any) -> Core:
        """Start a core in this process and wait until it is connected."""
        options = await self.options(name, user, **more)
        core = await Core.start(name, self.directory / name, **options)
        self.cores[name] = core
        await until(lambda: core.watch.state.link == "connected")
        return core

    async def process(self, *before: str) -> CoreProcess:
        """Start a process for cores."""
        made = CoreProcess(self.directory / f"process-{len(self.processes)}.log", before)
        await made.start()
        self.processes.append(made)
        return made

    async def share(self, owner: User, conversation: str, other: User) -> None:
        """Take ``other`` into a conversation of ``owner``."""
        database = self.wire.database
        await DatabasePerson(database, owner.id).add(conversation, DatabasePerson(database, other.id))

    async def talk(self, owner: User, title: str = "A title") -> str:
        """A conversation on the server."""
        return await DatabasePerson(self.wire.database, owner.id).new_conversation(title)

    async def say(self, user: User, conversation: str, text: str) -> str:
        """A message that comes from elsewhere; returns its id."""
        sent = await DatabasePerson(self.wire.database, user.id).send(conversation, text)
        return str(sent["message"]["id"])

    def accepted(self, answer: Mapping[str, str] | None) -> None:
        """Write down what a core said it accepted."""
        if answer is not None:
            self.log.note(Accept(**answer))

    async def close(self) -> None:
        for core in self.cores.values():
            await core.stop()
        for process in self.processes:
            process.go_on()
        await asyncio.gather(*(process.close() for process in self.processes))
        for proxy in self.proxies.values():
            await proxy.close()
        self.log.close()


@asynccontextmanager
async def rig(
    database: Database, schedule: Schedule | None = None, settings: Settings | None = None
) -> AsyncIterator[Rig]:
    """A rig over ``database``, torn down at the end."""
    with tempfile.TemporaryDirectory(prefix="chatdesk-faults-") as home:
        directory = Path(home)
        async with serving(database, settings) as wire:
            made = Rig(
                wire=wire,
                schedule=schedule or Schedule(1),
                oracle=Oracle(database),
                log=AcceptLog(directory / "accepted.jsonl"),
                directory=directory,
            )
            try:
                yield made
            finally:
                await made.close()


async def until(fact: Any, within: float = 30.0, step: float = 0.02) -> float:
    """Wait until ``fact()`` holds (it may be a coroutine function); return how many seconds that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        found = fact()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return loop.time() - began
        if loop.time() - began > within:
            raise AssertionError(f"not so after {within:g} s")
        await asyncio.sleep(step)
