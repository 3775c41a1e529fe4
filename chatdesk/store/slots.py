"""Numbered places for the files of one instance, each held by an OS lock.

Only the lock tells whether an instance lives: a process id may be reused and a time-out may only mean that a
laptop slept. The locks of a process that dies are released by the system.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from chatdesk.domain.errors import ChatDeskError, Misconfigured
from chatdesk.runtime.whole_file import write_whole
from chatdesk.store import files

_OPENING_SECONDS = 10.0
_MOST_SLOTS = 1000
_LOCK = "lock"
_SIGNED_OUT = "signed-out"
_ERA = "era"
"""In the account's folder: which sign-out was the last one. In a slot: the one it was opened after."""


class Slot:
    """One place, while its lock is held by this process."""

    def __init__(self, directory: Path, number: int, lock: FileLock) -> None:
        self.directory = directory
        self.number = number
        self._lock = lock

    @property
    def cache(self) -> Path:
        return self.directory / "cache.db"

    @property
    def outbox(self) -> Path:
        return self.directory / "outbox.db"

    def sign_out(self) -> None:
        """Remove everything but the lock; if that fails, a mark makes the next holder do it first."""
        mark = self.directory / _SIGNED_OUT
        if not mark.exists():
            files.private_file(mark)
        self.finish_sign_out()

    def finish_sign_out(self) -> None:
        """Empty a place that was marked by a sign-out, or missed one while it was in use elsewhere."""
        if not (self.directory / _SIGNED_OUT).exists() and self.era == era_of(self.directory.parent):
            return
        for path in sorted(self.directory.iterdir(), key=lambda path: path.name in (_SIGNED_OUT, _ERA)):
            if path.name != _LOCK:
                files.remove(path)

    @property
    def era(self) -> str:
        """The sign-out after which this place was opened last; empty before the first one."""
        return _read(self.directory / _ERA)

    def enter_era(self) -> None:
        """Note that this place, empty of anything older, is opened after the account's last sign-out."""
        era = era_of(self.directory.parent)
        if self.era != era:
            write_whole(self.directory / _ERA, era)

    def release(self) -> None:
        self._lock.release()


def account_directory(directory: Path, account_key: str) -> Path:
    """Return the folder of an account; raises ``Misconfigured`` when the key is no plain name."""
    if not account_key or account_key in (".", "..") or any(sign in account_key for sign in "/\\:\0"):
        raise Misconfigured("The account's name on this computer cannot be used as a folder name.")
    return directory / account_key


def era_of(account: Path) -> str:
    """Return the mark of the account's last sign-out on this computer; empty before the first one."""
    return _read(account / _ERA)


def begin_era(account: Path) -> None:
    """Mark a sign-out: whatever was opened before it is to be emptied, by whoever holds it or comes next."""
    write_whole(account / _ERA, secrets.token_hex(8))


@contextmanager
def opening(account: Path) -> Iterator[None]:
    """Let one instance at a time choose a slot, seed it and look after the others.

    Without it, ten instances started at once would meet each other's short visits and spread over twenty.
    """
    lock = FileLock(account / "opening.lock", mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=_OPENING_SECONDS)
    except Timeout as failure:
        raise ChatDeskError(
            "Another ChatDesk window is still starting.", "Wait a moment and try again.", "opening"
        ) from failure
    try:
        yield
    finally:
        lock.release()


def take_free(account: Path) -> Slot:
    """Take the lowest slot whose lock is free."""
    for number in range(_MOST_SLOTS):
        slot = _take(account / f"slot-{number}", number)
        if slot is not None:
            return slot
    raise ChatDeskError("Too many ChatDesk windows are open.", "Close one and try again.", "slots")


def others(account: Path, own: int | None) -> Iterator[tuple[int, Slot | None]]:
    """Go through the other slots; one whose instance is gone is held during its step, else it is None."""
    for number in sorted(_numbers(account)):
        if number == own:
            continue
        slot = _take(account / f"slot-{number}", number)
        try:
            yield number, slot
        finally:
            if slot is not None:
                slot.release()


def _numbers(account: Path) -> set[int]:
    names = (entry.name for entry in os.scandir(account) if entry.name.startswith("slot-"))
    return {int(name[5:]) for name in names if name[5:].isascii() and name[5:].isdigit()}


def _take(directory: Path, number: int) -> Slot | None:
    files.private_directory(directory)
    lock = FileLock(directory / _LOCK, blocking=False, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    return Slot(directory, number, lock)


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
