"""Where a measure lives: a directory of its own, the processes in it, and their end."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from benchmarks import machine
from benchmarks.backend import Backend
from chatdesk.app.puppeteer import Puppet
from chatdesk.backend.local_launcher import LocalLauncher
from chatdesk.localbackend.postgres import Cluster
from tests.support.local_backend import end_backend, new_key

ROOT = Path(__file__).resolve().parents[1]
ROLES = ("supabase_admin", "postgres", "authenticator", "supabase_auth_admin", "supabase_storage_admin")
LINGER = 60.0
"""Seconds a back end outlives its last client, longer than any pause between two of them."""

TRACED = (sys.executable, "-m", "benchmarks.traced")


class Place:
    """A data directory, the ChatDesk instances in it, and other processes; all are ended at the end."""

    def __init__(self, directory: Path, http: aiohttp.ClientSession) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.http = http
        self.puppets: list[Puppet] = []
        self.processes: list[asyncio.subprocess.Process] = []
        self._clusters: list[Cluster] = []
        self._launchers: list[LocalLauncher] = []

    @property
    def home(self) -> Path:
        """Of the embedded back end."""
        return self.data / "local"

    async def puppet(self, name: str, data: Path | None = None) -> Puppet:
        """Start ChatDesk with stamps, signed in on this computer and connected."""
        made = await Puppet.start(
            name,
            data or self.data,
            log=self.directory / f"{name}.log",
            scripted=False,
            command=TRACED,
            environment={"CHATDESK_BUILT_IN": "off"},
        )
        self.puppets.append(made)
        state = await made.until_state("a choice", lambda state: state["signed_in"] or state["first_run"])
        if not state["signed_in"]:
            await made.ask("sign_in")
        await made.until_state("the link", lambda state: state["link"] == "connected")
        return made

    async def backend(self) -> Backend:
        """The back end that the instances started."""
        return await Backend.at(self.home, self.http)

    async def serve(
        self, home: Path | None = None, command: Sequence[str] | None = None, key: str = ""
    ) -> Backend:
        """Start the embedded back end without any window, and stay its client until the end.

        ``command`` starts another one than ChatDesk's own; ``key`` is that of a home that has run before.
        """
        launcher = LocalLauncher(home or self.home, LINGER, command)
        self._launchers.append(launcher)
        await launcher.ensure(key or new_key())
        return await Backend.at(home or self.home, self.http)

    async def process(
        self, *command: str, environment: Mapping[str, str] | None = None, errors: bool = False
    ) -> asyncio.subprocess.Process:
        """Start a program with pipes; ``errors``: whether its stderr is a pipe as well."""
        started = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE if errors else asyncio.subprocess.DEVNULL,
            cwd=ROOT,
            limit=32 * 1024 * 1024,
            # An installed program has its bytecode; a session that asks Python to write none must not
            # have every start compile all modules again.
            env={
                **os.environ,
                "QT_QPA_PLATFORM": "offscreen",
                "PYTHONDONTWRITEBYTECODE": "",
                **(environment or {}),
            },
            start_new_session=True,
        )
        self.processes.append(started)
        return started

    async def module(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        """Start a module of the benchmarks."""
        return await self.process(*self.python(name, *arguments))

    def python(self, name: str, *arguments: str) -> list[str]:
        """Return the command that runs a module of the benchmarks."""
        return [sys.executable, "-m", f"benchmarks.{name}", *arguments]

    def cluster(self) -> tuple[Cluster, str]:
        """Start a PostgreSQL of the same settings as the embedded back end's; returns its password too."""
        password = secrets.token_hex(16)
        made = Cluster(self.directory / "floor")
        made.prepare(dict.fromkeys(ROLES, password))
        made.start()
        self._clusters.append(made)
        return made, password

    async def floor_server(self, *options: str) -> tuple[asyncio.subprocess.Process, int]:
        """Start the floor's PostgreSQL and server; returns the server and its port."""
        cluster, password = self.cluster()
        server = await self.module("floor.server", str(cluster.host), str(cluster.port), password, *options)
        assert server.stdout is not None
        return server, int(await server.stdout.readline())

    def database_pids(self) -> list[int]:
        """The processes of the floor's PostgreSQL."""
        return [pid for cluster in self._clusters if cluster.pid for pid in machine.tree(cluster.pid)]

    async def end(self, process: asyncio.subprocess.Process) -> None:
        """Close a process's input and wait; kill it when that is not enough."""
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def close(self) -> None:
        await asyncio.gather(*(each.quit() for each in self.puppets if each.runs), return_exceptions=True)
        for each in self.puppets:
            await each.kill()
        await asyncio.gather(*(self.end(each) for each in self.processes))
        await asyncio.gather(*(each.release() for each in self._launchers), return_exceptions=True)
        if self.home.is_dir():
            await end_backend(self.home)
        for cluster in self._clusters:
            cluster.stop()


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """A place of its own below a short path."""
    directory = Path(tempfile.mkdtemp(prefix="cdb-"))
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            made = Place(directory, http)
            try:
                yield made
            finally:
                await made.close()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
