"""Random lives of a store against a simple model of it, and against a server that tells the truth.

The model keeps plain dictionaries: the server's rows that were delivered, and the list of own changes. After
every step the store must show what the model shows, and the ChangeSets, followed blindly, must lead there.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatdesk.domain.change import ChangeSet, RowBatch, Verb
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import Message
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.store.store import Store
from tests.unit.store.model import CHATS, Change, StoreModel
from tests.unit.store.rows import (
    conversation,
    entity,
    frame,
    hint,
    membership,
    rename,
    send,
)

T = TypeVar("T")

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Thousands of commits, none of which has to outlive this test."""


class StoreMachine(RuleBasedStateMachine):
    """Events in any order, own changes in any state, restarts in between."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp(prefix="store-machine-", dir=MEMORY))
        self.store = self.run(Store.open(self.directory, "account", SystemClock()))
        self.model = StoreModel()
        self.followed: dict[str, Message] = {}
        self.listed: dict[str, ConversationEntry] = {}
        self.counts = (0, 0)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        rows = RowBatch(
            conversations=tuple(conversation(name) for name in CHATS),
            memberships=tuple(membership(name) for name in CHATS),
        )
        self.follow(
            self.run(self.store.apply(rows, user_cursor=1, conversation_cursors=dict.fromkeys(CHATS, 1)))
        )

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()
        shutil.rmtree(self.directory)

    def follow(self, changes: ChangeSet) -> None:
        """Do what a view does: believe the verbs."""
        for change in changes.messages:
            assert (change.message.id in self.followed) == (change.verb is not Verb.ADDED)
            if change.verb is Verb.REMOVED:
                del self.followed[change.message.id]
                continue
            before = self.followed.get(change.message.id)
            if before is not None:
                names = {
                    name
                    for name in Message.__slots__
                    if getattr(before, name) != getattr(change.message, name)
                }
                assert names == change.fields != frozenset()
            self.followed[change.message.id] = change.message
        for entry in changes.conversations:
            assert (entry.entry.id in self.listed) == (entry.verb is not Verb.ADDED)
            if entry.verb is Verb.REMOVED:
                del self.listed[entry.entry.id]
            else:
                self.listed[entry.entry.id] = entry.entry
        pending = self.counts[0] if changes.pending is None else changes.pending
        failed = self.counts[1] if changes.failed is None else changes.failed
        self.counts = (pending, failed)

    # The server's life

    @rule(name=st.sampled_from(CHATS))
    def somebody_writes(self, name: str) -> None:
        self.model.accept(name, f"stranger-{self.model.next()}", "theirs")

    @rule(name=st.sampled_from(CHATS), which=st.integers(0, 100))
    def somebody_edits(self, name: str, which: int) -> None:
        chat = self.model.chats[name]
        if chat.messages:
            chat.revision += 1
            place = which % len(chat.messages)
            old = chat.messages[place]
            chat.numbers.append(chat.revision)
            chat.messages[place] = replace(old, revision=chat.revision, error=f"edit {chat.revision}")

    @rule(name=st.sampled_from(CHATS))
    def somebody_renames(self, name: str) -> None:
        chat = self.model.chats[name]
        chat.revision += 1
        chat.title = f"Renamed {chat.revision}"
        chat.renames.append(self.model.server_row(name))

    @rule(name=st.sampled_from(CHATS), dice=st.randoms(use_true_random=False))
    def frames_arrive(self, name: str, dice: Any) -> None:
        """Some of what there is, doubled, shuffled; gaps are pulled as the store asks."""
        chat = self.model.chats[name]
        events: list[Any] = [
            frame(dice.choice(chat.messages)) for _ in range(dice.randint(0, 6)) if chat.messages
        ]
        stale = [replace(e.record, revision=max(1, e.record.revision - 1), error="stale") for e in events]
        dice.shuffle(events)
        for event in events:
            stored = chat.delivered.get(event.message_id)
            if stored is None or stored.revision < event.revision:
                chat.delivered[event.message_id] = event.record
        changes, _ = self.run(self.store.apply_events(events))
        self.follow(changes)
        known = [row for row in stale if row.id in chat.delivered]
        self.follow(self.run(self.store.apply(RowBatch(messages=tuple(known)))))

    @rule(name=st.sampled_from(CHATS))
    def a_pull(self, name: str) -> None:
        chat = self.model.chats[name]
        cursor = self.run(self.store.conversation_cursor(name)) or 0
        rows = tuple(row for row in chat.messages if row.revision > cursor)
        row = self.model.server_row(name)
        batch = RowBatch(conversations=(row,), messages=rows)
        self.follow(self.run(self.store.apply(batch, conversation_cursors={name: chat.revision})))
        chat.delivered = {row.id: row for row in chat.messages}
        self.model.know(row)

    @rule(name=st.sampled_from(CHATS), which=st.integers(0, 100))
    def a_rename_arrives(self, name: str, which: int) -> None:
        chat = self.model.chats[name]
        if chat.renames:
            row = chat.renames[which % len(chat.renames)]
            cursor = self.run(self.store.user_cursor())
            changes, gaps = self.run(self.store.apply_events([entity(row, cursor + 1)]))
            self.follow(changes)
            assert not gaps.user
            self.model.know(row)

    @rule(name=st.sampled_from(CHATS), which=st.integers(0, 100))
    def a_hint_arrives(self, name: str, which: int) -> None:
        chat = self.model.chats[name]
        if chat.numbers:
            number = chat.numbers[which % len(chat.numbers)]
            cursor = self.run(self.store.user_cursor())
            event = hint(name, number, cursor + 2, sum(row.revision <= number for row in chat.messages))
            changes, gaps = self.run(self.store.apply_events([event]))
            self.follow(changes)
            assert gaps.user

    # The user's own life

    @rule(name=st.sampled_from(CHATS), parent=st.integers(0, 5))
    def send_one(self, name: str, parent: int) -> None:
        own = [
            c.mutation.entity_id
            for c in self.model.lane(name)
            if c.mutation.kind is MutationKind.SEND_MESSAGE
        ]
        answers = own[-parent] if 0 < parent <= len(own) else None
        self.enqueue(send(name, f"own-{self.model.next()}", f"text {self.model.serial}", answers))

    @rule(name=st.sampled_from(CHATS))
    def rename_one(self, name: str) -> None:
        self.enqueue(rename(name, f"Mine {self.model.next()}", 1000 + self.model.serial))

    @precondition(lambda self: self.model.changes)
    @rule(which=st.integers(0, 100))
    def try_one(self, which: int) -> None:
        heads = self.model.heads()
        entries = self.run(self.store.next_entries())
        assert [entry.mutation.id for entry in entries] == [change.mutation.id for change in heads]
        if heads:
            change = heads[which % len(heads)]
            change.state = "sending"
            self.follow(self.run(self.store.mark_sending(change.mutation.id)))

    @precondition(lambda self: any(change.state == "sending" for change in self.model.changes))
    @rule(
        outcome=st.sampled_from(["accepted", "accepted", "refused", "later", "answer lost"]),
        first=st.booleans(),
    )
    def answer_one(self, outcome: str, first: bool) -> None:
        flying = [change for change in self.model.changes if change.state == "sending"]
        change = flying[0 if first else -1]
        mutation = change.mutation
        if outcome == "later":
            change.state = "waiting"
            self.follow(self.run(self.store.mark_waiting(mutation.id)))
        elif outcome == "refused":
            change.state = "failed"
            arrived = mutation.entity_id in self.model.chats[mutation.lane].delivered
            if arrived:
                self.model.changes.remove(change)
            self.follow(self.run(self.store.reject(mutation.id, "no")))
        else:
            rows = self.model.carry_out(mutation)
            if outcome == "answer lost":
                change.state = "waiting"
                self.follow(self.run(self.store.mark_waiting(mutation.id)))
                return
            self.model.changes.remove(change)
            for row in rows.messages:
                self.model.chats[mutation.lane].delivered[row.id] = row
            for place in rows.conversations:
                self.model.know(place)
            self.follow(self.run(self.store.acknowledge(mutation.id, rows)))

    @precondition(lambda self: self.model.changes)
    @rule(which=st.integers(0, 100), again=st.booleans())
    def decide(self, which: int, again: bool) -> None:
        entity_id = self.model.changes[which % len(self.model.changes)].mutation.entity_id
        about = [change for change in self.model.changes if change.mutation.entity_id == entity_id]
        failed = [change for change in about if change.state == "failed"]
        if again:
            for change in failed:
                change.state = "waiting"
            self.follow(self.run(self.store.retry(entity_id)))
            return
        gone = failed or [change for change in about if change.state == "waiting"]
        for change in gone:
            self.model.changes.remove(change)
            parent = change.mutation.args.get("p_parent_id")
            for child in self.model.changes:
                if child.mutation.args.get("p_parent_id") == change.mutation.entity_id:
                    args = {**child.mutation.args, "p_parent_id": parent}
                    child.mutation = replace(child.mutation, args=args)
        self.follow(self.run(self.store.discard(entity_id)))

    @rule()
    def restart(self) -> None:
        self.run(self.store.close())
        self.store = self.run(Store.open(self.directory, "account", SystemClock()))
        assert self.store.slot == 0
        assert self.store.recovered == ()
        for change in self.model.changes:
            if change.state == "sending":
                change.state = "waiting"
        shown = [row for name in CHATS for row in self.run(self.store.messages(name, limit=10_000))]
        self.followed = {row.id: row for row in shown}
        self.listed = {entry.id: entry for entry in self.run(self.store.entries())}

    # What must hold

    @invariant()
    def the_store_shows_what_the_model_shows(self) -> None:
        for name in CHATS:
            shown = self.run(self.store.messages(name, limit=10_000))
            assert {
                (m.id, m.content, m.parent_id, m.error, m.delivery.value) for m in shown
            } == self.model.shown(name)
            assert list(shown) == sorted(shown, key=lambda row: row.order)
            assert {row.id: row for row in shown} == {
                row.id: row for row in self.followed.values() if row.conversation_id == name
            }

    @invariant()
    def the_list_shows_what_the_model_shows(self) -> None:
        entries = self.run(self.store.entries())
        if not entries:
            return  # before the beginning
        assert list(entries) == sorted(self.listed.values(), key=lambda entry: entry.order, reverse=True)
        for entry in entries:
            renames = [
                c for c in self.model.lane(entry.id) if c.mutation.kind is MutationKind.UPDATE_CONVERSATION
            ]
            known = self.model.chats[entry.id].known
            assert known is not None
            title = known.title
            if renames:
                title = renames[-1].mutation.args["p_updates"]["title"]
            assert entry.conversation.title == title
            states = {change.state for change in renames}
            expected = next(
                (
                    d
                    for s, d in (("failed", "failed"), ("sending", "sending"), ("waiting", "pending"))
                    if s in states
                ),
                "sent",
            )
            assert entry.delivery.value == expected

    @invariant()
    def the_outbox_is_the_models(self) -> None:
        entries = self.run(self.store.outbox())
        assert [entry.mutation for entry in entries] == [change.mutation for change in self.model.changes]
        failed = sum(change.state == "failed" for change in self.model.changes)
        assert self.run(self.store.outbox_counts()) == (len(self.model.changes) - failed, failed)
        assert self.counts == (len(self.model.changes) - failed, failed)

    def enqueue(self, mutation: Mutation) -> None:
        self.model.changes.append(Change(mutation))
        self.follow(self.run(self.store.enqueue(mutation)))


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
