"""Random lives of a store, and a search that always finds exactly what reading everything finds.

The oracle reads every message and title as they are shown and compares word lists; it knows neither the index
nor ``Query``.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chatdesk.domain.change import RowBatch
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import Message
from chatdesk.domain.mutation import MutationKind, OutboxEntry
from chatdesk.store.store import Store
from tests.unit.store.rows import (
    at,
    conversation,
    create,
    delete,
    delete_message,
    entity,
    frame,
    listed,
    membership,
    message,
    rename,
    send,
    sent,
)

T = TypeVar("T")

CHATS = ("a", "b", "c")
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
WORDS = ("café", "Straße", "cat", "list_of", "AND", "cats")
TEXTS = st.lists(st.sampled_from(WORDS), min_size=0, max_size=3).map(" ".join)
TYPED = ("ca", "CAFE", "strasse", "cat", "cats", "list_of", "of", "and", "cat and", "cafe c", "s")


def plain(text: str) -> list[str]:
    """The words of a text, the slow and obvious way; enough for ``WORDS``."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return re.findall("[a-z0-9]+", bare)


def is_found(typed: str, text: str) -> bool:
    """Whether a text holds every word of a query, the last one as a beginning; joined words stay together."""
    there = plain(text)
    chunks = [plain(chunk) for chunk in typed.split()]
    for number, chunk in enumerate(chunks):
        runs = [there[at_ : at_ + len(chunk)] for at_ in range(len(there) - len(chunk) + 1)]
        if number < len(chunks) - 1:
            hit = chunk in runs
        else:
            hit = any(run[:-1] == chunk[:-1] and run[-1].startswith(chunk[-1]) for run in runs)
        if not hit:
            return False
    return bool(chunks)


class SearchMachine(RuleBasedStateMachine):
    """Rows come, change and go; own changes wait, are answered, refused, taken back; the file is reopened."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp(prefix="search-machine-", dir=MEMORY))
        self.store = self.run(Store.open(self.directory, "account", SystemClock()))
        self.revision = 1
        self.serial = 0
        self.seqs = dict.fromkeys(CHATS, 0)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()
        shutil.rmtree(self.directory)

    @initialize()
    def begin(self) -> None:
        self.run(
            self.store.apply(listed(*CHATS), user_cursor=1, conversation_cursors=dict.fromkeys(CHATS, 1))
        )

    def next(self) -> int:
        self.revision += 1
        return self.revision

    @rule(name=st.sampled_from(CHATS), text=TEXTS, by_frame=st.booleans())
    def a_message_comes(self, name: str, text: str, by_frame: bool) -> None:
        self.seqs[name] += 1
        row = message(name, self.seqs[name], self.next(), content=text, created_at=at(self.revision // 3))
        if by_frame:
            self.run(self.store.apply_events([frame(row)]))
        else:
            self.run(self.store.apply(RowBatch(messages=(row,))))

    @rule(name=st.sampled_from(CHATS), which=st.integers(1, 20), text=TEXTS, dead=st.booleans())
    def a_message_changes(self, name: str, which: int, text: str, dead: bool) -> None:
        if self.seqs[name]:
            row = message(name, 1 + which % self.seqs[name], self.next(), content="" if dead else text)
            self.run(self.store.apply(RowBatch(messages=(self.dead(row) if dead else row,))))

    @staticmethod
    def dead(row: Any) -> Any:
        return message(row.conversation_id, row.seq, row.revision, content="", deleted_at=at(1))

    @rule(name=st.sampled_from(CHATS), title=TEXTS)
    def a_rename_comes(self, name: str, title: str) -> None:
        row = conversation(name, self.next(), title=title)
        self.run(self.store.apply_events([entity(row, self.run(self.store.user_cursor()) + 1)]))

    @rule(name=st.sampled_from(CHATS), forever=st.booleans())
    def a_conversation_goes(self, name: str, forever: bool) -> None:
        cursor = self.run(self.store.user_cursor())
        if forever:
            row = conversation(name, self.next(), deleted_at=at(1))
            self.run(self.store.apply(RowBatch(conversations=(row,))))
        else:
            self.run(self.store.apply(RowBatch(removed_conversations=(name,)), user_cursor=cursor + 1))

    @rule(name=st.sampled_from(CHATS), title=TEXTS)
    def a_conversation_comes_back(self, name: str, title: str) -> None:
        cursor = self.run(self.store.user_cursor())
        rows = RowBatch(
            conversations=(conversation(name, self.next(), title=title),), memberships=(membership(name),)
        )
        self.run(self.store.apply(rows, user_cursor=cursor + 1, conversation_cursors={name: self.revision}))

    @rule(name=st.sampled_from(CHATS), text=TEXTS)
    def send_one(self, name: str, text: str) -> None:
        self.serial += 1
        self.run(self.store.enqueue(send(name, f"own-{self.serial}", text)))

    @rule(name=st.sampled_from(CHATS), which=st.integers(1, 20))
    def delete_one(self, name: str, which: int) -> None:
        if self.seqs[name]:
            self.run(self.store.enqueue(delete_message(name, f"{name}-m{1 + which % self.seqs[name]}")))

    @rule(name=st.sampled_from(CHATS), title=TEXTS)
    def rename_one(self, name: str, title: str) -> None:
        self.serial += 1
        self.run(self.store.enqueue(rename(name, title, 1000 + self.serial)))

    @rule(title=TEXTS)
    def create_one(self, title: str) -> None:
        self.serial += 1
        self.run(self.store.enqueue(create(f"new-{self.serial}", title)))

    @rule(name=st.sampled_from(CHATS))
    def delete_conversation(self, name: str) -> None:
        self.run(self.store.enqueue(delete(name)))

    @rule(which=st.integers(0, 20), outcome=st.sampled_from(("accepted", "refused", "taken back")))
    def an_answer_comes(self, which: int, outcome: str) -> None:
        entries = self.run(self.store.outbox())
        if not entries:
            return
        entry = entries[which % len(entries)]
        if outcome == "refused":
            self.run(self.store.reject(entry.mutation.id, "no"))
        elif outcome == "taken back":
            self.run(self.store.discard(entry.mutation.entity_id))
        else:
            self.run(self.store.acknowledge(entry.mutation.id, self.answer(entry)))

    def answer(self, entry: OutboxEntry) -> RowBatch:
        mutation = entry.mutation
        match mutation.kind:
            case MutationKind.SEND_MESSAGE:
                seq = self.seqs[mutation.lane] = self.seqs.get(mutation.lane, 0) + 1
                return RowBatch(messages=(sent(mutation, seq, self.next()),))
            case MutationKind.CREATE_CONVERSATION:
                row = conversation(mutation.entity_id, self.next(), title=mutation.args["p_title"])
                return RowBatch(conversations=(row,), memberships=(membership(mutation.entity_id),))
            case MutationKind.UPDATE_CONVERSATION:
                title = mutation.args["p_updates"]["title"]
                return RowBatch(conversations=(conversation(mutation.lane, self.next(), title=title),))
            case MutationKind.DELETE_CONVERSATION:
                return RowBatch(conversations=(conversation(mutation.lane, self.next(), deleted_at=at(1)),))
            case _:
                return RowBatch()

    @rule()
    def tidy_one_slice(self) -> None:
        self.run(self.store.tidy_index())

    @rule()
    def restart(self) -> None:
        self.run(self.store.close())
        self.store = self.run(Store.open(self.directory, "account", SystemClock()))
        assert self.store.recovered == ()

    @invariant()
    def the_search_finds_what_reading_everything_finds(self) -> None:
        entries = self.run(self.store.entries())
        rows = {entry.id: self.run(self.store.messages(entry.id, limit=10_000)) for entry in entries}
        for typed in TYPED:
            self.check(typed, entries, rows)

    def check(
        self, typed: str, entries: tuple[ConversationEntry, ...], rows: dict[str, tuple[Message, ...]]
    ) -> None:
        right = {
            name: [row for row in there if row.deleted_at is None and is_found(typed, row.content)]
            for name, there in rows.items()
        }
        hits = self.run(self.store.search(typed, 10_000))
        everywhere = {row.id: row for there in right.values() for row in there}
        assert {hit.message.id: hit.message for hit in hits} == everywhere
        assert len(hits) == len(everywhere)
        times = [hit.message.created_at for hit in hits]
        assert times == sorted(times, reverse=True)
        few = self.run(self.store.search(typed, 2))
        assert len(few) == min(2, len(hits))
        assert {hit.message.id for hit in few} <= everywhere.keys()
        for name, there in right.items():
            assert list(self.run(self.store.find(typed, name))) == [row.id for row in there]
        titles = self.run(self.store.search_titles(typed, 100))
        assert [hit.entry for hit in titles] == [
            entry for entry in entries if is_found(typed, entry.conversation.title)
        ]


TestSearchMachine = SearchMachine.TestCase
TestSearchMachine.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
