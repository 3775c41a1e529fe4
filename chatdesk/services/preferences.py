"""The options of this computer, as signals."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from chatdesk.config.options import OPTIONS, Option
from chatdesk.config.preferences import Preferences

T = TypeVar("T")

_log = logging.getLogger(__name__)


class PreferenceService(QObject):
    """Reads and sets options, and notices what other instances set.

    Signals: ``changed(Option)`` after an option got another value, here or elsewhere; ``save_failed()`` when
    a value holds but could not be written down.
    """

    changed = Signal(object)
    save_failed = Signal()

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._told = self._values()
        self._watcher = QFileSystemWatcher(self)
        if preferences.path is not None:
            self._watcher.directoryChanged.connect(self._reload)
            self._watcher.fileChanged.connect(self._reload)
            self._watch()

    @property
    def recovered(self) -> str:
        """A sentence about a damaged file that was set aside, or nothing."""
        return self._preferences.recovered

    def get(self, option: Option[T]) -> T:
        """Return the value of an option."""
        return self._preferences.get(option)

    def put(self, option: Option[T], value: T) -> None:
        """Set an option, here and in every other instance; raises ``ValueError`` for an unsound value."""
        if value == self.get(option):
            return
        try:
            self._preferences.put(option, value)
        except OSError as failure:
            _log.warning("The settings cannot be saved: %s", failure.strerror)
            self.save_failed.emit()
        self._tell()

    def _watch(self) -> None:
        # The folder tells of replaced files; the file itself of those who write into it, as editors do.
        path = self._preferences.path
        if path is not None:
            wanted = [str(place) for place in (path.parent, path) if place.exists()]
            known = {*self._watcher.directories(), *self._watcher.files()}
            if missing := [place for place in wanted if place not in known]:
                self._watcher.addPaths(missing)

    def _reload(self, _path: str) -> None:
        self._preferences.reload()
        self._watch()
        self._tell()

    def _values(self) -> dict[str, Any]:
        return {key: self.get(option) for key, option in OPTIONS.items()}

    def _tell(self) -> None:
        """Tell of every value that is another one than was told last, whoever set it."""
        before, self._told = self._told, self._values()
        for key, value in self._told.items():
            if before[key] != value:
                self.changed.emit(OPTIONS[key])
