"""Who is told what the engine did."""

from __future__ import annotations

import logging
from typing import Protocol

from chatdesk.domain.change import ChangeSet
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Ephemeral
from chatdesk.domain.session import SyncState
from chatdesk.sync.link import Link

_log = logging.getLogger(__name__)


class SyncListener(Protocol):
    """Called on the event loop; must return at once."""

    def changes_applied(self, changes: ChangeSet) -> None:
        """Rows of the store changed; each transaction is told once, in order."""
        ...

    def state_changed(self, state: SyncState) -> None:
        """The link or the outbox stands differently."""
        ...

    def ephemeral_received(self, change: Ephemeral) -> None:
        """Somebody streams or wants to stop a reply in the open conversation."""
        ...


class Announcer:
    """Keeps the last word and repeats none; a listener that raises harms nobody but itself."""

    def __init__(self, listener: SyncListener, clock: Clock) -> None:
        self._listener = listener
        self._clock = clock
        self.pending = 0
        self.failed = 0
        self._told: SyncState | None = None

    @property
    def state(self) -> SyncState | None:
        """The state as last told."""
        return self._told

    def changes(self, changes: ChangeSet) -> None:
        """Tell of a transaction that changed something."""
        if not changes:
            return
        if changes.pending is not None:
            self.pending = changes.pending
        if changes.failed is not None:
            self.failed = changes.failed
        try:
            self._listener.changes_applied(changes)
        except Exception:
            _log.exception("A listener failed")

    def link(self, link: Link, trouble: str | None) -> None:
        """Tell how the link and the outbox stand, if that is news."""
        state = SyncState(
            link=link.state,
            reason=link.reason or trouble,
            since=link.since,
            pending=self.pending,
            failed=self.failed,
        )
        if state == self._told:
            return
        self._told = state
        try:
            self._listener.state_changed(state)
        except Exception:
            _log.exception("A listener failed")

    def ephemeral(self, change: Ephemeral) -> None:
        try:
            self._listener.ephemeral_received(change)
        except Exception:
            _log.exception("A listener failed")
