"""Private files: only their owner can read what this room writes, whatever the umask is."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

COMPANIONS = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by suffix; the database itself first."""

_KEPT = 3


def private_directory(path: Path) -> None:
    """Make ``path`` and what is missing above it, each for the owner only (0700)."""
    if not path.is_dir():
        if not path.parent.is_dir():
            private_directory(path.parent)
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
    path.chmod(0o700)


def private_file(path: Path) -> None:
    """Make an empty file for the owner only (0600).

    SQLite gives ``-wal``, ``-shm`` and ``-journal`` the permissions of the database (os_unix.c,
    findCreateFileMode), so making the database first makes all of them private.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    path.chmod(0o600)


def keep_private(database: Path) -> None:
    """Take the permissions of others off an existing database and its companions."""
    for suffix in COMPANIONS:
        with suppress(FileNotFoundError):
            Path(f"{database}{suffix}").chmod(0o600)


def sync(path: Path) -> None:
    """Bring a file, or the names in a directory, to the disk (a directory cannot be opened on Windows)."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file or a whole directory that may not be there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_database(database: Path) -> None:
    for suffix in COMPANIONS:
        remove(Path(f"{database}{suffix}"))


def exists(database: Path) -> bool:
    """Tell whether a database or an orphaned companion of one is there."""
    return any(os.path.lexists(f"{database}{suffix}") for suffix in COMPANIONS)


def has_strange_companion(database: Path) -> bool:
    """Tell whether a directory or a link lies where SQLite wants a journal: it could read but never write."""
    companions = (Path(f"{database}{suffix}") for suffix in COMPANIONS[1:])
    return any(path.is_symlink() or path.is_dir() for path in companions)


def set_aside(database: Path, now: datetime) -> Path:
    """Rename a database and its companions to ``<name>.damaged-<UTC time>``; return the new path."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    target, count = Path(f"{database}.damaged-{stamp}"), 1
    while exists(target):
        count += 1
        target = Path(f"{database}.damaged-{stamp}-{count}")
    # The database goes last: without its journal it would look whole and lack what the journal holds.
    for suffix in reversed(COMPANIONS):
        if os.path.lexists(f"{database}{suffix}"):
            os.replace(f"{database}{suffix}", f"{target}{suffix}")
    return target


def prune_set_aside(database: Path) -> None:
    """Keep only the newest few files set aside; for files whose contents the server has anyway."""
    found = sorted(database.parent.glob(f"{database.name}.damaged-*"), key=lambda path: path.name)
    bases = [path for path in found if not path.name.endswith(COMPANIONS[1:])]
    for old in bases[:-_KEPT]:
        remove_database(old)
