"""Notices what another window of this computer did with the open account: signed out, or signed in again."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from chatdesk.domain.clock import Clock
from chatdesk.runtime.tasks import TaskScope

EVERY = 5.0
"""Seconds between two looks where the system tells nothing by itself (network drives, too many watches)."""


class AccountWatch(QObject):
    """Watches the folder of one account at a time.

    ``changed()`` is emitted when something in it changed, and every five seconds: look again.
    """

    changed = Signal()

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._scope: TaskScope | None = None
        self._files = QFileSystemWatcher(self)
        self._files.directoryChanged.connect(self._tell)

    def start(self, directory: Path) -> None:
        """Watch ``directory``; what was watched before is let go by ``close``."""
        self._files.addPath(str(directory))
        self._scope = TaskScope("account watch")
        self._scope.start(self._look_now_and_then(), "look")

    async def close(self) -> None:
        """Stop watching; safe to call twice."""
        if watched := self._files.directories():
            self._files.removePaths(watched)
        scope, self._scope = self._scope, None
        if scope is not None:
            await scope.close()

    async def _look_now_and_then(self) -> None:
        while True:
            await self._clock.sleep(EVERY)
            self.changed.emit()

    def _tell(self, _path: str) -> None:
        self.changed.emit()
