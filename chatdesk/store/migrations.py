"""Bringing a file to the present version, one whole step at a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from chatdesk.store.failures import DamagedFile
from chatdesk.store.schema import Layout


def migrate(connection: sqlite3.Connection, layout: Layout) -> None:
    """Run the missing steps; each is one transaction together with its version number.

    SQLite keeps ``user_version`` and ``application_id`` in the first page, so they roll back with the step: a
    process killed at any statement leaves the old version or the new one.
    """
    version = _number(connection, "user_version")
    for step in range(version, layout.version):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in layout.steps[step]:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {layout.application_id}")
            connection.execute(f"PRAGMA user_version = {step + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def check_identity(connection: sqlite3.Connection, layout: Layout) -> None:
    """Raise ``DamagedFile`` for a stranger's database and for one that a newer ChatDesk wrote."""
    if _number(connection, "application_id") != layout.application_id:
        raise DamagedFile(layout.role, "not a file of ChatDesk")
    version = _number(connection, "user_version")
    if not 1 <= version <= layout.version:
        raise DamagedFile(layout.role, f"version {version} is not known here")


def check_schema(connection: sqlite3.Connection, layout: Layout) -> None:
    """Raise ``DamagedFile`` unless the tables are exactly those of ``layout``."""
    found = {row[0] for row in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
    if not _tables(layout) <= found:
        raise DamagedFile(layout.role, "tables are missing")


@cache
def _tables(layout: Layout) -> frozenset[str]:
    """What SQLite writes down for the tables of ``layout``: a later step may rewrite an earlier statement."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        for step in layout.steps:
            for statement in step:
                fresh.execute(statement)
        return frozenset(row[0] for row in fresh.execute("SELECT sql FROM sqlite_schema WHERE sql NOT NULL"))


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    row = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(row[0])
