"""Deletions that can still be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chatdesk.domain.clock import Clock
from chatdesk.runtime.tasks import TaskScope

UNDO_SECONDS = 8.0


class Deletions:
    """Holds deletions back for a few seconds; ``send`` gets (conversation, message) when they are over.

    ``tell`` gets the ids of the messages that are leaving, whenever that changes. A process that is killed
    meanwhile has deleted nothing.
    """

    def __init__(
        self,
        clock: Clock,
        scope: TaskScope,
        send: Callable[[str, str], None],
        tell: Callable[[frozenset[str]], None],
    ) -> None:
        self._clock = clock
        self._scope = scope
        self._send = send
        self._tell = tell
        self._leaving: dict[str, str] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def delete(self, conversation_id: str, message_id: str) -> None:
        """Delete a message unless that is undone in time."""
        if message_id not in self._leaving:
            self._leaving[message_id] = conversation_id
            self._tell(frozenset(self._leaving))
            self._waiting[message_id] = self._scope.start(self._wait(message_id), "delete")

    def undo(self, message_id: str) -> None:
        """Keep a message after all; too late is nothing to do."""
        if self._leaving.pop(message_id, None) is not None:
            self._waiting.pop(message_id).cancel()
            self._tell(frozenset(self._leaving))

    def flush(self) -> None:
        """Send what waits now: the window closes."""
        for message_id in list(self._leaving):
            self._finish(message_id)

    async def _wait(self, message_id: str) -> None:
        await self._clock.sleep(UNDO_SECONDS)
        self._finish(message_id)

    def _finish(self, message_id: str) -> None:
        conversation_id = self._leaving.pop(message_id, None)
        if conversation_id is not None:
            self._waiting.pop(message_id, None)
            self._send(conversation_id, message_id)
            self._tell(frozenset(self._leaving))
