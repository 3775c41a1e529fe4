"""Brings a database to what ChatDesk needs: first what a hosted project has anyway, then our migrations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

_BOOTSTRAP = Path(__file__).with_name("bootstrap.sql")
_AUTH_FLOWS = Path(__file__).with_name("auth_flows.sql")
_ANNOUNCEMENTS = Path(__file__).with_name("announcements.sql")
_NAME = re.compile(r"(\d+)_(\w+)\.sql")
_LOCK = 5_213_960_021  # any number nobody else uses as an advisory lock

# The table that the Supabase CLI keeps, so that `supabase db push` and we agree on what has been applied.
_HISTORY = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key,
    statements text[],
    name text
);
"""

# What ``bootstrap`` runs, and whether a database has it.
_BEGINNINGS = (
    ("to_regnamespace('realtime') is not null", _BOOTSTRAP),
    ("to_regclass('auth.mails') is not null", _AUTH_FLOWS),
    ("to_regprocedure('realtime.announce_row()') is not null", _ANNOUNCEMENTS),
)
# Without a row where the bootstrap is not complete.
_APPLIED = "select version from supabase_migrations.schema_migrations where " + " and ".join(
    has_it for has_it, _ in _BEGINNINGS
)


class SchemaFailed(Exception):
    """The bootstrap or a migration was refused; the text names the file and PostgreSQL's reason."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One forward-only file: ``0001_tables.sql`` has version ``0001`` and name ``tables``."""

    version: str
    name: str
    path: Path


def migrations_in(directory: Path) -> tuple[Migration, ...]:
    """The migrations of ``directory`` in their order; raises ``SchemaFailed`` on a bad or double number."""
    found: list[Migration] = []
    for path in sorted(directory.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise SchemaFailed(f"{path.name} is not named like 0001_name.sql.")
        if found and found[-1].version == match[1]:
            raise SchemaFailed(f"{path.name} and {found[-1].path.name} have the same number.")
        found.append(Migration(match[1], match[2], path))
    if not found:
        raise SchemaFailed(f"There are no migrations in {directory}.")
    return tuple(found)


async def is_current(connection: asyncpg.Connection, migrations: Path) -> bool:
    """Whether ``install`` would find nothing to do: one query, for every start but the first after a change.

    ``connection`` is one that may see everything.
    """
    wanted = {migration.version for migration in migrations_in(migrations)}
    try:
        rows = await connection.fetch(_APPLIED)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return False
    return wanted <= {row["version"] for row in rows}


async def install(
    connection_admin: asyncpg.Connection, connection_postgres: asyncpg.Connection, migrations: Path
) -> tuple[str, ...]:
    """Bring the connected database up to date; returns the names of the migrations that were new to it.

    ``connection_admin`` is the superuser's, ``connection_postgres`` that of the role ``postgres``; both are
    connections to the same database. Each file runs in one transaction together with its record, so a kill
    in between changes nothing. Raises ``SchemaFailed``.
    """
    wanted = migrations_in(migrations)
    await bootstrap(connection_admin)
    new: list[str] = []
    async with connection_postgres.transaction():
        await connection_postgres.execute("select pg_advisory_xact_lock($1)", _LOCK)
        await connection_postgres.execute("set local client_min_messages = warning")  # "already exists"
        await connection_postgres.execute(_HISTORY)
    for migration in wanted:
        try:
            async with connection_postgres.transaction():
                await connection_postgres.execute("select pg_advisory_xact_lock($1)", _LOCK)
                if await _is_applied(connection_postgres, migration):
                    continue
                text = migration.path.read_text("utf-8")
                await connection_postgres.execute(text)
                await connection_postgres.execute(
                    "insert into supabase_migrations.schema_migrations (version, name, statements)"
                    " values ($1, $2, array[$3])",
                    migration.version,
                    migration.name,
                    text,
                )
        except asyncpg.PostgresError as failure:
            raise SchemaFailed(f"{migration.path.name} was refused: {failure}") from failure
        new.append(migration.path.name)
    return tuple(new)


async def bootstrap(connection_admin: asyncpg.Connection) -> None:
    """Give a database what a hosted project has, where it has it not yet; raises ``SchemaFailed``."""
    try:
        async with connection_admin.transaction():
            await connection_admin.execute("select pg_advisory_xact_lock($1)", _LOCK)
            for has_it, path in _BEGINNINGS:
                if not await connection_admin.fetchval(f"select {has_it}"):
                    await connection_admin.execute(path.read_text("utf-8"))
    except asyncpg.PostgresError as failure:
        raise SchemaFailed(f"{_BOOTSTRAP.name} was refused: {failure}") from failure


async def _is_applied(connection: asyncpg.Connection, migration: Migration) -> bool:
    answer = await connection.fetchval(
        "select exists (select from supabase_migrations.schema_migrations where version = $1)",
        migration.version,
    )
    return bool(answer)
