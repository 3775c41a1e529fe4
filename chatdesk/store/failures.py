"""SQLite's and the file system's words, turned into sentences for people."""

from __future__ import annotations

import errno
import sqlite3

from chatdesk.domain.errors import ChatDeskError, StoreDamaged

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_MISMATCH}
_CLOSED = "The local store is closed."


class DamagedFile(StoreDamaged):
    """One of a slot's two files cannot be read; ``role`` says which (``cache`` or ``outbox``)."""

    def __init__(self, role: str, detail: str) -> None:
        super().__init__(
            "A file of the local store is damaged.",
            "ChatDesk sets it aside and goes on with a fresh one.",
            detail,
        )
        self.role = role


def full() -> ChatDeskError:
    return ChatDeskError(
        "The disk is full, so nothing could be saved.", "Free some space and try again.", "disk_full"
    )


def read_only() -> ChatDeskError:
    return ChatDeskError(
        "The folder of ChatDesk's local store cannot be written to.",
        "Check its permissions and try again.",
        "read_only",
    )


def closed() -> ChatDeskError:
    return ChatDeskError(_CLOSED, "Open the window again.", "closed")


SQLITE_FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What the module raises: also when SQLite's own error message quotes damaged bytes of the schema."""


def from_sqlite(failure: sqlite3.Error | UnicodeDecodeError, role: str) -> ChatDeskError:
    """Tell damage (``DamagedFile``) from a full, locked, read-only or failing disk."""
    if isinstance(failure, UnicodeDecodeError):
        return DamagedFile(role, "text that is not UTF-8")
    code = getattr(failure, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    name = getattr(failure, "sqlite_errorname", None) or type(failure).__name__
    text = str(failure)
    if isinstance(failure, sqlite3.ProgrammingError) and "closed" in text:
        return DamagedFile(role, "set aside, and its successor could not be made yet")
    # The module itself, without a code of SQLite, reports text that is not UTF-8 and tables that are missing.
    if primary in _DAMAGED or text.startswith("Could not decode"):
        return DamagedFile(role, f"{name}: {text}"[:200])
    if primary == sqlite3.SQLITE_ERROR and text.startswith(("no such table", "no such column", "malformed")):
        return DamagedFile(role, f"{name}: {text}"[:200])
    if primary == sqlite3.SQLITE_FULL:
        return full()
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return read_only()
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ChatDeskError(
            "Another program holds a file of ChatDesk's local store.", "Close it and try again.", name
        )
    if primary == sqlite3.SQLITE_IOERR:
        return ChatDeskError(
            "The disk reported an error, so nothing could be saved.", "Check the disk and try again.", name
        )
    return ChatDeskError(
        "The local store refused a change.", "Start ChatDesk again.", f"{name}: {text}"[:200]
    )


def from_os(failure: OSError) -> ChatDeskError:
    """Translate what the file system said."""
    if failure.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return full()
    if failure.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return read_only()
    return ChatDeskError(
        "The folder of ChatDesk's local store cannot be used.",
        "Check that it exists and can be written to.",
        failure.strerror or type(failure).__name__,
    )
