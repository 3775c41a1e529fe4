"""Files that are whole or as they were: the one place that knows how.

A draft beside the file gets the content and reaches the disk before it takes the name; a crash at any moment
leaves the old file or the new one. On Windows a file that a virus scanner or another window has open cannot
be replaced for that moment, so it is tried again for a second.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PRIVATE = 0o600
PUBLIC = 0o644
_RETRIES = 20
_PAUSE_SECONDS = 0.05


def write_whole(path: Path, content: bytes | str, *, mode: int = PRIVATE, durable: bool = True) -> None:
    """Replace a file; text is written as UTF-8. Raises ``OSError``, and the old content stays.

    ``mode`` holds whatever the umask is. Without ``durable`` nothing waits for the disk: after a power cut
    the file may be empty, which is enough for what can be fetched again.
    """
    whole = content.encode() if isinstance(content, str) else content
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(whole)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        draft.chmod(mode)
        put_in_place(draft, path, durable=durable)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def put_in_place(draft: Path, path: Path, *, durable: bool = True) -> None:
    """Give a finished file its name; whoever wrote it has brought its content to the disk if ``durable``."""
    while_shared(lambda: draft.replace(path))
    if durable:
        sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make a rename durable; Windows has no such call."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def while_shared(work: Callable[[], T], *, windows: bool = sys.platform == "win32") -> T:
    """Do it, on Windows again and again for a second while somebody else has the file open."""
    for _ in range(_RETRIES if windows else 0):
        try:
            return work()
        except PermissionError:
            time.sleep(_PAUSE_SECONDS)
    return work()
