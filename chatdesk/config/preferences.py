"""The options of this computer in one small file, shared by all instances."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

from filelock import FileLock, Timeout

from chatdesk.config.options import Option, Scope
from chatdesk.runtime.whole_file import write_whole

T = TypeVar("T")

_log = logging.getLogger(__name__)

FILE = "preferences.json"
LOCK_SECONDS = 2.0

# A file of this size was not written by ChatDesk.
_MOST_BYTES = 1_000_000


class Preferences:
    """Typed access to the device's options; a value that is missing or unsound counts as not set.

    The file is replaced as a whole, so a reader never sees half of it, and read again under a lock before a
    value is put in, so that two instances never undo each other. One that cannot be read is set aside as
    ``preferences.json.damaged-<UTC time>`` and the options start from their defaults; ``recovered`` says so.
    Keys of a newer version stay. Without a path nothing is kept.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        self.recovered = ""
        self.reload()

    @property
    def path(self) -> Path | None:
        """Where the file is, whether it exists or not."""
        return self._path

    def get(self, option: Option[T]) -> T:
        """Return the value of an option, or its default."""
        value: Any = self._values.get(option.key)
        return cast(T, value) if option.sound(value) else option.default

    def put(self, option: Option[T], value: T) -> None:
        """Set an option and write it down.

        Raises ``ValueError`` for an unsound value, and ``OSError`` when the file cannot be written; the value
        holds in this instance all the same.
        """
        if option.scope is not Scope.DEVICE or not option.sound(value):
            raise ValueError(f"{value!r} cannot be the value of {option.key}.")
        if self._path is None:
            self._values[option.key] = value
            return
        try:
            with self._alone(self._path):
                self.reload()
                self._values[option.key] = value
                write_whole(self._path, json.dumps(self._values, indent=1, ensure_ascii=False))
        finally:
            self._values[option.key] = value

    def reload(self) -> None:
        """Read the file again."""
        if self._path is not None and (values := self._read(self._path)) is not None:
            self._values = values

    def _read(self, path: Path) -> dict[str, Any] | None:
        """Return what is in the file; None when it cannot be reached, and then what was known still holds."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as failure:
            _log.warning("%s cannot be read: %s", path.name, failure.strerror)
            return None
        try:
            if len(content) > _MOST_BYTES:
                raise ValueError("too large")
            values = json.loads(content)
            if not isinstance(values, dict):
                raise ValueError("no object")
        except (ValueError, RecursionError) as failure:
            _log.warning("%s is damaged (%s) and was set aside", path.name, failure)
            self._set_aside(path)
            return {}
        return values

    def _set_aside(self, path: Path) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        with contextlib.suppress(OSError):
            path.replace(path.with_name(f"{path.name}.damaged-{stamp}"))
        self.recovered = "The settings could not be read; they were set aside and start from their defaults."

    @contextlib.contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except Timeout:
            # Somebody hangs while holding it; a setting must not wait for that.
            _log.warning("%s is held by another instance; it is written all the same", path.name)
        try:
            yield
        finally:
            lock.release()
