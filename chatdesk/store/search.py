"""Searching what is shown: the index for stored rows, a look at the text itself for the few that wait."""

from __future__ import annotations

from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import Message
from chatdesk.domain.mutation import OWN_LANES, MutationKind
from chatdesk.domain.search import Query, SearchHit, TitleHit, parse_query, snippet
from chatdesk.store.connection import Database
from chatdesk.store.outbox import Outbox
from chatdesk.store.view import View
from chatdesk.store.word_index import NEWEST, find_in, find_messages, find_titles, unindexed

MOST_FOUND = 10_000
"""Matches of one conversation that can be gone through."""

_MOST_TITLES = 500
_ABOUT_MESSAGES = (MutationKind.SEND_MESSAGE, MutationKind.DELETE_MESSAGE)
_KNOWN = (
    "SELECT last_seq, floor_seq, (SELECT count(*) FROM messages WHERE conversation_id = conversations.id)"
    " FROM conversations JOIN memberships ON memberships.conversation_id = conversations.id"
    " LEFT JOIN cursors ON cursors.conversation_id = conversations.id WHERE deleted_at IS NULL"
)


class Search:
    """Finds messages and conversations as ``View`` shows them: pending changes count, hidden rows do not."""

    def __init__(self, cache: Database, outbox: Outbox) -> None:
        self._cache = cache
        self._outbox = outbox
        self._view = View(cache, outbox)
        self._entries: dict[str, ConversationEntry | None] = {}

    def messages(self, text: str, limit: int, conversation_id: str | None) -> tuple[SearchHit, ...]:
        """Return the newest messages that match, newest first."""
        query = parse_query(text)
        if not query or limit <= 0:
            return ()
        if conversation_id is None:
            found = self._anywhere(query, limit)
        else:
            ids = self._in_conversation(query, conversation_id)
            found = [m for m in map(self._view.message, ids[-limit:]) if m is not None]
        found.sort(key=lambda message: (message.created_at, message.id), reverse=True)
        hits = []
        for message in found[:limit]:
            entry = self._entry(message.conversation_id)
            if entry is not None:
                hits.append(SearchHit(message, entry, *snippet(query, message.content)))
        return tuple(hits)

    def places(self, text: str, conversation_id: str) -> tuple[str, ...]:
        """Return the ids of all messages of a conversation that match, in the order of the timeline."""
        query = parse_query(text)
        return tuple(self._in_conversation(query, conversation_id)) if query else ()

    def titles(self, text: str, limit: int) -> tuple[TitleHit, ...]:
        """Return the conversations whose title matches, in the order of the list."""
        query = parse_query(text)
        if not query:
            return ()
        waiting = set(self._outbox.lane_names()) - OWN_LANES
        ids = set(find_titles(self._cache, query, _MOST_TITLES)) | waiting
        entries = [entry for entry in map(self._view.entry, ids) if entry is not None]
        entries = [e for e in entries if e.id not in waiting or query.matches(e.conversation.title)]
        entries.sort(key=lambda entry: entry.order, reverse=True)
        return tuple(TitleHit(entry, query.ranges(entry.conversation.title)) for entry in entries[:limit])

    def coverage(self) -> tuple[int, int]:
        """Return how many messages can be searched here, and how many there are as far as is known."""
        here = known = 0
        for last_seq, floor_seq, count in self._cache.rows(_KNOWN):
            here += count
            known += count if floor_seq == 0 else max(count, last_seq)
        return max(0, here - unindexed(self._cache)), known

    def _anywhere(self, query: Query, limit: int) -> list[Message]:
        own = self._own_ids(self._outbox.lane_names())
        found = [m for m in map(self._view.message, own) if m is not None and self._is_match(query, m)]
        before, stored = NEWEST, 0
        while stored < limit:
            page = find_messages(self._cache, query, before, limit)
            shown = self._view.messages_of([message_id for _, message_id in page if message_id not in own])
            others = [message for message in shown.values() if message is not None]
            self._fetch_entries({message.conversation_id for message in others})
            others = [message for message in others if self._entry(message.conversation_id) is not None]
            found += others
            stored += len(others)
            if len(page) < limit:
                break
            before = page[-1][0]
        return found

    def _in_conversation(self, query: Query, conversation_id: str) -> list[str]:
        if self._entry(conversation_id) is None:
            return []
        own = self._own_ids([conversation_id])
        orders = {
            message_id: (0, seq, message_id)
            for message_id, seq in find_in(self._cache, query, conversation_id, MOST_FOUND)
            if message_id not in own
        }
        for message in map(self._view.message, own):
            if message is not None and self._is_match(query, message):
                orders[message.id] = message.order
        return sorted(orders, key=lambda message_id: orders[message_id])

    def _own_ids(self, lanes: list[str]) -> set[str]:
        """Return the messages that entries of the outbox are about: they are not shown as they are stored."""
        return {
            entry.mutation.entity_id
            for lane in lanes
            for entry in self._outbox.lane(lane)
            if entry.mutation.kind in _ABOUT_MESSAGES
        }

    def _is_match(self, query: Query, message: Message) -> bool:
        if message.deleted_at is not None or self._entry(message.conversation_id) is None:
            return False
        return query.matches(message.content)

    def _fetch_entries(self, conversation_ids: set[str]) -> None:
        """Read at once what ``_entry`` would read one by one."""
        self._entries.update(self._view.entries_of([*(conversation_ids - self._entries.keys())]))

    def _entry(self, conversation_id: str) -> ConversationEntry | None:
        if conversation_id not in self._entries:
            self._entries[conversation_id] = self._view.entry(conversation_id)
        return self._entries[conversation_id]
