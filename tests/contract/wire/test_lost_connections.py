"""A transaction whose connection the database ends: what the block raised is what the caller is told."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from chatdesk.localbackend.database import UNREACHABLE
from chatdesk.localbackend.database import Database as ServerDatabase
from chatdesk.localbackend.tokens import Caller
from tests.faults.rig import until
from tests.support.postgres import PASSWORD, ROLES, Database, clusters, database

__all__ = ["clusters", "database"]

OURS = "from pg_stat_activity where datname = current_database()"
DEADLINE = 30
NOBODY = Caller("anon", {"role": "anon"}, '{"role":"anon"}', 2**31, "")


class Broken(Exception):
    """What the block raises."""


async def test_a_lost_connection_hides_no_failure(database: Database) -> None:
    cluster, admin = database.cluster, await database.admin()
    server = await ServerDatabase.open(
        cluster.host, cluster.port, dict.fromkeys(ROLES, PASSWORD), database=database.name
    )
    try:
        with pytest.raises(Broken):
            await _break_inside(server, admin)
        async with server.acting_as(NOBODY) as connection:
            assert await connection.fetchval("SELECT 1") == 1
    finally:
        await server.close()


async def _break_inside(server: ServerDatabase, admin: asyncpg.Connection) -> None:
    """Fail in a transaction whose connection the pool has already given up."""
    async with server.acting_as(NOBODY) as connection:
        await admin.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
        with pytest.raises(UNREACHABLE):
            await connection.fetchval("SELECT 1")
        await until(lambda: not _held(connection))
        raise Broken


def _held(connection: object) -> bool:
    """Whether anybody still takes this connection for a living one that is ours."""
    try:
        return not connection.is_closed()  # type: ignore[attr-defined]  # asyncpg's proxy, which has no types
    except asyncpg.InterfaceError:
        return False


async def test_the_first_listener_is_there_already_and_a_lost_one_is_replaced(database: Database) -> None:
    cluster, admin = database.cluster, await database.admin()
    count = f"select count(*) {OURS} and application_name = 'chatdesk-feed'"
    opened = await asyncio.gather(
        *(
            ServerDatabase.open(
                cluster.host, cluster.port, dict.fromkeys(ROLES, PASSWORD), database=database.name
            )
            for _ in range(2)
        )
    )
    try:
        assert await admin.fetchval(count) == 2
        first, second = await opened[0].listener(), await opened[0].listener()
        assert first.get_server_pid() != second.get_server_pid()
        assert await admin.fetchval(count) == 3
        for connection in (first, second):
            await connection.close()
        await admin.execute(f"select pg_terminate_backend(pid) {OURS} and application_name = 'chatdesk-feed'")
        await until(lambda: opened[1]._listener.is_closed())
        third = await opened[1].listener()
        assert await third.fetchval("select 1") == 1
        await third.close()
    finally:
        for each in opened:
            await each.close()


async def test_a_database_that_cannot_be_opened_leaves_no_connection(database: Database) -> None:
    cluster, admin = database.cluster, await database.admin()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ServerDatabase.open(
            cluster.host,
            cluster.port,
            {**dict.fromkeys(ROLES, PASSWORD), "authenticator": "wrong"},
            database=database.name,
        )
    async with asyncio.timeout(DEADLINE):
        while await admin.fetchval(f"select count(*) {OURS} and application_name like 'chatdesk%'"):
            pass  # PostgreSQL notices it a moment later
