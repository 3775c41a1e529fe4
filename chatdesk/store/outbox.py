"""The changes of this instance that the server has not accepted yet: on disk, and mirrored in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.mutation import Mutation, OutboxEntry, OutboxState, ReplyWish
from chatdesk.store import lanes
from chatdesk.store.connection import Database
from chatdesk.store.draft_files import DraftFiles
from chatdesk.store.mutations import digest, from_text, to_text
from chatdesk.store.unsent_files import UnsentFiles, has_files

_SEARCHED = 5_000
"""Positions among which that of a damaged row is looked for; an outbox that was emptied begins anew."""

COLUMNS = "position, id, body, digest, state, attempts, reason"
_PUT = (
    f"INSERT INTO entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " body = excluded.body, digest = excluded.digest, state = excluded.state, attempts = excluded.attempts,"
    " reason = excluded.reason"
)
READ_WISHES = "SELECT conversation_id, message_id FROM wishes"
_PUT_WISH = "INSERT OR REPLACE INTO wishes (message_id, conversation_id) VALUES (?, ?)"
_PUT_DRAFT = (
    "INSERT INTO drafts VALUES (?, ?) ON CONFLICT (conversation_id) DO UPDATE SET body = excluded.body"
)


class Outbox:
    """Entries in the order they were accepted.

    The file holds what must survive: the mutation, and whether it was refused and why. That an entry is being
    sent, or was tried in vain, lives in memory: after a restart it is simply waiting again, and its id makes
    the repetition harmless. ``BLOCKED`` is derived from the others (see ``lanes``).
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.files = UnsentFiles(database)
        self.draft_files = DraftFiles(database, self.files)
        self._entries: dict[str, OutboxEntry] = {}
        self._lanes: dict[str, dict[str, OutboxEntry]] = {}
        self._entities: dict[str, dict[str, OutboxEntry]] = {}
        self._next = 1
        self._doubtful: set[str] = set()
        """Entries that the file may hold otherwise than memory does, after a commit that failed."""

    def load(self) -> int:
        """Read the file; return how many entries in it could not be read (they stay in the file)."""
        unreadable = 0
        for row in self._database.rows(f"SELECT {COLUMNS} FROM entries ORDER BY position"):
            self._next = max(self._next, row[0] + 1)
            entry = decode_entry(row)
            if entry is None:
                unreadable += 1
            else:
                self._keep(entry)
        if not unreadable:
            self.files.sweep(self._entries)
        return unreadable

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def next_position(self) -> int:
        return self._next

    def get(self, mutation_id: str) -> OutboxEntry | None:
        return self._entries.get(mutation_id)

    def entries(self) -> tuple[OutboxEntry, ...]:
        return tuple(self._entries.values())

    def lane(self, lane: str) -> list[OutboxEntry]:
        """Return the entries of a lane, oldest first."""
        return list(self._lanes.get(lane, {}).values())

    def lane_names(self) -> list[str]:
        return list(self._lanes)

    def of_entity(self, entity_id: str) -> list[OutboxEntry]:
        """Return the entries about one row, oldest first."""
        return list(self._entities.get(entity_id, {}).values())

    def listing(self) -> tuple[OutboxEntry, ...]:
        """Return everything, with ``BLOCKED`` filled in."""
        held = {mutation_id for lane in self._lanes for mutation_id in lanes.blocked(self.lane(lane))}
        return tuple(
            replace(entry, state=OutboxState.BLOCKED) if entry.mutation.id in held else entry
            for entry in self._entries.values()
        )

    def counts(self) -> tuple[int, int]:
        """Return how many entries still go and how many were refused."""
        failed = sum(entry.state is OutboxState.FAILED for entry in self._entries.values())
        return len(self._entries) - failed, failed

    def write(
        self,
        *,
        add: Sequence[Mutation] = (),
        put: Sequence[OutboxEntry] = (),
        drop: Iterable[str] = (),
        drafts: Mapping[str, str] | None = None,
        files: Mapping[str, Mapping[str, bytes]] | None = None,
        wishes: Iterable[ReplyWish] = (),
        durable: bool,
    ) -> None:
        """Change the outbox in one transaction; memory follows only when the file has it.

        ``files`` are the bytes that wait with entries, by mutation id and path; ``wishes`` are kept from now
        on, beside those that entries stand for.
        When it cannot be written, nothing has changed, here or in the file: see ``settle``.
        """
        added = [
            OutboxEntry(mutation, self._next + index, OutboxState.WAITING)
            for index, mutation in enumerate(add)
        ]
        gone = list(drop)
        try:
            with self._database.transaction(durable=durable or bool(self._doubtful)):
                self._settle_doubts()
                for mutation_id in gone:
                    self._database.execute("DELETE FROM entries WHERE id = ?", (mutation_id,))
                for entry in (*put, *added):
                    self._database.execute(_PUT, encode_entry(entry))
                for conversation_id, text in (drafts or {}).items():
                    self._write_draft(conversation_id, text)
                for mutation_id, contents in (files or {}).items():
                    self.files.write(mutation_id, contents)
                for wish in wishes:
                    self._database.execute(_PUT_WISH, (wish.message_id, wish.conversation_id))
        except ChatDeskError:
            self._doubtful.update(gone, (entry.mutation.id for entry in (*put, *added)))
            self.settle()
            raise
        self._doubtful.clear()
        held_files = any(has_files(self._entries[key].mutation) for key in gone if key in self._entries)
        for mutation_id in gone:
            self._forget(mutation_id)
        for entry in (*put, *added):
            self._keep(entry)
            self._next = max(self._next, entry.position + 1)
        if held_files:
            self.files.sweep(self._entries)

    def settle(self) -> None:
        """Make the file agree with memory again after a commit that failed; does nothing otherwise.

        A commit whose very last sync fails is reported as failed although the change is in the file: it would
        be sent after a restart, while its author was told that it was refused and has sent it again. While
        the disk refuses this too, the doubt stays, until the next change that can be written, or the end; a
        disk that can still write is left right at least for whoever reads the file after us.
        """
        if not self._doubtful:
            return
        with suppress(ChatDeskError):
            with self._database.transaction(durable=True):
                self._settle_doubts()
            self._doubtful.clear()
            return
        with suppress(ChatDeskError), self._database.transaction(unsynced=True):
            self._settle_doubts()

    def mark(self, entry: OutboxEntry) -> None:
        """Change an entry in memory only."""
        self._keep(entry)

    def draft(self, conversation_id: str) -> str:
        row = self._database.row("SELECT body FROM drafts WHERE conversation_id = ?", (conversation_id,))
        return "" if row is None else decode_draft(row[0])

    def drafts(self) -> dict[str, str]:
        found = self._database.rows("SELECT conversation_id, body FROM drafts")
        return {str(conversation_id): decode_draft(body) for conversation_id, body in found}

    def save_draft(self, conversation_id: str, text: str) -> None:
        with self._database.transaction():
            self._write_draft(conversation_id, text)

    def kept_wishes(self) -> list[ReplyWish]:
        """Return the wishes of messages that were delivered."""
        rows = self._database.rows(f"{READ_WISHES} ORDER BY message_id")
        return [ReplyWish(str(row[0]), str(row[1])) for row in rows]

    def wishes(self) -> tuple[ReplyWish, ...]:
        """Return the messages that wait for a model to be asked, also those that are not delivered yet."""
        waiting = [wish for entry in self._entries.values() if (wish := wish_of(entry)) is not None]
        return (*self.kept_wishes(), *waiting)

    def forget_wishes(self, message_ids: Iterable[str]) -> None:
        """The server has said whose call it is, or nobody is to be asked."""
        gone = list(message_ids)
        entries = [entry for key in gone for entry in self.of_entity(key) if entry.mutation.wants_reply]
        kept = {wish.message_id for wish in self.kept_wishes()}
        if not kept.isdisjoint(gone):
            with self._database.transaction():
                for key in gone:
                    self._database.execute("DELETE FROM wishes WHERE message_id = ?", (key,))
        if entries:
            plain = [replace(e, mutation=replace(e.mutation, wants_reply=False)) for e in entries]
            self.write(put=plain, durable=False)

    def _write_draft(self, conversation_id: str, text: str) -> None:
        if text:
            # JSON keeps every text, also one that SQLite or the server could not take as it is.
            self._database.execute(_PUT_DRAFT, (conversation_id, json.dumps(text)))
        else:
            self._database.execute("DELETE FROM drafts WHERE conversation_id = ?", (conversation_id,))

    def _settle_doubts(self) -> None:
        for mutation_id in self._doubtful:
            entry = self._entries.get(mutation_id)
            if entry is None:
                self._database.execute("DELETE FROM entries WHERE id = ?", (mutation_id,))
            else:
                self._database.execute(_PUT, encode_entry(entry))

    def _keep(self, entry: OutboxEntry) -> None:
        mutation = entry.mutation
        self._entries[mutation.id] = entry
        self._lanes.setdefault(mutation.lane, {})[mutation.id] = entry
        self._entities.setdefault(mutation.entity_id, {})[mutation.id] = entry

    def _forget(self, mutation_id: str) -> None:
        entry = self._entries.pop(mutation_id, None)
        if entry is None:
            return
        for index, key in ((self._lanes, entry.mutation.lane), (self._entities, entry.mutation.entity_id)):
            del index[key][mutation_id]
            if not index[key]:
                del index[key]


def wish_of(entry: OutboxEntry) -> ReplyWish | None:
    """Return the wish that an entry stands for."""
    mutation = entry.mutation
    return ReplyWish(mutation.lane, mutation.entity_id) if mutation.wants_reply else None


def encode_entry(entry: OutboxEntry) -> tuple[Any, ...]:
    """Write an entry in the order of ``COLUMNS``."""
    body = to_text(entry.mutation)
    state = OutboxState.FAILED if entry.state is OutboxState.FAILED else OutboxState.WAITING
    reason = None if entry.reason is None else json.dumps(entry.reason)
    return (
        entry.position,
        entry.mutation.id,
        body,
        _check(entry.position, body),
        state.value,
        entry.attempts,
        reason,
    )


def _check(position: int, body: str) -> int:
    """What guards a row: the text and its place among the others."""
    return digest(body) ^ digest(str(position))


def _place(position: int, mark: int) -> int | None:
    """Return the position that ``mark`` belongs to: the row's own, or the one from before a damage to it.

    None when there is none, so the text is damaged. A mark of 0 is from before positions were guarded.
    """
    if mark in (0, digest(str(position))):
        return position
    return next((place for place in range(1, _SEARCHED) if digest(str(place)) == mark), None)


def decode_entry(row: Sequence[Any]) -> OutboxEntry | None:
    """Read an entry; None when it is damaged or of a kind that only a newer ChatDesk knows."""
    try:
        position, mutation_id, body, check, state, attempts, reason = row
        mutation = from_text(body)
        place = _place(int(position), check ^ digest(body))
        if place is None or mutation.id != mutation_id:
            return None
        known = OutboxState.FAILED if state == OutboxState.FAILED.value else OutboxState.WAITING
        return OutboxEntry(mutation, place, known, int(attempts), _reason(reason))
    except Exception:  # a damaged row can be anything; it is counted, and stays where it is
        return None


def decode_draft(body: object) -> str:
    """Read a draft; a damaged one is returned as it stands, for it is still somebody's text."""
    try:
        text = json.loads(str(body))
    except ValueError:
        text = body
    return text if isinstance(text, str) else str(body)


def _reason(text: object) -> str | None:
    if text is None:
        return None
    try:
        return str(json.loads(str(text)))
    except ValueError:
        return str(text)
