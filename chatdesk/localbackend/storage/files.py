"""Bytes on disk, named by the version of their object and never by anything a user chose."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from pathlib import Path

__all__ = ["Files"]


class Files:
    """A directory (0700) of write-once files. All methods do their work on a thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def write(self, content: bytes) -> str:
        """Store ``content`` durably and return its version."""
        version = str(uuid.uuid4())
        await asyncio.to_thread(self._write, version, content)
        return version

    def _write(self, version: str, content: bytes) -> None:
        path = self._path(version)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    async def read(self, version: str) -> bytes:
        """The content; raises ``FileNotFoundError``."""
        return await asyncio.to_thread(self._path(version).read_bytes)

    async def remove(self, *versions: str | None) -> None:
        """Remove files; one that is missing is as good as removed."""
        await asyncio.to_thread(self._remove, versions)

    def _remove(self, versions: tuple[str | None, ...]) -> None:
        for version in versions:
            if version:
                with contextlib.suppress(FileNotFoundError, ValueError):
                    self._path(version).unlink()

    def _path(self, version: str) -> Path:
        name = str(uuid.UUID(version))  # anything but a UUID raises ValueError
        return self._directory / name[:2] / name
