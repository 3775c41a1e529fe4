"""The account that is copied from: read from its own server, page by page, and never changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from chatdesk.backend.base import AvatarStore, ChangesPage, MessagesPage
from chatdesk.domain.branch import Node, node_of
from chatdesk.domain.conversation import Conversation, ConversationEntry, Membership
from chatdesk.domain.errors import AccountGone, NeedsSignIn
from chatdesk.domain.message import Message
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.portability.tombstones import Pruning
from chatdesk.services.copying.patience import Patience

WINDOW = 40
"""Messages that are held at a time; each may have two million characters."""


class Readable(Protocol):
    """The part of ``Remote`` that only reads."""

    async def pull_changes(self, after: int, limit: int = 200) -> ChangesPage: ...

    async def pull_messages(self, conversation_id: str, after: int, limit: int = 200) -> MessagesPage: ...

    async def page_messages(
        self, conversation_id: str, before_seq: int | None, limit: int = 100
    ) -> MessagesPage: ...

    async def get_file(self, path: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class World:
    """What an account has, without its messages."""

    entries: tuple[ConversationEntry, ...]
    profile: Profile | None
    providers: tuple[ProviderSettings, ...]
    people: Mapping[str, Profile]


class CopySource:
    """Reads one account. Raises what ``Remote`` raises and is no use repeating."""

    def __init__(self, user_id: str, remote: Readable, avatars: AvatarStore, patience: Patience) -> None:
        self.user_id = user_id
        self._remote = remote
        self._avatars = avatars
        self._ask = patience.ask

    async def world(self) -> World:
        """Read everything but the messages; the conversation that was quiet longest is the first.

        Raises ``NeedsSignIn`` in words that name the other account: it is read while this one is signed in.
        """
        conversations: dict[str, Conversation] = {}
        memberships: dict[str, Membership] = {}
        providers: dict[str, ProviderSettings] = {}
        people: dict[str, Profile] = {}
        cursor, more = 0, True
        while more:
            try:
                page = await self._ask(partial(self._remote.pull_changes, cursor))
            except AccountGone:
                raise
            except NeedsSignIn as failure:
                raise NeedsSignIn(
                    "Nobody is signed in to the other account.",
                    "Switch to it in the account menu and sign in, then copy again.",
                    failure.code,
                ) from failure
            conversations |= {row.id: row for row in page.rows.conversations}
            memberships |= {row.conversation_id: row for row in page.rows.memberships}
            providers |= {row.id: row for row in page.rows.providers}
            people |= {row.id: row for row in page.rows.profiles}
            cursor, more = page.cursor, page.more
        entries = [
            ConversationEntry(row, memberships[row.id])
            for row in conversations.values()
            if row.deleted_at is None and row.id in memberships
        ]
        entries.sort(key=lambda entry: (entry.conversation.updated_at, entry.id))
        kept = tuple(row for row in providers.values() if row.deleted_at is None)
        return World(tuple(entries), people.get(self.user_id), kept, people)

    async def shape(self, conversation_id: str) -> tuple[Pruning, int]:
        """Return how the messages that are left hang together, and the number of the last one."""
        nodes: dict[str, Node] = {}
        last, cursor, more = 0, 0, True
        while more:
            page = await self._ask(partial(self._remote.pull_messages, conversation_id, cursor))
            for row in page.rows.messages:
                nodes[row.id] = node_of(row)
                last = max(last, row.seq or 0)
            cursor, more = page.cursor, page.more
        return Pruning(nodes.values()), last

    async def windows(self, conversation_id: str, last: int) -> AsyncIterator[tuple[Message, ...]]:
        """Yield the messages up to number ``last`` in their order, a few at a time."""
        for start in range(1, last + 1, WINDOW):
            rows: list[Message] = []
            before = min(start + WINDOW, last + 1)
            while before > start:
                page = await self._ask(
                    partial(self._remote.page_messages, conversation_id, before, before - start)
                )
                found = [row for row in page.rows.messages if row.seq is not None and row.seq >= start]
                rows[:0] = found
                # A page ends early where its texts are long.
                before = min((row.seq or start for row in found), default=start)
            yield tuple(rows)

    async def file(self, path: str) -> bytes:
        return await self._ask(partial(self._remote.get_file, path))

    async def picture(self, path: str) -> bytes:
        return await self._ask(partial(self._avatars.download, path))
