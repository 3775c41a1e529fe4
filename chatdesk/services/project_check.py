"""Looking at a project part by part, for one window."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.project import Finding
from chatdesk.runtime.tasks import TaskScope

Told = Callable[[Finding], None]


class Inspector(Protocol):
    """The port to what looks at projects; both return whether nothing is missing."""

    async def inspect(self, url: str, api_key: str, told: Told) -> bool:
        """Look from outside; raises ``Misconfigured`` for an address that is none."""
        ...

    async def inspect_open(self, told: Told) -> bool:
        """Look at the open account's server and try it out; raises ``ChatDeskError``."""
        ...


class ProjectCheckService(QObject):
    """One look at a time; a new one replaces the one that runs.

    Signals: ``began()``, ``found(Finding)`` for each part, perhaps twice, and at the end ``finished(bool)``
    with whether nothing is missing, or ``failed(ChatDeskError)``.
    """

    began = Signal()
    found = Signal(object)
    finished = Signal(bool)
    failed = Signal(object)

    def __init__(self, inspector: Inspector, scope: TaskScope, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inspector = inspector
        self._scope = scope
        self._run: asyncio.Task[None] | None = None

    def check(self, url: str, api_key: str) -> None:
        """Look at the project that somebody is about to sign in to."""
        self._start(lambda: self._inspector.inspect(url, api_key, self.found.emit))

    def check_open(self) -> None:
        """Look at the server of the open account."""
        self._start(lambda: self._inspector.inspect_open(self.found.emit))

    def stop(self) -> None:
        """Nobody looks any more."""
        if self._run is not None:
            self._run.cancel()
            self._run = None

    def _start(self, look: Callable[[], Awaitable[bool]]) -> None:
        self.stop()
        self.began.emit()
        self._run = self._scope.start(self._look(look), "check project")

    async def _look(self, look: Callable[[], Awaitable[bool]]) -> None:
        try:
            whole = await look()
        except ChatDeskError as failure:
            self.failed.emit(failure)
        else:
            self.finished.emit(whole)
