"""Files that are whole or not there, under names that every system takes."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from chatdesk.domain.errors import ChatDeskError
from chatdesk.runtime.whole_file import put_in_place

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_LONGEST = 120
"""Bytes; file systems take 255, and the dialog may add to it."""


def file_name(title: str, otherwise: str, ending: str) -> str:
    """Return a file name for a title: no separators, no hidden or reserved name, not too long."""
    name = " ".join(_FORBIDDEN.sub(" ", title.encode("utf-8", "replace").decode()).split())
    name = name.encode()[:_LONGEST].decode("utf-8", "ignore").strip(" .")
    if not name or _RESERVED.match(name):
        name = f"{otherwise} {name}".strip()
    return f"{name}{ending}"


class WholeFile:
    """A text file that appears under ``path`` when ``finish`` is called, and not before.

    Until then, and after ``discard``, what was there is as it was. Every method raises ``ChatDeskError`` for
    what the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary: str | None = None
        self._file: IO[str] | None = None

    def open(self) -> None:
        with told():
            number, self._temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=self._path.parent)
            self._file = os.fdopen(number, "w", encoding="utf-8", errors="replace", newline="\n")

    def write(self, text: str) -> None:
        assert self._file is not None
        with told():
            self._file.write(text)

    def finish(self) -> None:
        """Put the file in its place, once everything is on the disk."""
        assert self._file is not None
        assert self._temporary is not None
        with told():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            put_in_place(Path(self._temporary), self._path)
            self._temporary = None

    def discard(self) -> None:
        """Leave nothing behind; does nothing after ``finish``."""
        if self._temporary is None:
            return
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
        with suppress(OSError):
            os.unlink(self._temporary)
        self._temporary = None


@contextmanager
def told() -> Iterator[None]:
    """Say what the disk refuses as ``ChatDeskError``."""
    try:
        yield
    except OSError as fault:
        raise ChatDeskError(
            "The file could not be written.", "Check the folder and the space on the disk.", str(fault.errno)
        ) from fault
