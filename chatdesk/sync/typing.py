"""Who is told that somebody is typing, and how often."""

from __future__ import annotations

from collections.abc import Callable

from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Typing
from chatdesk.sync.pace import Allowance

REPEAT = 3.0
"""Seconds between two broadcasts while somebody goes on typing in one conversation."""

EXPIRY = 6.0
"""Seconds after which a word that was not repeated counts no longer: one may be lost on the way."""

MOST_CALLS = 10
CALL_SECONDS = 10.0
"""For somebody who types in many conversations in turn; a broadcast reaches every member who looks at it."""


class TypingPace:
    """Turns key presses into few broadcasts.

    The first key of a text is told at once, then every three seconds. That it ended is told once, if that it
    began was: when the text was sent or taken away, or the conversation left.
    """

    def __init__(self, clock: Clock, user_id: str, instance: str, send: Callable[[Typing], None]) -> None:
        self._clock = clock
        self._user_id = user_id
        self._instance = instance
        self._send = send
        self._told: dict[str, float] = {}
        """When it was last told of each conversation that something is typed."""
        self._active: set[str] = set()
        self._allowance = Allowance(MOST_CALLS, CALL_SECONDS)

    def typed(self, conversation_id: str) -> None:
        """Something was typed in a conversation that others look at."""
        now = self._clock.monotonic()
        if now - self._told.get(conversation_id, -REPEAT) < REPEAT or not self._allowance.take(now):
            return
        self._told = {each: at for each, at in self._told.items() if now - at < REPEAT}
        self._told[conversation_id] = now
        self._active.add(conversation_id)
        self._send(Typing(conversation_id, self._user_id, self._instance, True))

    def stopped(self, conversation_id: str) -> None:
        """Nothing is being typed there any more."""
        if conversation_id in self._active:
            self._active.discard(conversation_id)
            self._send(Typing(conversation_id, self._user_id, self._instance, False))

    def stop(self) -> None:
        """Nothing is being typed anywhere any more."""
        for conversation_id in sorted(self._active):
            self.stopped(conversation_id)
