"""What a person's own changes go through: accepted, sent, answered or refused, retried or taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from chatdesk.domain.change import ChangeSet, RowBatch
from chatdesk.domain.errors import Retryable
from chatdesk.domain.mutation import Mutation, MutationKind, OutboxEntry, OutboxState
from chatdesk.store import lanes
from chatdesk.store.apply import Intake
from chatdesk.store.cursors import ConversationCursor, write_cursor
from chatdesk.store.messages import read_message
from chatdesk.store.mutations import check_mutation
from chatdesk.store.opening import OpenSlot
from chatdesk.store.outbox import Outbox, wish_of
from chatdesk.store.overlay import is_delivered
from chatdesk.store.recording import Recorder


class Pending:
    """The verbs of the outbox, each with the rows it changes on the screen.

    A mutation id that is not in the outbox any more (answered, or taken back meanwhile) changes nothing.
    """

    def __init__(self, opened: OpenSlot) -> None:
        self._opened = opened

    @property
    def _outbox(self) -> Outbox:
        return self._opened.outbox

    def enqueue(self, mutation: Mutation, files: Mapping[str, bytes]) -> ChangeSet:
        check_mutation(mutation)
        if self._outbox.get(mutation.id) is not None:
            return ChangeSet()
        lane = self._outbox.lane(mutation.lane)
        lane.append(OutboxEntry(mutation, self._outbox.next_position, OutboxState.WAITING))
        plan = lanes.annul(lane)
        with self._change([mutation], plan) as recorder:
            self._outbox.write(
                add=[] if mutation.id in plan.dropped else [mutation],
                put=plan.rewritten,
                drop=plan.dropped - {mutation.id},
                files={mutation.id: files},
                durable=True,
            )
        return recorder.changes()

    def next_entries(self) -> tuple[OutboxEntry, ...]:
        heads = (lanes.head(self._outbox.lane(name)) for name in self._outbox.lane_names())
        return tuple(sorted((e for e in heads if e is not None), key=lambda entry: entry.position))

    def mark(self, mutation_id: str, state: OutboxState) -> ChangeSet:
        """Note that an entry is on its way, or waits again after a try in vain."""
        entry = self._outbox.get(mutation_id)
        if entry is None or entry.state is OutboxState.FAILED:
            return ChangeSet()
        with self._change([entry.mutation]) as recorder:
            tried = entry.attempts + (state is OutboxState.WAITING)
            self._outbox.mark(replace(entry, state=state, attempts=tried))
        return recorder.changes()

    def acknowledge(self, mutation_id: str, rows: RowBatch) -> ChangeSet:
        """Store the server's rows, then remove the entry.

        In this order: cut off between the two, the entry is sent once more, which changes nothing.
        """
        entry = self._outbox.get(mutation_id)
        recorder = self._opened.recorder()
        if entry is not None:
            if not _holds(rows, entry.mutation):
                raise Retryable("The server's answer did not contain the saved change.", "It is sent again.")
            _touch(recorder, entry.mutation)
        with self._opened.cache.transaction():
            intake = Intake(self._opened.cache, recorder)
            intake.store(rows)
            if entry is not None and entry.mutation.kind is MutationKind.CREATE_CONVERSATION:
                self._begin_cursor(intake, rows, entry.mutation.entity_id)
        if entry is not None:
            self._drop_delivered(entry)
        return recorder.changes()

    def _drop_delivered(self, entry: OutboxEntry) -> None:
        wish = wish_of(entry)
        wishes = [wish] if wish is not None else []
        self._outbox.write(drop=[entry.mutation.id], wishes=wishes, durable=False)

    def reject(self, mutation_id: str, reason: str) -> ChangeSet:
        entry = self._outbox.get(mutation_id)
        if entry is None:
            return ChangeSet()
        if is_delivered(entry, read_message(self._opened.cache, entry.mutation.entity_id)):
            # An earlier try did arrive: its row came by the feed, only its answer was lost.
            with self._change([entry.mutation]) as recorder:
                self._drop_delivered(entry)
            return recorder.changes()
        refused = replace(entry, state=OutboxState.FAILED, reason=reason)
        lane = self._outbox.lane(entry.mutation.lane)
        plan = lanes.annul([refused if e.mutation.id == mutation_id else e for e in lane])
        with self._change([entry.mutation], plan) as recorder:
            put = plan.rewritten if mutation_id in plan.dropped else (refused, *plan.rewritten)
            self._outbox.write(put=put, drop=plan.dropped, durable=False)
        return recorder.changes()

    def retry(self, entity_id: str) -> ChangeSet:
        failed = [e for e in self._outbox.of_entity(entity_id) if e.state is OutboxState.FAILED]
        if not failed:
            return ChangeSet()
        with self._change([entry.mutation for entry in failed]) as recorder:
            again = [replace(e, state=OutboxState.WAITING, attempts=0, reason=None) for e in failed]
            self._outbox.write(put=again, durable=False)
        return recorder.changes()

    def discard(self, entity_id: str) -> ChangeSet:
        own = self._outbox.of_entity(entity_id)
        if not own:
            return ChangeSet()
        lane = self._outbox.lane(own[0].mutation.lane)
        plan = lanes.discard(lane, entity_id)
        with self._change([], plan) as recorder:
            self._outbox.write(
                put=plan.rewritten,
                drop=plan.dropped,
                drafts=self._kept_text(lane, plan, entity_id),
                durable=True,
            )
        return recorder.changes()

    def _kept_text(self, lane: list[OutboxEntry], plan: lanes.LanePlan, entity_id: str) -> dict[str, str]:
        """Keep the text that goes down with a conversation which was never made.

        The user gave up the conversation, not what they wrote in it: their messages and its draft become the
        draft of the composer without a conversation (``""``).
        """
        dropped = [entry.mutation for entry in lane if entry.mutation.id in plan.dropped]
        if not any(mutation.kind is MutationKind.CREATE_CONVERSATION for mutation in dropped):
            return {}
        sent = [m.args["p_content"] for m in dropped if m.kind is MutationKind.SEND_MESSAGE]
        texts = [self._outbox.draft(""), *sent, self._outbox.draft(entity_id)]
        return {"": "\n\n".join(text for text in texts if text.strip()), entity_id: ""}

    @contextmanager
    def _change(
        self, mutations: Sequence[Mutation], plan: lanes.LanePlan | None = None
    ) -> Iterator[Recorder]:
        """Name the rows of the mutations, and of those a plan drops or rewrites, before they change."""
        recorder = self._opened.recorder()
        touched = list(mutations)
        if plan is not None:
            dropped = [entry for entry in map(self._outbox.get, plan.dropped) if entry is not None]
            touched += [entry.mutation for entry in sorted(dropped, key=lambda entry: entry.position)]
            touched += [entry.mutation for entry in plan.rewritten]
        for mutation in touched:
            _touch(recorder, mutation)
        yield recorder

    def _begin_cursor(self, intake: Intake, rows: RowBatch, conversation_id: str) -> None:
        """A conversation that is new and empty is complete here: it can be followed without a first pull."""
        for row in rows.conversations:
            if row.id == conversation_id and row.last_seq == 0 and intake.accepts_messages(row.id):
                write_cursor(self._opened.cache, row.id, ConversationCursor(row.revision, 0))


def _touch(recorder: Recorder, mutation: Mutation) -> None:
    """Name the rows that a mutation shows in."""
    if mutation.kind is MutationKind.UPDATE_PROFILE:
        recorder.profile(mutation.entity_id)
        return
    if mutation.kind in (MutationKind.SAVE_PROVIDER, MutationKind.DELETE_PROVIDER):
        recorder.provider(mutation.entity_id)
        return
    if mutation.kind in (MutationKind.SEND_MESSAGE, MutationKind.DELETE_MESSAGE):
        recorder.messages([mutation.entity_id])
    if mutation.kind is not MutationKind.DELETE_MESSAGE:
        recorder.conversation(mutation.lane)


def _holds(rows: RowBatch, mutation: Mutation) -> bool:
    """An answer without the row that was to be created is no acknowledgement."""
    if mutation.kind is MutationKind.SEND_MESSAGE:
        return any(row.id == mutation.entity_id for row in rows.messages)
    if mutation.kind is MutationKind.CREATE_CONVERSATION:
        return any(row.id == mutation.entity_id for row in rows.conversations)
    return True
