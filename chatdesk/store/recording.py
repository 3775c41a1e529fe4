"""Writing down what a transaction changes for those who show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields

from chatdesk.domain.change import ChangeSet, ConversationChange, MessageChange, Verb
from chatdesk.domain.conversation import Conversation, ConversationEntry, Membership
from chatdesk.domain.message import Message
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.domain.sharing import Invitation, Roster
from chatdesk.store.outbox import Outbox
from chatdesk.store.view import View

_MESSAGE = tuple(field.name for field in fields(Message))
_CONVERSATION = tuple(field.name for field in fields(Conversation))
_MEMBERSHIP = tuple(field.name for field in fields(Membership))
_ENTRY = ("delivery", "failure", "unread")


class Recorder:
    """Takes the shown rows before they change, and compares when the transaction is over.

    Whatever a change may touch is named first, once; the order of naming is the order of the ``ChangeSet``.
    The messages of a conversation that is removed are not listed: its own ``REMOVED`` stands for them.
    """

    def __init__(self, view: View, outbox: Outbox) -> None:
        self._view = view
        self._outbox = outbox
        self._counts = outbox.counts()
        self._messages: dict[str, Message | None] = {}
        self._stored: dict[str, Message] = {}
        self._entries: dict[str, ConversationEntry | None] = {}
        self._profiles: dict[str, Profile | None] = {}
        self._providers: dict[str, ProviderSettings | None] = {}
        self._rosters: dict[str, Roster | None] = {}
        self._invitations: dict[str, Invitation | None] = {}
        self._files: list[str] = []

    def messages(self, message_ids: Iterable[str]) -> None:
        unread = [each for each in dict.fromkeys(message_ids) if each not in self._messages]
        self._messages.update(self._view.messages_of(unread))

    def stored(self, rows: Mapping[str, Message]) -> None:
        """Note rows as they were just written, so that they need not be read again: the last ones that this
        transaction writes or removes of their messages."""
        self._stored.update(rows)

    def conversation(self, conversation_id: str) -> None:
        if conversation_id not in self._entries:
            self._entries[conversation_id] = self._view.entry(conversation_id)

    def profile(self, profile_id: str) -> None:
        if profile_id not in self._profiles:
            self._profiles[profile_id] = self._view.profile(profile_id)

    def provider(self, provider_id: str) -> None:
        if provider_id not in self._providers:
            self._providers[provider_id] = self._view.provider(provider_id)

    def roster(self, conversation_id: str) -> None:
        if conversation_id not in self._rosters:
            self._rosters[conversation_id] = self._view.roster(conversation_id)

    def invitation(self, invitation_id: str) -> None:
        if invitation_id not in self._invitations:
            self._invitations[invitation_id] = self._view.invitation(invitation_id)

    def files(self, paths: Iterable[str]) -> None:
        """Note files that the user may no longer read."""
        self._files += paths

    def changes(self) -> ChangeSet:
        """Return the difference between then and now."""
        pending, failed = self._outbox.counts()
        return ChangeSet(
            profiles=tuple(self._changed_profiles()),
            conversations=tuple(self._changed_entries()),
            messages=tuple(self._changed_messages()),
            pending=pending if pending != self._counts[0] else None,
            failed=failed if failed != self._counts[1] else None,
            providers=tuple(self._changed_providers()),
            rosters=tuple(self._changed_rosters()),
            invitations=tuple(self._changed_invitations()),
            answered=tuple(self._answered()),
            forgotten_files=tuple(self._files),
        )

    def _changed_profiles(self) -> list[Profile]:
        now = ((self._view.profile(profile_id), before) for profile_id, before in self._profiles.items())
        return [profile for profile, before in now if profile is not None and profile != before]

    def _changed_providers(self) -> list[ProviderSettings]:
        now = ((self._view.provider(key), before) for key, before in self._providers.items())
        return [provider for provider, before in now if provider is not None and provider != before]

    def _changed_rosters(self) -> list[Roster]:
        now = ((self._view.roster(key), before) for key, before in self._rosters.items())
        return [roster for roster, before in now if roster is not None and roster != before]

    def _changed_invitations(self) -> list[Invitation]:
        now = ((self._view.invitation(key), before) for key, before in self._invitations.items())
        return [invitation for invitation, before in now if invitation is not None and invitation != before]

    def _answered(self) -> list[str]:
        before = [key for key, invitation in self._invitations.items() if invitation is not None]
        return [key for key in before if self._view.invitation(key) is None]

    def _changed_entries(self) -> list[ConversationChange]:
        found = []
        for conversation_id, before in self._entries.items():
            after = self._view.entry(conversation_id)
            if after is not None and before is None:
                found.append(ConversationChange(Verb.ADDED, after))
            elif after is None and before is not None:
                found.append(ConversationChange(Verb.REMOVED, before))
            elif after is not None and before is not None and after != before:
                found.append(ConversationChange(Verb.CHANGED, after, _entry_fields(before, after)))
        return found

    def _changed_messages(self) -> list[MessageChange]:
        found = []
        now = self._view.messages_of(list(self._messages), self._stored)
        for message_id, before in self._messages.items():
            after = now[message_id]
            if after is not None and before is None:
                found.append(MessageChange(Verb.ADDED, after))
            elif after is None and before is not None:
                found.append(MessageChange(Verb.REMOVED, before))
            elif after is not None and before is not None and after != before:
                found.append(MessageChange(Verb.CHANGED, after, _differing(before, after, _MESSAGE)))
        return found


def _differing(before: object, after: object, names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for name in names if getattr(before, name) != getattr(after, name))


def _entry_fields(before: ConversationEntry, after: ConversationEntry) -> frozenset[str]:
    return (
        _differing(before.conversation, after.conversation, _CONVERSATION)
        | _differing(before.membership, after.membership, _MEMBERSHIP)
        | _differing(before, after, _ENTRY)
    )
