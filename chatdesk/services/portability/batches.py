"""Conversations of a file as the arguments of the import RPC, in calls of a bearable size."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatdesk.domain.attachment import NewFile, as_record, attach, described
from chatdesk.portability.identity import conversation_id, message_id
from chatdesk.portability.limits import PIECE_FILES
from chatdesk.portability.problems import Problems
from chatdesk.portability.reading import FileReading, is_original
from chatdesk.portability.records import MessageRecord, Piece
from chatdesk.portability.source import Format
from chatdesk.portability.values import written

MOST_CONVERSATIONS = 100
MOST_MESSAGES = 300
MOST_CHARACTERS = 600_000
"""A call ends with the piece that passes one of these; a piece alone stays below the server's limit."""


@dataclass(slots=True)
class Batch:
    """What one call sends, and what was met on the way: conversations of the file begun, those here already,
    what could not be read; ``last``: the file ends here."""

    pieces: list[Piece] = field(default_factory=list)
    begun: int = 0
    here: int = 0
    problems: Problems = field(default_factory=Problems)
    last: bool = False


class BatchReader:
    """Reads a file in batches. Blocks: it is for a thread.

    ``skip`` conversations at the beginning are passed over, an earlier run has done them. ``present`` are the
    conversations of the account; those of the file that are among them are left alone.
    """

    def __init__(self, path: Path, present: Collection[str], skip: int) -> None:
        self._reading = FileReading(path)
        self._present = present
        self._skip = skip
        self._passing = False
        self._held: Piece | None = None
        self.source = Format.CHATDESK

    def open(self) -> None:
        self.source = self._reading.open()

    def take(self) -> Batch:
        """Return the next batch; raises ``BadInput`` when the file cannot be read further."""
        batch = Batch()
        messages = characters = size = 0
        while (found := self._held or self._reading.next()) is not None:
            if isinstance(found, Piece) and not found.first and batch.pieces and not self._passing:
                # The rest of a conversation comes in the next call, or it would overtake its beginning.
                self._held = found
                return batch
            self._held = None
            if not isinstance(found, Piece):
                if not self._skip:
                    batch.problems.note(found)
                continue
            if found.first:
                batch.begun += 1
                self._passing = self._passes(found, batch)
            if self._passing:
                if batch.begun >= 10 * MOST_CONVERSATIONS:
                    return batch
                continue
            batch.pieces.append(found)
            messages += len(found.messages)
            characters += sum(len(each.content) for each in found.messages)
            size += sum(len(file.content or b"") for each in found.messages for file in each.files)
            if (
                len(batch.pieces) >= MOST_CONVERSATIONS
                or messages >= MOST_MESSAGES
                or characters >= MOST_CHARACTERS
                or size >= PIECE_FILES
            ):
                return batch
        batch.last = True
        return batch

    def close(self) -> None:
        self._reading.close()

    def _passes(self, piece: Piece, batch: Batch) -> bool:
        if self._skip:
            self._skip -= 1
            return True
        here = is_original(piece, self.source, self._present)
        batch.here += here
        return here


def files_of(message: MessageRecord, conversation: str) -> dict[str, NewFile]:
    """Return the files of a message of a file to import, each by the path it gets."""
    files = [
        NewFile(each.name, each.media_type, each.content, each.width, each.height)
        for each in message.files
        if each.content is not None
    ]
    return attach(files, conversation, message_id(conversation, message.key))


def described_files(message: MessageRecord, conversation: str) -> dict[str, Any]:
    """Return what the RPC is told of a message's files."""
    found = [as_record(described(path, file)) for path, file in files_of(message, conversation).items()]
    return {"attachments": found} if found else {}


def arguments(piece: Piece, user_id: str, source: Format, copy: int) -> dict[str, Any]:
    """Return a piece as one of the RPC's conversations."""
    row = piece.conversation
    made = conversation_id(user_id, source, row.key, copy)

    def named(key: str | None) -> str | None:
        return None if key is None else message_id(made, key)

    messages: list[Mapping[str, Any]] = [
        {
            "id": named(each.key),
            "parent_id": named(each.parent),
            "replaces": named(each.replaces),
            "role": each.role,
            "content": each.content,
            "model": each.model,
            "usage": None if each.usage is None else dict(each.usage),
            "status": each.status,
            "error": each.error,
            "created_at": written(each.created_at),
            "updated_at": written(each.updated_at),
        }
        | described_files(each, made)
        | _origin(each)
        for each in piece.messages
    ]
    return {
        "id": made,
        "title": row.title,
        "model": row.model,
        "system_prompt": row.system_prompt,
        "temperature": row.temperature,
        "created_at": written(row.created_at),
        "updated_at": written(row.updated_at or row.created_at),
        "pinned": row.pinned,
        "archived": row.archived,
        "messages": messages,
    }


def _origin(message: MessageRecord) -> dict[str, Any]:
    """Return what keeps the words of somebody else out of the mouth of who brings them."""
    if message.author is None:
        return {}
    return {"foreign": True} | ({"author_name": message.author} if message.author else {})
