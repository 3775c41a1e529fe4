"""Answers of the RPCs: JSON to pages and batches.

A bad row inside an answer is set aside and the rest is used; an answer whose own shape is wrong is no answer
at all and raises ``Retryable``, so that nothing is acknowledged by mistake.
"""

from __future__ import annotations

from collections.abc import Callable

from chatdesk.backend import frames, wire, wire_sharing
from chatdesk.backend.base import ChangesPage, GenerationReply, ImportReply, MessagesPage
from chatdesk.backend.wire import BadRow, Fields, Quarantine
from chatdesk.domain.change import EntityChanged, EntityKind, RowBatch
from chatdesk.domain.conversation import Conversation, Membership
from chatdesk.domain.ephemeral import MemberMarks
from chatdesk.domain.errors import Retryable
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.domain.sharing import Invitation, Roster

EXPECTED = {
    MutationKind.CREATE_CONVERSATION: ("conversation", "membership"),
    MutationKind.UPDATE_CONVERSATION: ("conversation",),
    MutationKind.DELETE_CONVERSATION: ("conversation",),
    MutationKind.UPDATE_MEMBERSHIP: ("membership",),
    MutationKind.SEND_MESSAGE: ("message",),
    MutationKind.DELETE_MESSAGE: ("message",),
    MutationKind.UPDATE_PROFILE: ("profile",),
    MutationKind.SAVE_PROVIDER: ("provider",),
    MutationKind.DELETE_PROVIDER: ("provider",),
}
"""The rows without which an answer is no acknowledgement."""


def acknowledgement(mutation: Mutation, answer: object) -> RowBatch:
    """Read the answer to a write; raises ``Retryable`` unless it holds exactly the rows that were written."""
    try:
        batch = _rows(answer)
        for name in EXPECTED[mutation.kind]:
            if _written(name, batch) != _meant(name, mutation):
                raise BadRow(f"the answer lacks the {name} that was written")
    except BadRow as fault:
        raise unusable(fault) from fault
    return batch


def profile_answer(answer: object) -> RowBatch:
    """Read the answer to ``ensure_profile``; raises ``Retryable``."""
    try:
        batch = _rows(answer)
        if not batch.profiles:
            raise BadRow("the answer lacks the profile")
    except BadRow as fault:
        raise unusable(fault) from fault
    return batch


def stored_files(answer: object) -> tuple[tuple[str, str], ...]:
    """Read an answer of ``account_files``: (bucket, name) of each; raises ``Retryable``."""
    try:
        files = Fields(answer, "the answer").get("files")
        if not isinstance(files, list):
            raise BadRow("the answer lacks the files")
        read = [Fields(each, "a file") for each in files]
        return tuple((each.text("bucket", 100), each.text("name", 1_000)) for each in read)
    except BadRow as fault:
        raise unusable(fault) from fault


def changes_page(answer: object, after: int, quarantine: Quarantine) -> ChangesPage:
    """Read an answer of ``pull_changes``; raises ``Retryable``."""
    page = _page(answer, "changes", after)
    changed = quarantine.rows(frames.entity_changed, page.list("changes"), "a change of a pull")
    return ChangesPage(
        changed=changed, rows=_batch(changed), cursor=page.whole("cursor"), more=page.flag("more")
    )


def messages_page(answer: object, after: int | None, quarantine: Quarantine) -> MessagesPage:
    """Read an answer of ``pull_messages`` or (``after`` None) ``page_messages``; raises ``Retryable``."""
    page = _page(answer, "messages", after)
    return MessagesPage(
        rows=RowBatch(
            messages=quarantine.rows(wire.message, page.list("messages"), "a message of a pull"),
            conversations=_optional(wire.conversation, page.get("conversation"), quarantine),
        ),
        cursor=page.whole("cursor"),
        more=page.flag("more"),
    )


def generation_reply(answer: object, *, lease: bool, quarantine: Quarantine) -> GenerationReply:
    """Read an answer of a generation RPC; raises ``Retryable`` when it must hold a ``lease`` and does not."""
    try:
        reply = Fields(answer, "answer")
        claimed = reply.get("claimed")
        if claimed is not None and not isinstance(claimed, bool):
            raise reply.bad("claimed", "is not true or false")
        value = reply.get("generation")
        if value is None and lease:
            raise reply.bad("generation", "is missing")
        generation = None if value is None else wire.generation(value)
        rows = _rows(answer)
    except BadRow as fault:
        raise unusable(fault) from fault
    several = quarantine.rows(wire.message, reply.get("messages"), "a message of a reply")
    return GenerationReply(
        generation=generation,
        rows=RowBatch(conversations=rows.conversations, messages=(*rows.messages, *several)),
        claimed=claimed is not False,
    )


def import_reply(answer: object, quarantine: Quarantine) -> ImportReply:
    """Read the answer to ``import_conversations``; raises ``Retryable``."""
    fates: dict[str, str] = {}
    batches: list[RowBatch] = []
    try:
        reply = Fields(answer, "answer")
        for value in reply.list("conversations"):
            fate = Fields(value, "fate")
            fates[fate.text("id")] = fate.text("state")
            batches.append(_rows(value))
    except BadRow as fault:
        raise unusable(fault) from fault
    return ImportReply(
        fates,
        RowBatch(
            conversations=tuple(row for batch in batches for row in batch.conversations),
            memberships=tuple(row for batch in batches for row in batch.memberships),
            messages=quarantine.rows(wire.message, reply.get("messages"), "a message of an import"),
        ),
    )


def sharing_answer(answer: object) -> RowBatch:
    """Read the answer to a call of sharing, which may hold nothing; raises ``Retryable``."""
    try:
        return _rows(answer)
    except BadRow as fault:
        raise unusable(fault) from fault


def member_marks(answer: object, conversation_id: str, quarantine: Quarantine) -> MemberMarks:
    """Read the answer to ``member_marks``; raises ``Retryable`` when it is about another conversation."""

    def mark(value: object) -> tuple[str, int]:
        row = Fields(value, "mark")
        return row.id("user_id"), row.whole("last_read_seq")

    try:
        reply = Fields(answer, "answer")
        if reply.id("conversation_id") != conversation_id:
            raise reply.bad("conversation_id", "is another one")
        members = reply.whole("members")
    except BadRow as fault:
        raise unusable(fault) from fault
    return MemberMarks(
        conversation_id, members, dict(quarantine.rows(mark, reply.get("marks"), "a read mark"))
    )


def unusable(fault: BadRow) -> Retryable:
    """Say that an answer was no answer; the fault goes to the diagnostics."""
    return Retryable(
        "The server's answer could not be used.",
        "ChatDesk tries again by itself. If this goes on, check that the server is up to date.",
        code=f"answer: {fault}",
    )


def _page(answer: object, rows: str, after: int | None) -> Fields:
    """Check the frame of a page; one that promises more but does not move would be asked for ever."""
    try:
        page = Fields(answer, "page")
        cursor, more = page.whole("cursor"), page.flag("more")
        if not page.list(rows) and more:
            raise page.bad("more", "is set on an empty page")
        if after is not None and more and cursor <= after:
            raise page.bad("cursor", "does not move")
    except BadRow as fault:
        raise unusable(fault) from fault
    return page


def _batch(changed: tuple[EntityChanged, ...]) -> RowBatch:
    records = [change.record for change in changed if change.record is not None]
    return RowBatch(
        profiles=tuple(record for record in records if isinstance(record, Profile)),
        conversations=tuple(record for record in records if isinstance(record, Conversation)),
        memberships=tuple(record for record in records if isinstance(record, Membership)),
        removed_conversations=tuple(
            dict.fromkeys(
                change.entity_id
                for change in changed
                if change.removed and change.kind in (EntityKind.CONVERSATION, EntityKind.MEMBERSHIP)
            )
        ),
        providers=tuple(record for record in records if isinstance(record, ProviderSettings)),
        rosters=tuple(record for record in records if isinstance(record, Roster)),
        invitations=tuple(record for record in records if isinstance(record, Invitation)),
        answered_invitations={
            change.entity_id: change.entity_revision
            for change in changed
            if change.removed and change.kind is EntityKind.INVITATION
        },
    )


def _rows(answer: object) -> RowBatch:
    """Read the rows an answer may hold, each under its name; raises ``BadRow``."""
    value = Fields(answer, "answer")

    def one(name: str, read: Callable[[object], wire.T]) -> tuple[wire.T, ...]:
        row = value.get(name)
        return () if row is None else (read(row),)

    return RowBatch(
        profiles=one("profile", wire.profile),
        conversations=one("conversation", wire.conversation),
        memberships=one("membership", wire.membership),
        messages=one("message", wire.message),
        providers=one("provider", wire.provider),
        rosters=one("roster", wire_sharing.roster),
    )


def _optional(read: Callable[[object], wire.T], value: object, quarantine: Quarantine) -> tuple[wire.T, ...]:
    return () if value is None else quarantine.rows(read, [value], "a row of a pull")


def _written(name: str, batch: RowBatch) -> str | None:
    """Return the id that an acknowledgement is about."""
    match name:
        case "profile":
            return batch.profiles[0].id if batch.profiles else None
        case "provider":
            return batch.providers[0].id if batch.providers else None
        case "conversation":
            return batch.conversations[0].id if batch.conversations else None
        case "membership":
            return batch.memberships[0].conversation_id if batch.memberships else None
        case _:
            return batch.messages[0].id if batch.messages else None


def _meant(name: str, mutation: Mutation) -> str:
    if name == "profile":
        return mutation.user_id
    key = "p_conversation_id" if mutation.kind is MutationKind.UPDATE_MEMBERSHIP else "p_id"
    return str(mutation.args.get(key, mutation.entity_id))
