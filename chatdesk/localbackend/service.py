"""What runs on the event loop: the database's set-up, the HTTP server, and the reasons to stop."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
from aiohttp import web

from chatdesk import __version__
from chatdesk.localbackend.accounts.settings import read_settings
from chatdesk.localbackend.application import Settings, build_application
from chatdesk.localbackend.control import Control
from chatdesk.localbackend.database import UNREACHABLE, Database
from chatdesk.localbackend.linger import Linger
from chatdesk.localbackend.port_file import remove_port_file, write_port_file
from chatdesk.localbackend.postgres import SUPERUSER, Cluster
from chatdesk.localbackend.schema import install
from chatdesk.localbackend.scope import TaskScope
from chatdesk.localbackend.secrets import Secrets
from chatdesk.localbackend.tokens import make_anon_key
from chatdesk.resources import resource

__all__ = ["Service"]

_log = logging.getLogger(__name__)

_WATCH_SECONDS = 0.25
_CHORES_SECONDS = 60.0
_GOODBYE_SECONDS = 2.0
_STOP_SECONDS = 8.0


class Service:
    """The embedded back end between the start of PostgreSQL and its stop.

    ``passed`` is told the name of each stage of the start.
    """

    def __init__(
        self, home: Path, linger: float, keys: Secrets, cluster: Cluster, passed: Callable[[str], None]
    ) -> None:
        self._home = home
        self._linger_seconds = linger
        self._secrets = keys
        self._cluster = cluster
        self._passed = passed
        self._clean = True

    async def run(self) -> bool:
        """Serve until a signal, the last client's leave or PostgreSQL's end; False after the last one."""
        stop = asyncio.Event()
        _listen_to_signals(stop)
        await self._install()
        self._passed("Schema installed")
        database = await Database.open(self._cluster.host, self._cluster.port, self._secrets.passwords)
        try:
            await self._serve(database, stop)
        finally:
            await database.close()
        return self._clean

    async def _install(self) -> None:
        passwords = self._secrets.passwords
        admin, postgres = [
            await asyncpg.connect(
                host=self._cluster.host,
                port=self._cluster.port,
                user=role,
                password=passwords[role],
                database="postgres",
            )
            for role in (SUPERUSER, "postgres")
        ]
        try:
            await install(admin, postgres, resource("supabase", "migrations"))
        finally:
            await admin.close()
            await postgres.close()

    async def _serve(self, database: Database, stop: asyncio.Event) -> None:
        control = Control(secrets.token_urlsafe(32))
        storage = self._home / "storage"
        storage.mkdir(mode=0o700, exist_ok=True)
        application = build_application(
            database=database,
            secrets=self._secrets,
            storage=storage,
            control=control,
            settings=Settings(auth=read_settings(self._home)),
        )
        # No access log: addresses of websockets carry the key, and uninteresting lines hide the others.
        runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=_GOODBYE_SECONDS
        )
        scope = TaskScope("Host")

        def nobody_left() -> None:
            control.refuse()
            stop.set()

        linger = Linger(self._linger_seconds, lambda: control.clients, nobody_left)
        control.on_change = linger.clients_changed
        try:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = int(runner.addresses[0][1])
            scope.start(self._watch_database(stop), "watch PostgreSQL")
            scope.start(_chores(database), "daily chores")
            write_port_file(
                self._home,
                port=port,
                anon_key=make_anon_key(self._secrets.jwt),
                control_token=control.control_token,
                version=__version__,
            )
            linger.start()
            self._passed("Serving")
            _log.info("Serving on port %d, version %s", port, __version__)
            await stop.wait()
        finally:
            # First of all nobody new may find us; a client on its way here is sent away by the control.
            remove_port_file(self._home)
            control.on_change = None
            linger.cancel()
            _log.info("Stopping: %s", "signal or no client left" if self._clean else "PostgreSQL has ended")
            with suppress(TimeoutError):  # the next server waits for us to be gone
                async with asyncio.timeout(_STOP_SECONDS):
                    await control.close()
                    await scope.close()
                    await runner.cleanup()

    async def _watch_database(self, stop: asyncio.Event) -> None:
        """Without PostgreSQL there is nothing to serve: end, and be started anew by whoever needs us."""
        while self._cluster.alive:  # noqa: ASYNC110  (a child's end is no event of asyncio on every system)
            await asyncio.sleep(_WATCH_SECONDS)
        _log.warning("PostgreSQL has ended: %s", self._cluster.last_log_line())
        self._clean = False
        stop.set()


async def _chores(database: Database) -> None:
    """Once a day, and at the start, make the next days' partitions of the broadcasts and drop the old ones.

    The date is looked at every minute, because a timer of a day stands still while the computer sleeps.
    """
    done: date | None = None
    while True:
        if (today := datetime.now(UTC).date()) != done:
            with suppress(*UNREACHABLE):
                await database.admin.execute("select realtime.maintain_partitions()")
                done = today
        await asyncio.sleep(_CHORES_SECONDS)


def _listen_to_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if (number := getattr(signal, name, None)) is None:
            continue
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
