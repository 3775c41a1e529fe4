"""What runs on the event loop: the database's set-up, the server, and the reasons to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from chatdesk import __version__
from chatdesk.localbackend.database import UNREACHABLE, Database
from chatdesk.localbackend.postgres import SUPERUSER, Cluster
from chatdesk.localbackend.schema import install, is_current
from chatdesk.localbackend.scope import TaskScope
from chatdesk.localbackend.secrets import Secrets
from chatdesk.resources import resource

if TYPE_CHECKING:
    from chatdesk.localbackend.serving import Serving

__all__ = ["Service"]

_log = logging.getLogger(__name__)

_WATCH_SECONDS = 0.25
_CHORES_SECONDS = 60.0
_STOP_SECONDS = 8.0


class Service:
    """The embedded back end between the start of PostgreSQL and its stop.

    ``serving`` is what talks to clients, which may still be being imported; ``passed`` is told the name of
    each stage of the start.
    """

    def __init__(
        self,
        home: Path,
        linger: float,
        keys: Secrets,
        cluster: Cluster,
        serving: Future[type[Serving]],
        passed: Callable[[str], None],
    ) -> None:
        self._home = home
        self._linger = linger
        self._secrets = keys
        self._cluster = cluster
        self._serving = serving
        self._passed = passed
        self._clean = True

    async def run(self) -> bool:
        """Serve until a signal, the last client's leave or PostgreSQL's end; False after the last one."""
        stop = asyncio.Event()
        _listen_to_signals(stop)
        database = await self._open()
        self._passed("Database opened")
        try:
            serving_type = await asyncio.wrap_future(self._serving)
            self._passed("Libraries loaded")
            serving = serving_type(self._home, self._linger, self._secrets, database, stop.set)
            await self._serve(serving, database, stop)
        finally:
            await database.close()
        return self._clean

    async def _open(self) -> Database:
        """The database with all that ChatDesk needs in it."""
        host, port, passwords = self._cluster.host, self._cluster.port, self._secrets.passwords
        migrations = resource("supabase", "migrations")
        database = await Database.open(host, port, passwords)
        try:
            current = await is_current(database.admin, migrations)
        except BaseException:
            await database.close()
            raise
        if current:
            return database
        # Opened anew afterwards: what the bootstrap sets for a role is for its later connections.
        await database.close()
        admin, postgres = [
            await asyncpg.connect(
                host=host, port=port, user=role, password=passwords[role], database="postgres"
            )
            for role in (SUPERUSER, "postgres")
        ]
        try:
            await install(admin, postgres, migrations)
        finally:
            await admin.close()
            await postgres.close()
        self._passed("Schema installed")
        return await Database.open(host, port, passwords)

    async def _serve(self, serving: Serving, database: Database, stop: asyncio.Event) -> None:
        scope = TaskScope("Host")
        try:
            port = await serving.open()
            scope.start(self._watch_database(stop), "watch PostgreSQL")
            scope.start(_chores(database), "daily chores")
            self._passed("Serving")
            _log.info("Serving on port %d, version %s", port, __version__)
            await stop.wait()
        finally:
            serving.hide()
            _log.info("Stopping: %s", "signal or no client left" if self._clean else "PostgreSQL has ended")
            with suppress(TimeoutError):  # the next server waits for us to be gone
                async with asyncio.timeout(_STOP_SECONDS):
                    await scope.close()
                    await serving.close()

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
