"""Fetched files on this computer, as many as fit below a size."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from chatdesk.runtime.whole_file import write_whole

MOST_BYTES = 200 * 1024 * 1024


class FileCache:
    """Files in one private directory, named by a digest of their path; the longest unused ones go first.

    Plain functions for a thread. A disk that is full or read-only only means that nothing is kept. Several
    instances may share the directory: a file is put in its place as a whole.
    """

    def __init__(self, directory: Path, most_bytes: int = MOST_BYTES) -> None:
        self._directory = directory
        self._most = most_bytes

    def read(self, path: str) -> bytes | None:
        """Return what is kept under ``path``, or None."""
        kept = self._place(path)
        try:
            content = kept.read_bytes()
        except OSError:
            return None
        with suppress(OSError):
            os.utime(kept)
        return content

    def write(self, path: str, content: bytes) -> None:
        """Keep a file and remove the ones that have become too many."""
        kept = self._place(path)
        with suppress(OSError):
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(kept, content, durable=False)
            self._shrink()

    def forget(self, paths: Iterable[str]) -> None:
        """Remove what is kept under these paths."""
        for path in paths:
            with suppress(OSError):
                self._place(path).unlink(missing_ok=True)

    def _shrink(self) -> None:
        found = []
        for entry in os.scandir(self._directory):
            with suppress(OSError):
                status = entry.stat()
                found.append((status.st_mtime, status.st_size, Path(entry.path)))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self._most:
                return
            with suppress(OSError):
                path.unlink()
                total -= size

    def _place(self, path: str) -> Path:
        return self._directory / hashlib.sha256(path.encode()).hexdigest()
