"""One copy, from the first conversation to the last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from chatdesk.backend.base import ImportReply
from chatdesk.domain.attachment import as_record
from chatdesk.domain.change import RowBatch
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.errors import NeedsSignIn, Refused
from chatdesk.domain.message import Message
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import model_id, parts_of
from chatdesk.portability.identity import conversation_id, message_id
from chatdesk.portability.problems import Problems
from chatdesk.portability.records import Piece, Skipped
from chatdesk.portability.source import Format
from chatdesk.portability.tombstones import Pruning
from chatdesk.services.copying.patience import Patience
from chatdesk.services.copying.reports import CopyReport
from chatdesk.services.copying.source import CopySource, World
from chatdesk.services.portability.batches import (
    MOST_CHARACTERS,
    MOST_CONVERSATIONS,
    MOST_MESSAGES,
    arguments,
)
from chatdesk.services.portability.exporting import author_of, message_of, record_of

Take = Callable[[RowBatch, Mapping[str, int]], Awaitable[None]]
Done = Callable[[Mapping[str, int]], Awaitable[None]]
_MISSING = "A file could not be read and was left out."


class Writable(Protocol):
    """Where the chats go; raises as ``Remote``."""

    async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply: ...

    async def put_file(self, path: str, content: bytes, media_type: str) -> None: ...


@dataclass(frozen=True, slots=True)
class CopyTarget:
    """The open account: ``take`` stores rows here, ``done`` remembers what a later run may pass over."""

    user_id: str
    remote: Writable
    take: Take
    done: Done


class CopyRun:
    """Copies what ``before`` (conversation id to revision) does not name as copied already.

    Every id follows from the source's and from who copies, so whatever is sent twice is there once: a run may
    be cut off anywhere. ``models`` translates the ids of providers. ``told(done)`` counts conversations.
    """

    def __init__(
        self,
        source: CopySource,
        target: CopyTarget,
        patience: Patience,
        models: Mapping[str, str],
        told: Callable[[int], None],
    ) -> None:
        self._source = source
        self._target = target
        self._patience = patience
        self._models = models
        self._told = told
        self._pieces: list[dict[str, Any]] = []
        self._weight = 0
        self._finished: dict[str, int] = {}
        """Conversations whose last message is among the pieces, with the revision that was read."""
        self._fates: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self._messages: dict[str, int] = {}
        self._refused: set[str] = set()
        self._problems = Problems()
        self._people: Mapping[str, Profile] = {}
        self._files = 0
        self._passed = 0

    async def run(self, world: World, before: Mapping[str, int]) -> CopyReport:
        """Copy until the end, or until it is cancelled."""
        self._people = world.people
        for entry in world.entries:
            if self._patience.cancelled:
                break
            if before.get(entry.id) == entry.conversation.revision:
                self._passed += 1
            else:
                await self._conversation(entry)
            self._told(self._passed + len(self._titles))
        await self._flush()
        fates = list(self._fates.values())
        return CopyReport(
            source="",
            conversations=sum(fate in ("made", "grown") for fate in fates),
            messages=sum(
                count for made, count in self._messages.items() if self._fates.get(made) in ("made", "grown")
            ),
            files=self._files,
            here=self._passed + fates.count("same"),
            deleted=fates.count("gone"),
            total=len(world.entries),
            cancelled=self._patience.cancelled,
            problems=self._problems,
        )

    async def _conversation(self, entry: ConversationEntry) -> None:
        made = conversation_id(self._target.user_id, Format.CHATDESK, entry.id)
        self._titles[made] = entry.conversation.title
        pruning, last = await self._source.shape(entry.id)
        piece = self._piece(entry, pruning, ())
        sent = False
        async for window in self._source.windows(entry.id, last):
            if self._patience.cancelled or made in self._refused:
                return
            left = [row for row in window if pruning.is_left(row.id)]
            if any(row.attachments for row in left):
                # Files need a conversation to lie in, and a message must not name one that is not there.
                self._add(piece)
                await self._flush()
                if self._fates.get(made) in ("gone", "taken"):
                    return
            for row in left:
                self._add(await self._message(entry, pruning, row, made))
                sent = True
                if self._is_full:
                    await self._flush()
        if not sent:
            self._add(piece)
        self._finished[entry.id] = entry.conversation.revision
        if self._is_full:
            await self._flush()

    async def _message(
        self, entry: ConversationEntry, pruning: Pruning, row: Message, made: str
    ) -> dict[str, Any]:
        call = self._piece(entry, pruning, (row,))
        (message,) = call["messages"]
        foreign = author_of(row, self._source.user_id, self._people) is not None
        records = []
        for attachment in row.attachments:
            path = f"{made}/{message_id(made, row.id)}/{attachment.path.rpartition('/')[2]}"
            put = partial(self._file, attachment.path, path, attachment.media_type)
            if await put(entry.conversation.title, foreign=foreign):
                records.append(as_record(replace(attachment, path=path)))
        message["attachments"] = records
        return call

    async def _file(self, path: str, target: str, media_type: str, title: str, *, foreign: bool) -> bool:
        try:
            content = await self._source.file(path)
        except NeedsSignIn:
            raise
        except Refused:
            self._problems.note(Skipped(title, _MISSING))
            return False
        try:
            put = partial(self._target.remote.put_file, target, content, media_type)
            await self._patience.ask(put)
        except Refused as refusal:
            if foreign:
                return True  # The message came in an earlier run, and its files are nobody's to replace.
            self._problems.note(Skipped(title, refusal.message))
            return False
        self._files += 1
        return True

    def _piece(self, entry: ConversationEntry, pruning: Pruning, rows: Sequence[Message]) -> dict[str, Any]:
        record = record_of(entry)
        if record.model:
            name, provider = parts_of(record.model)
            if provider in self._models:
                record = replace(record, model=model_id(name, self._models[provider]))
        user_id, people = self._source.user_id, self._people
        told = tuple(message_of(row, pruning, author_of(row, user_id, people)) for row in rows)
        piece = Piece(record, told, True)
        return arguments(piece, self._target.user_id, Format.CHATDESK, 0)

    @property
    def _is_full(self) -> bool:
        messages = sum(len(piece["messages"]) for piece in self._pieces)
        return (
            len(self._pieces) >= MOST_CONVERSATIONS
            or messages >= MOST_MESSAGES
            or self._weight >= MOST_CHARACTERS
        )

    def _add(self, piece: dict[str, Any]) -> None:
        """Put a piece to those that are sent next; pieces of one conversation become one."""
        self._weight += sum(len(message["content"]) for message in piece["messages"])
        if self._pieces and self._pieces[-1]["id"] == piece["id"]:
            self._pieces[-1]["messages"] += piece["messages"]
        else:
            self._pieces.append(piece)

    async def _flush(self) -> None:
        pieces, self._pieces, self._weight = self._pieces, [], 0
        if pieces:
            await self._send(pieces)
        finished, self._finished = self._finished, {}
        kept = {
            key: revision
            for key, revision in finished.items()
            if conversation_id(self._target.user_id, Format.CHATDESK, key) not in self._refused
        }
        if kept:
            await self._target.done(kept)

    async def _send(self, pieces: Sequence[dict[str, Any]]) -> None:
        try:
            reply = await self._patience.ask(partial(self._target.remote.import_conversations, pieces))
        except NeedsSignIn:
            raise
        except Refused as refusal:
            if len(pieces) > 1:
                # One of them is the reason; the others must not suffer for it.
                for piece in pieces:
                    await self._send([piece])
                return
            made = str(pieces[0]["id"])
            self._refused.add(made)
            self._problems.note(Skipped(self._titles.get(made, ""), refusal.message))
            return
        fresh = {row.id: row.revision for row in reply.rows.conversations if reply.fates[row.id] == "made"}
        await self._target.take(reply.rows, fresh)
        for piece in pieces:
            made = str(piece["id"])
            fate = reply.fates.get(made, "gone")
            # A conversation in several calls counts by the first one, or by the first that brought anything.
            if self._fates.get(made) not in ("made", "grown"):
                self._fates[made] = fate
            self._messages[made] = self._messages.get(made, 0) + len(piece["messages"])
