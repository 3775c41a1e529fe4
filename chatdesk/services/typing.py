"""Who is typing in the conversations that are open."""

from __future__ import annotations

import asyncio
from typing import Any

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Ephemeral, Typing
from chatdesk.domain.profile import Profile
from chatdesk.services.circle import Circle, Switch
from chatdesk.services.open_account import OpenAccount
from chatdesk.sync.typing import EXPIRY


class TypingService(QObject):
    """Tells others that the user types, and keeps who else does until their word has expired.

    The user's own other windows are not among them. Signal ``changed(str)``: a conversation in which somebody
    began or ended.
    """

    changed = Signal(str)

    def __init__(
        self, account: OpenAccount, circle: Circle, clock: Clock, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._account = account
        self._circle = circle
        self._clock = clock
        self._expiring: asyncio.Task[Any] | None = None
        self._heard: dict[str, dict[tuple[str, str], float]] = {}
        """By conversation: when each (user, instance) was last said to type, in order of their beginnings."""
        account.company_told.connect(self._take)
        account.closed.connect(self._forget)
        circle.changed.connect(self._recheck)

    def typing(self, conversation_id: str) -> tuple[Profile, ...]:
        """Return the others who are typing there, whoever began first at the front."""
        people = dict.fromkeys(user for user, _instance in self._heard.get(conversation_id, ()))
        found = (self._circle.shown(each, Switch.TYPING) for each in people)
        return tuple(each for each in found if each is not None)

    def typed(self, conversation_id: str) -> None:
        """The user writes in a conversation; call at every key."""
        if conversation_id and self._account.account is not None:
            self._account.engine.company.type(conversation_id)

    def stopped(self, conversation_id: str) -> None:
        """The user has sent it, or taken it away."""
        if conversation_id and self._account.account is not None:
            self._account.engine.company.stop_typing(conversation_id)

    def _take(self, change: Ephemeral) -> None:
        if not isinstance(change, Typing) or self._circle.person(change.user_id) is None:
            return
        here = self._heard.setdefault(change.conversation_id, {})
        key, before = (change.user_id, change.instance), self.typing(change.conversation_id)
        if change.active:
            here[key] = self._clock.monotonic()
            if self._expiring is None or self._expiring.done():
                self._expiring = self._account.start(self._expire(), "typing")
        else:
            here.pop(key, None)
        if before != self.typing(change.conversation_id):
            self.changed.emit(change.conversation_id)

    async def _expire(self) -> None:
        """Wait for the oldest word to expire, as long as there is one."""
        while said := [at for here in self._heard.values() for at in here.values()]:
            await self._clock.sleep(max(0.05, min(said) + EXPIRY - self._clock.monotonic()))
            now = self._clock.monotonic()
            for place, here in list(self._heard.items()):
                late = [key for key, at in here.items() if now - at >= EXPIRY]
                before = self.typing(place)
                for key in late:
                    del here[key]
                if not here:
                    del self._heard[place]
                if before != self.typing(place):
                    self.changed.emit(place)

    def _recheck(self) -> None:
        for place in list(self._heard):
            self.changed.emit(place)

    def _forget(self) -> None:
        places, self._heard = list(self._heard), {}
        for place in places:
            self.changed.emit(place)
