"""The folder beside a Markdown file that holds the files of its messages."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from chatdesk.portability.attached import FileRecord
from chatdesk.portability.files import file_name, told


class FileFolder:
    """Made with the first file; takes its name with ``finish`` and leaves nothing behind with ``discard``.

    Its name is the Markdown file's with `` files``, and a number if such a folder is there already.
    """

    def __init__(self, document: Path) -> None:
        self._document = document
        self._target: Path | None = None
        self._temporary: Path | None = None
        self._names: set[str] = set()

    def link(self, record: FileRecord) -> str:
        """Write a file and return the Markdown that leads to it."""
        shown = record.name.replace("\\", " ").replace("[", "(").replace("]", ")")
        if record.content is None:
            return f"*{shown}*"
        with told():
            if self._temporary is None:
                self._temporary = Path(
                    tempfile.mkdtemp(prefix=".", suffix=".part", dir=self._document.parent)
                )
                self._target = self._free()
            name = self._name(record.name)
            (self._temporary / name).write_bytes(record.content)
        assert self._target is not None
        mark = "!" if record.media_type.startswith("image/") else ""
        return f"{mark}[{shown}]({quote(f'{self._target.name}/{name}')})"

    def finish(self) -> None:
        """Give the folder its name, before the document takes its own."""
        if self._temporary is not None and self._target is not None:
            with told():
                self._temporary.chmod(0o755)
                self._temporary.rename(self._target)
            self._temporary = None

    def discard(self) -> None:
        """Leave nothing behind; does nothing after ``finish``."""
        if self._temporary is not None:
            with suppress(OSError):
                shutil.rmtree(self._temporary)
            self._temporary = None

    def _free(self) -> Path:
        place, number = self._document.with_name(f"{self._document.stem} files"), 1
        while place.exists():
            number += 1
            place = self._document.with_name(f"{self._document.stem} files {number}")
        return place

    def _name(self, name: str) -> str:
        stem, dot, ending = name.rpartition(".")
        stem, ending = (stem, f".{ending}") if dot and stem else (name, "")
        made, number = file_name(stem, "file", ending), 1
        while made.casefold() in self._names:
            number += 1
            made = file_name(f"{stem} {number}", "file", ending)
        self._names.add(made.casefold())
        return made
