"""Opening a SQLite file the way this room needs it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from chatdesk.runtime.whole_file import put_in_place
from chatdesk.store import files
from chatdesk.store.failures import SQLITE_FAILURES, DamagedFile, from_sqlite
from chatdesk.store.migrations import check_identity, check_schema, migrate
from chatdesk.store.schema import Layout

_BUSY_SECONDS = 2.0
_CHECKED_BYTES = 16 * 1024 * 1024
"""A cache up to this size is checked page by page when it is opened (about 3 ms per MB); a larger one would
delay the window, and damage in it is found, and healed the same way, when it is met."""

_MOST_VALUES = 999
"""What an older SQLite takes in one statement."""

_UNREADABLE = {
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_DATA,
    sqlite3.SQLITE_IOERR_CORRUPTFS,
}


class Database:
    """One open file. Whatever SQLite raises leaves here as a ``ChatDeskError``; damage as ``DamagedFile``.

    A file has exactly one connection, used on the store's thread. Several processes never share one (how
    a new slot is seeded is said in ``opening``): SQLite before 3.51.3 can damage a WAL file that two
    connections write or checkpoint at the same instant (sqlite.org/wal.html, "The WAL-Reset Bug").
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, role: str) -> None:
        self.path = path
        self.role = role
        self._connection = connection
        self._synchronous = ""

    def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        try:
            return self._connection.execute(sql, args).fetchall()
        except SQLITE_FAILURES as failure:
            raise from_sqlite(failure, self.role) from failure

    def row(self, sql: str, args: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query."""
        found = self.rows(sql, args)
        return found[0] if found else None

    def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run one statement; return the number of rows it wrote."""
        try:
            return self._connection.execute(sql, args).rowcount
        except SQLITE_FAILURES as failure:
            raise from_sqlite(failure, self.role) from failure

    def insert(self, into: str, rows: Sequence[Sequence[Any]], otherwise: str = "") -> None:
        """Run ``INSERT INTO <into> VALUES (...) <otherwise>`` for all rows, in their order, many at a time.

        A statement for each row costs more in Python than in SQLite. A statement has a power of two of rows,
        so that there are few different ones, which are kept prepared.
        """
        left = list(rows)
        while left:
            most = min(len(left), _MOST_VALUES // len(left[0]))
            part = 1 << (most.bit_length() - 1)
            marks = ", ".join([f"({', '.join('?' * len(left[0]))})"] * part)
            self.execute(f"INSERT INTO {into} VALUES {marks}{otherwise}", list(chain(*left[:part])))
            del left[:part]

    @contextmanager
    def transaction(self, *, durable: bool = False, unsynced: bool = False) -> Iterator[None]:
        """All or nothing. ``durable``: the commit has reached the disk when the block is left
        (``synchronous=FULL``); otherwise it survives the process but maybe not a power cut. ``unsynced``: the
        disk is not asked to sync anything (``OFF``), for one that cannot."""
        wanted = "FULL" if durable else "NORMAL"
        if unsynced:
            wanted = "OFF"
        if wanted != self._synchronous:
            self.execute(f"PRAGMA synchronous = {wanted}")
            self._synchronous = wanted
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self.execute("ROLLBACK")
            raise

    def copy_into(self, target: sqlite3.Connection) -> None:
        """Copy the whole file as of one moment (SQLite's backup, in one step)."""
        try:
            self._connection.backup(target)
        except SQLITE_FAILURES as failure:
            raise from_sqlite(failure, self.role) from failure

    def close(self) -> None:
        """Close the file; SQLite writes a WAL back and removes it. Never raises: nobody is left to tell."""
        try:
            self._connection.close()
        except sqlite3.Error:
            return


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open an existing file; raises ``sqlite3.Error``."""
    address = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)


def open_database(path: Path, layout: Layout) -> Database:
    """Open a file of ours and check it; raises ``DamagedFile`` for everything that is not one."""
    if not path.is_file() or path.stat().st_size == 0:
        raise DamagedFile(layout.role, "empty or not a file")
    if files.has_strange_companion(path):
        raise DamagedFile(layout.role, "a companion is not a file")
    files.keep_private(path)
    try:
        connection = connect(path)
    except SQLITE_FAILURES as failure:
        raise _at_open(failure, layout.role) from failure
    try:
        check_identity(connection, layout)
        if connection.execute(f"PRAGMA journal_mode = {layout.journal}").fetchone()[0] != layout.journal:
            raise DamagedFile(layout.role, f"journal mode {layout.journal} refused")
        # Deleted text is overwritten in the file, not only forgotten; temporary tables stay in memory.
        for pragma in (
            "secure_delete = ON",
            "temp_store = MEMORY",
            "cell_size_check = ON",
            "journal_size_limit = 4194304",
            "cache_size = -8192",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        migrate(connection, layout)
        check_schema(connection, layout)
        if path.stat().st_size <= _CHECKED_BYTES:
            check_pages(connection, layout.role)
    except SQLITE_FAILURES as failure:
        connection.close()
        raise _at_open(failure, layout.role) from failure
    except BaseException:
        connection.close()
        raise
    return Database(connection, path, layout.role)


def check_pages(connection: sqlite3.Connection, role: str) -> None:
    """Raise ``DamagedFile`` when a page of the file, or an entry of an index, is not as it must be."""
    verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict is None or verdict[0] != "ok":
        raise DamagedFile(role, str(verdict[0] if verdict else "no verdict")[:200])


def _at_open(failure: sqlite3.Error | UnicodeDecodeError, role: str) -> Exception:
    """A file that cannot even be opened or read is damaged; a full or read-only disk is not its fault."""
    code = getattr(failure, "sqlite_errorcode", None) or 0
    if code in _UNREADABLE or code & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_ERROR):
        return DamagedFile(role, str(failure)[:200])
    return from_sqlite(failure, role)


def create_database(
    path: Path, layout: Layout, seed: Database | None = None, *, durable: bool = False
) -> None:
    """Make a file of ours, or a copy of ``seed``, complete or not at all.

    It is written beside its place and renamed, so a process killed here leaves no half-made file under the
    real name. ``durable``: the file and its name have reached the disk when this returns.
    """
    draft = path.with_name(f"{path.name}.new")
    files.remove_database(draft)
    files.private_file(draft)
    try:
        connection = connect(draft)
        try:
            connection.execute("PRAGMA synchronous = OFF")  # synced as a whole, below, if at all
            if seed is None:
                connection.execute(f"PRAGMA journal_mode = {layout.journal}").fetchall()
                migrate(connection, layout)
            else:
                seed.copy_into(connection)
                check_pages(connection, layout.role)
        finally:
            connection.close()
    except SQLITE_FAILURES as failure:
        files.remove_database(draft)
        raise from_sqlite(failure, layout.role) from failure
    except BaseException:
        files.remove_database(draft)
        raise
    for suffix in files.COMPANIONS[1:]:
        files.remove(Path(f"{draft}{suffix}"))
    if durable:
        files.sync(draft)
    put_in_place(draft, path, durable=durable)
