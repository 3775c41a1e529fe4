"""From a file to the server, batch after batch; what is there already is never touched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from chatdesk.backend.base import Importer, ImportReply
from chatdesk.domain.change import RowBatch
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import Refused, Retryable
from chatdesk.portability.records import Piece
from chatdesk.portability.source import Format
from chatdesk.services.portability.batches import Batch, BatchReader, arguments, files_of
from chatdesk.services.portability.reports import ImportReport, Phase
from chatdesk.services.portability.tally import Tally
from chatdesk.sync.retry import Backoff

T = TypeVar("T")

MOST_COPIES = 50
PATIENCE = 120.0
"""Seconds without any answer after which the import ends; it can be taken up again."""

_NO_USE_WAITING = ("PGRST202", "404", "42883", "schema_newer")
_ELSEWHERE = ("gone", "taken")

Told = Callable[[Phase, int], None]
Take = Callable[[RowBatch, Mapping[str, int]], Awaitable[None]]
Keep = Callable[[int], Awaitable[None]]


class ImportRun:
    """One import.

    ``take`` stores the rows here; ``keep(done)`` remembers how many conversations a later run may pass over.
    Set ``cancelled`` to end it after the call that is under way.
    """

    def __init__(
        self, *, importer: Importer, clock: Clock, user_id: str, take: Take, told: Told, keep: Keep
    ) -> None:
        self._importer = importer
        self._clock = clock
        self._user_id = user_id
        self._take = take
        self._told = told
        self._keep = keep
        self._tally = Tally()
        self._done = 0
        self._copy = 0
        """Which copy the conversation of the last piece became."""
        self.cancelled = False
        self.waiting = False
        """Whether the server does not answer, so that nobody knows when the call ends."""

    async def run(self, path: Path, present: frozenset[str], skip: int, total: int) -> ImportReport:
        """Import until the file ends or it is cancelled; raises ``ChatDeskError``."""
        reader = BatchReader(path, present, skip)
        last = False
        try:
            await asyncio.to_thread(reader.open)
            while not last and not self.cancelled:
                batch = await asyncio.to_thread(reader.take)
                await self._send(batch, reader.source)
                last = batch.last
                # The last one may have more to come, so a later run looks at it again.
                await self._keep(max(0, self._done - 1))
        finally:
            await asyncio.to_thread(reader.close)
        tally = self._tally
        return ImportReport(
            path,
            imported=tally.imported,
            messages=tally.messages,
            here=tally.here,
            done=self._done,
            total=max(total, self._done),
            cancelled=not last,
            problems=tally.problems,
        )

    async def _send(self, batch: Batch, source: Format) -> None:
        self._tally.add(batch)
        if batch.pieces:
            await self._deliver(batch.pieces, source)
        self._done += batch.begun
        self._told(Phase.SENDING, self._done)

    async def _deliver(self, pieces: Sequence[Piece], source: Format) -> None:
        """Send pieces, of which only the first may belong to a conversation that was begun before."""
        if not pieces[0].first and self._tally.was_skipped(pieces[0]):
            pieces = pieces[1:]
        copies = [0 if piece.first else self._copy for piece in pieces]
        calls = [
            arguments(piece, self._user_id, source, copy) for piece, copy in zip(pieces, copies, strict=True)
        ]
        if not calls:
            return
        try:
            await self._bring_files(pieces, calls)
            reply = await self._call(calls)
        except Refused as refusal:
            if len(pieces) == 1:
                self._tally.skip(pieces[0], refusal.message)
            else:
                # One of them is the reason; the others must not suffer for it.
                for piece in pieces:
                    await self._deliver([piece], source)
            return
        for piece, copy, call in zip(pieces, copies, calls, strict=True):
            self._copy = copy
            fate = reply.fates.get(str(call["id"]), "gone")
            if fate in _ELSEWHERE:
                await self._deliver_copy(piece, source)
            else:
                self._tally.count(piece, fate)

    async def _deliver_copy(self, piece: Piece, source: Format) -> None:
        """Send a piece under the next ids, because what had the one before was deleted here."""
        while self._copy < MOST_COPIES:
            self._copy += 1
            call = arguments(piece, self._user_id, source, self._copy)
            try:
                await self._bring_files([piece], [call])
                reply = await self._call([call])
            except Refused as refusal:
                self._tally.skip(piece, refusal.message)
                return
            fate = reply.fates.get(str(call["id"]), "gone")
            if fate not in _ELSEWHERE:
                self._tally.count(piece, fate)
                return
        self._tally.skip(piece, "It was deleted here too often.")

    async def _bring_files(self, pieces: Sequence[Piece], calls: Sequence[Mapping[str, Any]]) -> None:
        """Put the files of these messages where the messages will look for them.

        Only a conversation that is there takes files, so it is made first, without its messages.
        """
        holding = [
            (piece, call)
            for piece, call in zip(pieces, calls, strict=True)
            if any(message.files for message in piece.messages)
        ]
        if not holding:
            return
        places = await self._call([{**call, "messages": []} for _, call in holding])
        for piece, call in holding:
            place = str(call["id"])
            if places.fates.get(place, "gone") in _ELSEWHERE:
                continue
            for message in piece.messages:
                for path, file in files_of(message, place).items():
                    put = partial(self._importer.put_file, path, file.content, file.media_type)
                    try:
                        await self._patiently(put)
                    except Refused:
                        if message.author is None:
                            raise
                        # It came in an earlier run, and the files of others are nobody's to replace.

    async def _call(self, calls: Sequence[Mapping[str, Any]]) -> ImportReply:
        """Ask until there is an answer, and store its rows."""
        reply = await self._patiently(partial(self._importer.import_conversations, calls))
        made = {row.id: row.revision for row in reply.rows.conversations if reply.fates[row.id] == "made"}
        await self._take(reply.rows, made)
        return reply

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until there is an answer; raises ``ChatDeskError`` when there is none for too long."""
        backoff = Backoff(Random())
        began = self._clock.monotonic()
        while True:
            try:
                answer = await ask()
                break
            except Retryable as failure:
                waited = self._clock.monotonic() - began
                if failure.code in _NO_USE_WAITING or waited > PATIENCE or self.cancelled:
                    raise
                self.waiting = True
                self._told(Phase.WAITING, self._done)
                await self._clock.sleep(backoff.next(failure.retry_after))
        self.waiting = False
        return answer
