"""A model of the server for tests in virtual time: rows, the two counters, frames. No network, no SQL.

It answers as the migrations promise; that they keep the promise is tested elsewhere, on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chatdesk.backend.base import ChangesPage, GenerationReply, MessagesPage
from chatdesk.domain.attachment import from_records
from chatdesk.domain.change import EntityKind, RowBatch
from chatdesk.domain.conversation import Conversation, MemberRole, Membership
from chatdesk.domain.ephemeral import MemberMarks
from chatdesk.domain.errors import Refused
from chatdesk.domain.generation import Generation, GenerationState
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from tests.support.fake_rows import FakeRows


class FakeServer(FakeRows):
    """One project with any number of users: answers what clients ask."""

    # Reading ------------------------------------------------------------------------------------------------

    def pull_changes(self, user_id: str, after: int, limit: int) -> ChangesPage:
        found = sorted(self.changes[user_id].values(), key=lambda change: change.user_revision)
        found = [change for change in found if change.user_revision > after]
        page, more = found[:limit], len(found) > limit
        changed = tuple(self._frame(user_id, change) for change in page)
        records = [change.record for change in changed]
        rows = RowBatch(
            profiles=tuple(record for record in records if isinstance(record, Profile)),
            conversations=tuple(record for record in records if isinstance(record, Conversation)),
            memberships=tuple(record for record in records if isinstance(record, Membership)),
            removed_conversations=tuple(change.entity_id for change in changed if change.removed),
            providers=tuple(record for record in records if isinstance(record, ProviderSettings)),
        )
        cursor = page[-1].user_revision if more else self.user_revisions[user_id]
        return ChangesPage(changed, rows, cursor, more)

    def pull_messages(self, user_id: str, conversation_id: str, after: int, limit: int) -> MessagesPage:
        conversation = self._readable(user_id, conversation_id)
        rows = [self.messages[key] for key in self.by_conversation[conversation_id]]
        rows = sorted((row for row in rows if row.revision > after), key=lambda row: row.revision)
        page, more = rows[:limit], len(rows) > limit
        return MessagesPage(
            RowBatch(messages=tuple(page), conversations=(conversation,)),
            page[-1].revision if more else conversation.revision,
            more,
        )

    def page_messages(
        self, user_id: str, conversation_id: str, before_seq: int | None, limit: int
    ) -> MessagesPage:
        conversation = self._readable(user_id, conversation_id)
        rows = [self.messages[key] for key in self.by_conversation[conversation_id]]
        rows = [row for row in rows if before_seq is None or (row.seq or 0) < before_seq]
        return MessagesPage(
            RowBatch(messages=tuple(rows[-limit:]), conversations=(conversation,)),
            conversation.revision,
            len(rows) > limit,
        )

    def marks(self, user_id: str, conversation_id: str) -> MemberMarks:
        self._readable(user_id, conversation_id)
        shown = {each for each, profile in self.profiles.items() if profile.shows_reading}
        others = [m for m in self.memberships.values() if m.conversation_id == conversation_id]
        return MemberMarks(
            conversation_id,
            len(others),
            {
                m.user_id: m.last_read_seq
                for m in others
                if {m.user_id, user_id} <= shown and m.user_id != user_id
            },
        )

    # Writing ------------------------------------------------------------------------------------------------

    def push(self, mutation: Mutation) -> RowBatch:
        user_id, args = mutation.user_id, mutation.args
        if str(args.get("p_content") or args.get("p_title") or "") in self.poison:
            raise Refused("The server does not accept this value.", code="22023")
        match mutation.kind:
            case MutationKind.CREATE_CONVERSATION:
                return self._create(user_id, args)
            case MutationKind.UPDATE_CONVERSATION:
                conversation = replace(self._writable(user_id, args["p_id"]), **args["p_updates"])
                return RowBatch(conversations=(self._update(conversation),))
            case MutationKind.DELETE_CONVERSATION:
                return self._delete(user_id, args["p_id"])
            case MutationKind.UPDATE_MEMBERSHIP:
                member = self._own(user_id, args["p_conversation_id"])
                return RowBatch(memberships=(self._put_member(replace(member, **args["p_updates"])),))
            case MutationKind.SEND_MESSAGE:
                return self._send(user_id, args)
            case MutationKind.DELETE_MESSAGE:
                message = self.messages[args["p_id"]]
                return self._write(replace(message, content="", deleted_at=self._clock.now()))
            case MutationKind.UPDATE_PROFILE:
                return self._update_profile(user_id, args["p_updates"])
            case MutationKind.SAVE_PROVIDER:
                return self._save_provider(user_id, args["p_id"], args["p_settings"])
            case MutationKind.DELETE_PROVIDER:
                gone = self.providers[user_id, args["p_id"]]
                gone = replace(gone, revision=gone.revision + 1, deleted_at=self._clock.now())
                return self._put_provider(user_id, gone)

    def checkpoint(self, message_id: str, content: str) -> None:
        """Change a message as a streaming reply does: counted, told on its channel, no user change."""
        self._write(replace(self.messages[message_id], content=content), quietly=True)

    # Replies of a model -------------------------------------------------------------------------------------

    def claim(
        self,
        user_id: str,
        *,
        generation_id: str,
        message_id: str,
        reply_to: str,
        attempt: int,
        holder: str,
        model: str,
    ) -> GenerationReply:
        key = self.messages[reply_to].conversation_id
        conversation = self._writable(user_id, key)
        taken = next((g for g in self.runs.values() if (g.reply_to, g.attempt) == (reply_to, attempt)), None)
        if taken is not None and taken.id != generation_id:
            return GenerationReply(taken, RowBatch(), claimed=False)
        if taken is None:
            now, first = (
                self._clock.now(),
                next((g for g in self.runs.values() if g.reply_to == reply_to), None),
            )
            seq = conversation.last_seq + 1
            reply = Message(
                message_id,
                key,
                reply_to,
                user_id,
                Role.ASSISTANT,
                "",
                model,
                MessageStatus.STREAMING,
                seq,
                0,
                now,
                now,
                replaces=self._first_version(first.message_id if first else None),
            )
            self.conversations[key] = replace(conversation, last_seq=seq, updated_at=now)
            self.by_conversation[key].append(message_id)
            self._write(reply)
            expires, running = now + timedelta(seconds=25), GenerationState.RUNNING
            self.runs[generation_id] = Generation(
                generation_id, key, message_id, reply_to, attempt, holder, 1, running, False, expires
            )
        rows = RowBatch(messages=(self.messages[message_id],), conversations=(self.conversations[key],))
        return GenerationReply(self.runs[generation_id], rows)

    def renew(self, generation_id: str, content: str | None) -> GenerationReply:
        run = self._running(generation_id)
        rows = RowBatch()
        if content is not None:
            rows = self._write(replace(self.messages[run.message_id], content=content), quietly=True)
        return GenerationReply(run, rows)

    def finish(self, generation_id: str, status: str, content: str, error: str | None) -> GenerationReply:
        run = self._running(generation_id)
        self.runs[generation_id] = replace(run, state=GenerationState.FINISHED)
        ended = replace(
            self.messages[run.message_id], status=MessageStatus(status), content=content, error=error
        )
        return GenerationReply(self.runs[generation_id], self._write(ended))

    def _running(self, generation_id: str) -> Generation:
        run = self.runs[generation_id]
        if run.state is not GenerationState.RUNNING:
            raise Refused("This reply has ended.", code="55000")
        return run

    def _first_version(self, message_id: str | None) -> str | None:
        return None if message_id is None else self.messages[message_id].replaces or message_id

    def _create(self, user_id: str, args: Mapping[str, Any]) -> RowBatch:
        key = args["p_id"]
        if key not in self.conversations:
            now = self._clock.now()
            created = Conversation(
                key, user_id, args["p_title"], args.get("p_model"), None, None, 0, 1, 1, now, now
            )
            member = Membership(key, user_id, MemberRole.OWNER, 0, False, False, 1)
            self.conversations[key], self.memberships[key, user_id] = created, member
            self._change(user_id, EntityKind.CONVERSATION, key, 1, created)
            self._change(user_id, EntityKind.MEMBERSHIP, key, 1, member)
        elif self.conversations[key].owner_id != user_id:
            raise Refused("This is already taken.", code="23505")
        return RowBatch(conversations=(self.conversations[key],), memberships=(self._own(user_id, key),))

    def _delete(self, user_id: str, conversation_id: str) -> RowBatch:
        conversation = self._readable(user_id, conversation_id)
        if conversation.deleted_at is None:
            conversation = self._update(replace(conversation, deleted_at=self._clock.now()))
        return RowBatch(conversations=(conversation,))

    def _send(self, user_id: str, args: Mapping[str, Any]) -> RowBatch:
        found = self.messages.get(args["p_id"])
        key = args["p_conversation_id"]
        if found is not None:
            if found.author_id != user_id or found.content != args["p_content"]:
                raise Refused("This is already taken.", code="23505")
            return RowBatch(
                messages=(found,),
                conversations=(self.conversations[key],),
                memberships=(self._own(user_id, key),),
            )
        conversation = self._writable(user_id, key)
        now = self._clock.now()
        message = Message(
            id=args["p_id"],
            conversation_id=key,
            parent_id=args["p_parent_id"],
            author_id=user_id,
            role=Role(args["p_role"]),
            content=args["p_content"],
            model=None,
            status=MessageStatus.COMPLETE,
            seq=conversation.last_seq + 1,
            revision=0,
            created_at=now,
            updated_at=now,
            replaces=self._first_version(args.get("p_replaces")),
            attachments=from_records(args.get("p_attachments"), key, args["p_id"]),
        )
        missing = [each.path for each in message.attachments if each.path not in self.files]
        assert not missing, "a message names files that nobody has stored"
        self.conversations[key] = replace(conversation, last_seq=conversation.last_seq + 1, updated_at=now)
        self.by_conversation[key].append(message.id)
        rows = self._write(message)
        member = self._put_member(replace(self._own(user_id, key), last_read_seq=message.seq or 0))
        return replace(rows, memberships=(member,))

    def _update_profile(self, user_id: str, updates: Mapping[str, Any]) -> RowBatch:
        profile = self.profiles[user_id]
        profile = replace(profile, revision=profile.revision + 1, **updates)
        self.profiles[user_id] = profile
        shared = {user_id} | {other for key, other in self.memberships if (key, user_id) in self.memberships}
        for reader in sorted(shared):
            self._change(reader, EntityKind.PROFILE, user_id, profile.revision, profile)
        return RowBatch(profiles=(profile,))

    def _save_provider(self, user_id: str, provider_id: str, settings: Mapping[str, Any]) -> RowBatch:
        before = self.providers.get((user_id, provider_id))
        if before is not None and before.deleted_at is not None:
            return RowBatch(providers=(before,))
        fields = {**settings, "models": tuple(settings["models"])}
        revision = 1 if before is None else before.revision + 1
        row = ProviderSettings(id=provider_id, revision=revision, updated_at=self._clock.now(), **fields)
        return self._put_provider(user_id, row)
