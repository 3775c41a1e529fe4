"""Whether there is a newer version: told, never installed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from chatdesk.config.options import CHECK_UPDATES, UPDATE_ASKED, UPDATE_TOLD
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.release import Release, newer
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.notices import NoticeService
from chatdesk.services.preferences import PreferenceService

_log = logging.getLogger(__name__)

FIRST_SECONDS = 20.0
"""After the start: nobody waits for it, and it must not be in anybody's way."""

LOOK_SECONDS = 3_600.0
DAY_SECONDS = 86_400

Look = Callable[[], Awaitable[Release]]
"""Asks for the newest version; raises ``ChatDeskError``."""


class UpdateState(StrEnum):
    """``NOWHERE``: this copy has no address to ask. ``UNKNOWN``: not asked yet in this run."""

    NOWHERE = "nowhere"
    UNKNOWN = "unknown"
    ASKING = "asking"
    NEWEST = "newest"
    NEWER = "newer"
    FAILED = "failed"


class UpdateService(QObject):
    """Asks once a day in quiet, if the user has not turned that off, and whenever the user wants.

    ``look`` None: there is nowhere to ask. Of each newer version a notice tells once on a computer; a failure
    is told only to who has asked. Signals: ``changed()`` after ``state``, ``release`` or ``failure`` did.
    """

    changed = Signal()

    def __init__(
        self,
        version: str,
        look: Look | None,
        preferences: PreferenceService,
        notices: NoticeService,
        clock: Clock,
    ) -> None:
        super().__init__()
        self._version = version
        self._look = look
        self._preferences = preferences
        self._notices = notices
        self._clock = clock
        self._scope = TaskScope("updates")
        self.state = UpdateState.UNKNOWN if look is not None else UpdateState.NOWHERE
        self.release: Release | None = None
        """The newest version, once it was told."""
        self.failure: ChatDeskError | None = None

    def start(self) -> None:
        """Begin to look once a day."""
        if self._look is not None:
            self._scope.start(self._every_day(self._look), "daily")

    def check(self) -> None:
        """Look now; ``changed`` follows."""
        if self._look is not None and self.state is not UpdateState.ASKING:
            self._enter(UpdateState.ASKING)
            self._scope.start(self._ask(self._look), "check")

    async def close(self) -> None:
        """Stop looking."""
        await self._scope.close()

    async def _every_day(self, look: Look) -> None:
        await self._clock.sleep(FIRST_SECONDS)
        while True:
            if self._due():
                await self._ask(look)
                self._tell()
            await self._clock.sleep(LOOK_SECONDS)

    def _due(self) -> bool:
        if not self._preferences.get(CHECK_UPDATES) or self.state is UpdateState.ASKING:
            return False
        # The wall clock may have been set back: a time to come counts as long ago.
        return not 0 <= self._now() - self._preferences.get(UPDATE_ASKED) < DAY_SECONDS

    async def _ask(self, look: Look) -> None:
        self._preferences.put(UPDATE_ASKED, self._now())
        try:
            self.release = await look()
        except ChatDeskError as failure:
            _log.info("New versions: %s (%s)", failure.message, failure.code)
            self.failure = failure
            self._enter(UpdateState.FAILED)
            return
        self.failure = None
        is_newer = newer(self.release.version, self._version)
        self._enter(UpdateState.NEWER if is_newer else UpdateState.NEWEST)

    def _tell(self) -> None:
        if self.state is not UpdateState.NEWER or self.release is None:
            return
        version = self.release.version
        if self._preferences.get(UPDATE_TOLD) != version:
            self._preferences.put(UPDATE_TOLD, version)
            self._notices.tell(f"ChatDesk {version} is out.", "Settings, About ChatDesk leads to it.")

    def _enter(self, state: UpdateState) -> None:
        self.state = state
        self.changed.emit()

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
