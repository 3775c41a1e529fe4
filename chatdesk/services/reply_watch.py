"""Replies of other instances: are they still being written?"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chatdesk.backend.base import Remote
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.message import Message
from chatdesk.services.open_account import OpenAccount

LOOK_SECONDS = 3.0
QUIET_SECONDS = 6.0
"""A reply that said something so short a time ago is not asked about; its lease lives for 25 s anyway."""


class ReplyWatch:
    """Asks the server about foreign replies on screen that say nothing any more, so that those of an instance
    that died are marked as interrupted within 30 s of its death.

    A reply that was found already begun may be long dead: it is asked about at once.
    ``foreign()`` yields (conversation, message) of every reply that another instance writes.
    """

    def __init__(
        self, account: OpenAccount, clock: Clock, foreign: Callable[[], Iterable[tuple[str, str]]]
    ) -> None:
        self._account = account
        self._clock = clock
        self._foreign = foreign
        self._heard: dict[str, float] = {}
        account.delta_received.connect(self._take_delta)

    def hear(self, messages: Iterable[Message]) -> None:
        """These rows have just changed on the server."""
        for message in messages:
            self._heard[message.id] = self._clock.monotonic()

    def forget(self, message_id: str) -> None:
        """This reply has ended."""
        self._heard.pop(message_id, None)

    async def run(self, remote: Remote) -> None:
        """Look every three seconds, for good."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            for conversation_id, message_id in list(self._foreign()):
                if conversation_id in self._account.shown and self._is_quiet(message_id):
                    await self._ask(remote, conversation_id)

    def _is_quiet(self, message_id: str) -> bool:
        heard = self._heard.get(message_id)
        return heard is None or self._clock.monotonic() - heard >= QUIET_SECONDS

    async def _ask(self, remote: Remote, conversation_id: str) -> None:
        try:
            reply = await remote.reap_generations(conversation_id)
        except ChatDeskError:
            return  # Offline, signed out, or it is gone: the next round may know more.
        self._account.take_changes(await self._account.store.apply(reply.rows))

    def _take_delta(self, delta: Delta) -> None:
        self._heard[delta.message_id] = self._clock.monotonic()
