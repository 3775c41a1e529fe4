"""The read side: server rows and this instance's pending changes, as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from chatdesk.domain.branch import Branches, Node, node_of
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import Message
from chatdesk.domain.mutation import OWN_LANES, PROFILE_LANE, PROVIDER_LANE
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.domain.sharing import Invitation, Roster
from chatdesk.store.branches import has_versions, read_nodes
from chatdesk.store.connection import Database
from chatdesk.store.conversations import read_conversation, read_membership, read_several, read_visible
from chatdesk.store.messages import read_after, read_message, read_messages, read_page
from chatdesk.store.outbox import Outbox
from chatdesk.store.overlay import overlay_entry, overlay_message, overlay_profile, overlay_provider
from chatdesk.store.profiles import read_profile, read_profiles
from chatdesk.store.providers import read_provider, read_providers
from chatdesk.store.sharing import read_invitation, read_invitations, read_roster, read_rosters

NONE_KNOWN: Mapping[str, Message] = MappingProxyType({})

Before = tuple[int, int, str]
"""An order key of ``Message.order``."""


class View:
    """Everything the rest of the application may see of this store."""

    def __init__(self, cache: Database, outbox: Outbox) -> None:
        self._cache = cache
        self._outbox = outbox

    def message(self, message_id: str) -> Message | None:
        return overlay_message(read_message(self._cache, message_id), self._outbox.of_entity(message_id))

    def entry(self, conversation_id: str) -> ConversationEntry | None:
        return overlay_entry(
            read_conversation(self._cache, conversation_id),
            read_membership(self._cache, conversation_id),
            self._outbox.lane(conversation_id),
        )

    def messages_of(
        self, message_ids: Sequence[str], known: Mapping[str, Message] = NONE_KNOWN
    ) -> dict[str, Message | None]:
        """Return what ``message`` returns for each of these, in the same order, by one query.

        ``known``: rows of the cache that need not be read.
        """
        unread = [each for each in message_ids if each not in known]
        stored = {**known, **read_messages(self._cache, unread)}
        return {each: overlay_message(stored.get(each), self._outbox.of_entity(each)) for each in message_ids}

    def entries_of(self, conversation_ids: Sequence[str]) -> dict[str, ConversationEntry | None]:
        """Return the entries of these conversations by id, None for those not shown, by two queries."""
        conversations, memberships = read_several(self._cache, conversation_ids)
        return {
            each: overlay_entry(conversations.get(each), memberships.get(each), self._outbox.lane(each))
            for each in conversation_ids
        }

    def profile(self, profile_id: str) -> Profile | None:
        return overlay_profile(read_profile(self._cache, profile_id), self._outbox.of_entity(profile_id))

    def provider(self, provider_id: str) -> ProviderSettings | None:
        return overlay_provider(read_provider(self._cache, provider_id), self._outbox.of_entity(provider_id))

    def providers(self) -> tuple[ProviderSettings, ...]:
        """Return those that were not removed, by name."""
        ids = {row.id for row in read_providers(self._cache)}
        ids |= {entry.mutation.entity_id for entry in self._outbox.lane(PROVIDER_LANE)}
        found = [row for row in map(self.provider, ids) if row is not None and row.deleted_at is None]
        return tuple(sorted(found, key=lambda row: (row.name.casefold(), row.id)))

    def roster(self, conversation_id: str) -> Roster | None:
        return read_roster(self._cache, conversation_id)

    def rosters(self) -> tuple[Roster, ...]:
        return tuple(read_rosters(self._cache))

    def invitation(self, invitation_id: str) -> Invitation | None:
        return read_invitation(self._cache, invitation_id)

    def invitations(self) -> tuple[Invitation, ...]:
        return tuple(read_invitations(self._cache))

    def entries(self) -> tuple[ConversationEntry, ...]:
        """Return the visible list: pinned first, then newest first."""
        waiting = set(self._outbox.lane_names()) - OWN_LANES
        shown = [ConversationEntry(*row) for row in read_visible(self._cache)]
        if waiting:
            shown = [entry for entry in shown if entry.conversation.id not in waiting]
            shown += [entry for entry in map(self.entry, waiting) if entry is not None]
            shown.sort(key=lambda entry: entry.order, reverse=True)
        return tuple(shown)

    def messages(self, conversation_id: str, before: Before | None, limit: int) -> tuple[Message, ...]:
        """Return the newest ``limit`` messages that stand before the key, oldest of them first."""
        own = self._own_messages(conversation_id)
        waiting = [m for m in own.values() if m.seq is None and (before is None or m.order < before)]
        waiting.sort(key=lambda message: message.order)
        numbered_before = (before[1], before[2]) if before is not None and before[0] == 0 else None
        page = read_page(self._cache, conversation_id, numbered_before, max(limit, 0))
        shown = [own.get(message.id, message) for message in reversed(page)]
        # A row that is masked by our own refused text stands with the waiting ones, not in its own place.
        numbered = [message for message in shown if message.seq is not None]
        return tuple((numbered + waiting)[-limit:]) if limit > 0 else ()

    def numbered_after(self, conversation_id: str, seq: int, limit: int) -> tuple[Message, ...]:
        """Return the messages that the server numbered above ``seq``, oldest first."""
        page = read_after(self._cache, conversation_id, seq, limit)
        own = self._own_messages(conversation_id) if self._outbox.lane(conversation_id) else {}
        return tuple(replace(own.get(message.id, message), seq=message.seq) for message in page)

    def waiting(self, conversation_id: str) -> tuple[Message, ...]:
        """Return the messages of a conversation that the server does not have, in their order."""
        own = self._own_messages(conversation_id).values()
        found = [message for message in own if read_message(self._cache, message.id) is None]
        return tuple(sorted(found, key=lambda message: message.order))

    def nodes(self, conversation_id: str) -> tuple[Node, ...]:
        """Return every message of a conversation without its text, in no order."""
        nodes = {node.id: node for node in read_nodes(self._cache, conversation_id)}
        nodes.update((each.id, node_of(each)) for each in self._own_messages(conversation_id).values())
        return tuple(nodes.values())

    def branches(self, conversation_id: str, choices: Mapping[str, str]) -> Branches:
        """Return the tree of a conversation; an empty one without versions, when all messages are shown."""
        own = self._own_messages(conversation_id)
        if not has_versions(self._cache, conversation_id) and not any(m.replaces for m in own.values()):
            return Branches((), choices)
        return Branches(self.nodes(conversation_id), choices)

    def tip(self, conversation_id: str, choices: Mapping[str, str], seen: str | None) -> str | None:
        """Return the newest message of the path that shows ``seen``: what a new message answers."""
        tree = self.branches(conversation_id, choices)
        if not tree.forked:
            newest = self.messages(conversation_id, None, 1)
            return newest[-1].id if newest else None
        if seen is not None:
            tree.reveal(seen)
        last = tree.last_shown()
        return None if last is None else last.id

    def path(
        self, conversation_id: str, choices: Mapping[str, str], message_id: str, limit: int
    ) -> tuple[Message, ...]:
        """Return the newest ``limit`` messages shown on the path to a message, which is the last of them."""
        last = self.message(message_id)
        if last is None:
            return ()
        tree = self.branches(conversation_id, choices)
        tree.reveal(message_id)
        found = [last]
        page: Sequence[Message] = found
        while len(found) < limit and (page := self.messages(conversation_id, page[0].order, limit)):
            found[:0] = [message for message in page if not tree.is_hidden(message.id)]
        return tuple(found[-limit:])

    def profiles(self) -> tuple[Profile, ...]:
        found = {profile.id: profile for profile in read_profiles(self._cache)}
        for entry in self._outbox.lane(PROFILE_LANE):
            profile = self.profile(entry.mutation.entity_id)
            if profile is not None:
                found[profile.id] = profile
        return tuple(sorted(found.values(), key=lambda profile: profile.id))

    def _own_messages(self, conversation_id: str) -> dict[str, Message]:
        """Return the messages of a conversation that entries of the outbox are about."""
        ids = {entry.mutation.entity_id for entry in self._outbox.lane(conversation_id)}
        found = {message_id: self.message(message_id) for message_id in ids - {conversation_id}}
        return {
            message_id: message
            for message_id, message in found.items()
            if message is not None and message.conversation_id == conversation_id
        }
