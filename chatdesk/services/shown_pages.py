"""How much of the open conversation is loaded, and which versions of its messages are chosen."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping

from chatdesk.domain.branch import Branches, Order
from chatdesk.domain.change import ChangeSet, Verb
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.message import Message
from chatdesk.services.loaded import MessagesLoaded
from chatdesk.store.store import Store

PAGE = 100
SHOWN_LEAST = 20
"""Fewer shown messages than this do not fill a window: further pages are read at once."""

FETCHED_MOST = 100
"""Pages fetched to learn where the versions on screen come from; beyond that the user has to scroll."""

CHOICES = "branches:"


class ShownPages:
    """Reads pages for the timeline, hidden versions included, so that switching needs no reading.

    ``fetch_older`` brings an older page from the server into the store, if there is one;
    ``show`` gets pages of the open conversation, ``want`` the id of a message whose branch is to be shown.
    The choices are this window's own; they are kept in the store's settings, under the number of the
    ``window``. A further window begins with the choices of the first.
    """

    def __init__(
        self,
        store: Store,
        fetch_older: Callable[[str], Awaitable[object]],
        show: Callable[[MessagesLoaded], None],
        want: Callable[[str], None],
        window: int = 1,
    ) -> None:
        self._store = store
        self._fetch_older = fetch_older
        self._show = show
        self._want = want
        self._suffix = "" if window == 1 else f"#{window}"
        self._choices: dict[str, dict[str, str]] = {}
        self._tree = Branches()
        self._current = ""
        self._completing = False
        self._oldest: Order | None = None
        """Where the loaded part begins; None while nothing is loaded."""
        self.owed = False
        """Whether an older page of the open conversation was asked for in vain."""

    async def choices(self, conversation_id: str) -> Mapping[str, str]:
        """Return the versions chosen in a conversation, by family."""
        if conversation_id not in self._choices:
            kept = await self._store.setting(self._key(conversation_id))
            if kept is None and self._suffix:
                kept = await self._store.setting(CHOICES + conversation_id)
            self._choices.setdefault(conversation_id, choices_from(kept))
        return self._choices[conversation_id]

    def keep(self, conversation_id: str, choices: Mapping[str, str]) -> tuple[str, str]:
        """Take other choices; returns the setting, and its value, that keeps them."""
        self._choices[conversation_id] = dict(choices)
        return self._key(conversation_id), json.dumps(dict(choices))

    async def first(self, conversation_id: str) -> MessagesLoaded:
        """Read the newest messages of a conversation, or of none."""
        if not conversation_id:
            return MessagesLoaded("", (), False)
        tree = await self._store.branches(conversation_id, await self.choices(conversation_id))
        messages, older = await self._page(conversation_id, None)
        while messages and older and sum(not tree.is_hidden(each.id) for each in messages) < SHOWN_LEAST:
            more, older = await self._page(conversation_id, messages[0].order)
            if not more:
                break
            messages = (*more, *messages)
        return MessagesLoaded(conversation_id, messages, older, branches=tree)

    def opened(self, loaded: MessagesLoaded) -> None:
        """This is the open conversation now, and these its messages on screen."""
        self._current = loaded.conversation_id
        self._tree = loaded.branches if loaded.branches is not None else Branches()
        self._oldest = loaded.messages[0].order if loaded.messages else None
        self.owed = False

    @property
    def incomplete(self) -> bool:
        """Whether something on screen is a version of a message that is not here."""
        return self._tree.incomplete

    async def load_older(self) -> bool:
        """Show what is before the loaded part, so much that something of it is seen; tell if there is more.

        Raises like ``Remote``.
        """
        conversation_id = self._current
        self.owed = False
        found: tuple[Message, ...] = ()
        older = True
        while older and all(self._tree.is_hidden(message.id) for message in found):
            page, older = await self._page(conversation_id, self._oldest)
            if not page and older:
                await self._fetch(conversation_id)
                # Also when that brought nothing: the page may have come by another road meanwhile.
                page, older = await self._page(conversation_id, self._oldest)
            if conversation_id != self._current:
                return False
            if not page:
                break
            self._oldest = page[0].order
            found = (*page, *found)
        self._show(MessagesLoaded(conversation_id, found, older, older=True))
        return older and bool(found)

    async def complete(self) -> None:
        """Load back to where the versions on screen come from: only then is it known what they replace."""
        if self._completing:
            return
        self._completing = True
        try:
            for _ in range(FETCHED_MOST):
                if not self.incomplete or not await self.load_older():
                    return
        except ChatDeskError:
            return  # Offline: what is here is shown, and scrolling up tries again.
        finally:
            self._completing = False

    async def switch(self, message_id: str) -> None:
        """Load back to a message of the open conversation, then ask for it; raises like ``Remote``."""
        conversation_id = self._current
        message = await self._store.message(message_id)
        if message is None or message.conversation_id != conversation_id:
            return
        while self._oldest is None or message.order < self._oldest:
            if not await self.load_older():
                break
        if conversation_id == self._current:
            self._want(message_id)

    def note_first_page(self, changes: ChangeSet) -> bool:
        """A conversation opened for the first time gets its page by the wire: learn where it begins."""
        orders = [
            change.message.order
            for change in changes.messages
            if change.verb is Verb.ADDED and change.message.conversation_id == self._current
        ]
        if self._oldest is not None or not orders:
            return False
        self._oldest = min(orders)
        return True

    async def tell_older(self) -> None:
        """Tell whether the server has older messages than the loaded ones."""
        conversation_id = self._current
        older = await self._store.has_older(conversation_id)
        if conversation_id == self._current:
            self._show(MessagesLoaded(conversation_id, (), older, older=True))

    async def _fetch(self, conversation_id: str) -> None:
        try:
            await self._fetch_older(conversation_id)
        except ChatDeskError:
            self.owed = conversation_id == self._current
            raise

    def _key(self, conversation_id: str) -> str:
        return CHOICES + conversation_id + self._suffix

    async def _page(self, conversation_id: str, before: Order | None) -> tuple[tuple[Message, ...], bool]:
        older = await self._store.has_older(conversation_id)
        # Last: what is stored after this was read is told after it is shown.
        messages = await self._store.messages(conversation_id, before=before, limit=PAGE)
        return messages, older or len(messages) == PAGE


def choices_from(text: str | None) -> dict[str, str]:
    """Read choices as they are kept; whatever else is found there counts as none."""
    try:
        kept = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(kept, dict):
        return {}
    return {str(key): version for key, version in kept.items() if isinstance(version, str)}
