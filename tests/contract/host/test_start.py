"""What a start does where a back end has run before: few statements, one program."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from chatdesk.localbackend.postgres import SUPERUSER, Cluster
from chatdesk.localbackend.schema import install, is_current
from chatdesk.localbackend.secrets import decode_key, derive
from tests.support.local_backend import KEY, ended, launcher_for
from tests.support.postgres import MIGRATIONS

STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): +(.*?)(?: where .*)?\n")

BEFORE_IT_SERVES = [
    "select version from supabase_migrations.schema_migrations",  # whether a migration is due
    'LISTEN "realtime_messages"',
    "select now() at time zone 'utc'",  # since when the broadcasts are followed
]
BESIDE = "select realtime.maintain_partitions()"
PASSWORDS = derive(decode_key(KEY)).passwords


def statements(home: Path) -> list[str]:
    """The first line of every statement that PostgreSQL was asked to run, in their order."""
    return STATEMENT.findall((home / "pg" / "postgres.log").read_text("utf-8"))


async def start(home: Path) -> None:
    """Start a back end and end it."""
    async with launcher_for(home) as launcher:
        server = await launcher.ensure(KEY)
    await ended(server.pid)


@asynccontextmanager
async def connected(cluster: Cluster, role: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
    """A connection, by default as the owner of the tables."""
    connection = await asyncpg.connect(
        host=cluster.host, port=cluster.port, user=role, password=PASSWORDS[role], database="postgres"
    )
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_start_with_nothing_due_asks_once(home: Path) -> None:
    with (home / "pg" / "data" / "postgresql.conf").open("a") as settings:
        settings.write("log_statement = 'all'\n")
    (home / "pg" / "postgres.log").unlink()
    await start(home)
    assert [each for each in statements(home) if each != BESIDE] == BEFORE_IT_SERVES


async def test_a_start_runs_no_program_but_postgresql(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    class Counting(subprocess.Popen[bytes]):
        def __init__(self, command: Sequence[str], *more: Any, **named: Any) -> None:
            begun.append(Path(command[0]).name)
            super().__init__(command, *more, **named)

    monkeypatch.setattr(subprocess, "Popen", Counting)
    cluster = Cluster(home / "pg")
    cluster.prepare(PASSWORDS)
    cluster.start()
    cluster.stop()
    assert begun == ["postgres"]


async def test_what_a_newer_version_brings_is_there_before_it_serves(new_home: Path, tmp_path: Path) -> None:
    """The home of an older ChatDesk, which did not have the last file."""
    for path in sorted(MIGRATIONS.glob("*.sql"))[:-1]:
        shutil.copy(path, tmp_path)
    new_home.mkdir()
    cluster = Cluster(new_home / "pg")
    cluster.prepare(PASSWORDS)
    cluster.start()
    try:
        async with connected(cluster, SUPERUSER) as admin, connected(cluster) as owner:
            await install(admin, owner, tmp_path)
        cluster.stop()
        await start(new_home)
        cluster.start()
        async with connected(cluster) as owner:
            assert await is_current(owner, MIGRATIONS)
    finally:
        cluster.stop()
