"""Server rows into the cache: only what is newer, and nothing where the cache would get a hole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chatdesk.domain.change import RowBatch
from chatdesk.domain.conversation import Conversation, Membership
from chatdesk.domain.message import Message
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.domain.sharing import Invitation, Roster
from chatdesk.store.connection import Database
from chatdesk.store.conversations import (
    merge_conversation,
    merge_membership,
    read_conversation,
    remove_conversation,
)
from chatdesk.store.cursors import (
    ConversationCursor,
    move_user_cursor,
    read_cursor,
    read_removal,
    read_user_cursor,
    remove_cursor,
    remove_removal,
    write_cursor,
    write_removal,
)
from chatdesk.store.messages import file_paths, merge_messages, remove_messages, stored_ids
from chatdesk.store.profiles import merge_profile
from chatdesk.store.providers import merge_provider
from chatdesk.store.recording import Recorder
from chatdesk.store.sharing import end_invitation, merge_invitation, merge_roster, remove_roster


class Intake:
    """Stores rows inside a transaction of the cache that the caller has begun.

    ``recorder`` is told of every row before it changes.
    """

    def __init__(self, cache: Database, recorder: Recorder) -> None:
        self._cache = cache
        self._recorder = recorder

    def store(
        self,
        batch: RowBatch,
        user_cursor: int | None = None,
        conversation_cursors: Mapping[str, int] | None = None,
        complete_from: Mapping[str, bool] | None = None,
    ) -> None:
        """Store a batch and move the cursors; ``Store.apply`` explains the arguments."""
        for conversation_id in batch.removed_conversations:
            self.remove(
                conversation_id, read_user_cursor(self._cache) if user_cursor is None else user_cursor
            )
        for profile in batch.profiles:
            self.profile(profile)
        for provider in batch.providers:
            self.provider(provider)
        for conversation in batch.conversations:
            if self._admits(conversation.id, user_cursor):
                self.conversation(conversation)
        for membership in batch.memberships:
            if self._admits(membership.conversation_id, user_cursor):
                self.membership(membership)
        for roster in batch.rosters:
            self.roster(roster, user_cursor)
        for invitation in batch.invitations:
            self.invitation(invitation)
        for invitation_id, revision in batch.answered_invitations.items():
            self.end_invitation(invitation_id, revision)
        groups: dict[str, list[Message]] = {}
        for message in batch.messages:
            groups.setdefault(message.conversation_id, []).append(message)
        cursors, pages = conversation_cursors or {}, complete_from or {}
        for conversation_id in dict.fromkeys((*groups, *cursors, *pages)):
            self._messages(
                conversation_id,
                groups.get(conversation_id, []),
                cursors.get(conversation_id),
                pages.get(conversation_id),
            )
        if user_cursor is not None:
            move_user_cursor(self._cache, user_cursor)

    def profile(self, row: Profile) -> None:
        self._recorder.profile(row.id)
        merge_profile(self._cache, row)

    def provider(self, row: ProviderSettings) -> None:
        self._recorder.provider(row.id)
        merge_provider(self._cache, row)

    def conversation(self, row: Conversation) -> None:
        """Store a conversation; a tombstone stays as a row, its messages and its cursor go."""
        self._recorder.conversation(row.id)
        merge_conversation(self._cache, row)
        if row.deleted_at is not None:
            stored = read_conversation(self._cache, row.id)
            if stored is not None and stored.deleted_at is not None:
                remove_messages(self._cache, row.id)
                remove_cursor(self._cache, row.id)

    def membership(self, row: Membership) -> None:
        self._recorder.conversation(row.conversation_id)
        merge_membership(self._cache, row)

    def roster(self, row: Roster, user_revision: int | None) -> None:
        """Store a roster, unless the conversation was taken away after it."""
        removal = read_removal(self._cache, row.conversation_id)
        if removal is None or (user_revision is not None and removal < user_revision):
            self._recorder.roster(row.conversation_id)
            merge_roster(self._cache, row)

    def invitation(self, row: Invitation) -> None:
        self._recorder.invitation(row.id)
        merge_invitation(self._cache, row)

    def end_invitation(self, invitation_id: str, revision: int) -> None:
        self._recorder.invitation(invitation_id)
        end_invitation(self._cache, invitation_id, revision)

    def messages(self, rows: Sequence[Message], floor_seq: int) -> None:
        """Store messages of a conversation, but no new one below the floor: there it would hide a hole."""
        numbered = [row for row in rows if row.seq is not None]  # no server row is without a number
        below = [row.id for row in numbered if row.seq is not None and row.seq < floor_seq]
        if below:
            refused = {*below} - stored_ids(self._cache, below)
            numbered = [row for row in numbered if row.id not in refused]
        self._recorder.messages([row.id for row in numbered])
        self._recorder.stored(merge_messages(self._cache, numbered))

    def remove(self, conversation_id: str, user_revision: int) -> None:
        """Take a conversation away, with its messages and its cursor; being re-added starts from nothing."""
        self._recorder.conversation(conversation_id)
        self._recorder.files(file_paths(self._cache, conversation_id))
        remove_conversation(self._cache, conversation_id)
        remove_roster(self._cache, conversation_id)
        remove_messages(self._cache, conversation_id)
        remove_cursor(self._cache, conversation_id)
        write_removal(self._cache, conversation_id, user_revision)

    def re_add(self, conversation_id: str, user_revision: int) -> bool:
        """Tell whether news of this user revision may be stored; end a removal that is older."""
        removal = read_removal(self._cache, conversation_id)
        if removal is not None and removal >= user_revision:
            return False
        if removal is not None:
            remove_removal(self._cache, conversation_id)
        return True

    def accepts_messages(self, conversation_id: str) -> bool:
        """Tell whether messages of the conversation have a place here: not when removed or deleted."""
        if read_removal(self._cache, conversation_id) is not None:
            return False
        conversation = read_conversation(self._cache, conversation_id)
        return conversation is None or conversation.deleted_at is None

    def _admits(self, conversation_id: str, user_cursor: int | None) -> bool:
        """A page of the user's changes knows its time; any other answer may be older than a removal."""
        if user_cursor is None:
            return read_removal(self._cache, conversation_id) is None
        return self.re_add(conversation_id, user_cursor)

    def _messages(
        self, conversation_id: str, rows: Iterable[Message], cursor: int | None, complete: bool | None
    ) -> None:
        if not self.accepts_messages(conversation_id):
            return
        ordered = sorted(rows, key=lambda row: row.order)
        stored = read_cursor(self._cache, conversation_id)
        floor = 0 if stored is None else stored.floor_seq
        if complete is not None:
            lowest = min((row.seq for row in ordered if row.seq is not None), default=floor)
            reached = 0 if complete else lowest
            if stored is None and cursor is not None and not complete:
                # The first page. A row that an earlier answer left here may lie below, with a hole between.
                self._recorder.messages(self._below(conversation_id, reached))
                remove_messages(self._cache, conversation_id, below=reached)
                floor = reached
            floor = min(floor, reached)
        self.messages(ordered, floor)
        if stored is None and cursor is not None:
            write_cursor(self._cache, conversation_id, ConversationCursor(cursor, floor))
        elif stored is not None:
            # A page of old messages says nothing about what changed since: only a catch-up moves a cursor.
            revision = stored.revision if complete is not None or cursor is None else cursor
            if (revision, floor) != (stored.revision, stored.floor_seq):
                write_cursor(self._cache, conversation_id, ConversationCursor(revision, floor))

    def _below(self, conversation_id: str, seq: int) -> list[str]:
        found = self._cache.rows(
            "SELECT id FROM messages WHERE conversation_id = ? AND seq < ?", (conversation_id, seq)
        )
        return [str(row[0]) for row in found]
