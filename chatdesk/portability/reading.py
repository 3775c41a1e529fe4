"""Going through a file to import: once to see what is in it, and once more to take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chatdesk.domain.errors import BadInput
from chatdesk.portability.identity import conversation_id
from chatdesk.portability.problems import Problems
from chatdesk.portability.records import Found, Piece
from chatdesk.portability.source import Format, Source, open_source


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import of a file would bring; ``here``: conversations that are in the account already."""

    path: Path
    format: Format
    conversations: int
    messages: int
    here: int
    problems: Problems
    oldest: datetime | None = None
    newest: datetime | None = None


class FileReading:
    """One file, open, to be read in order. Methods block; every one raises ``BadInput`` for a bad file."""

    def __init__(self, path: Path, *, files: bool = True) -> None:
        self._path = path
        self._files = files
        self._stack = ExitStack()
        self._source: Source | None = None

    def open(self) -> Format:
        self._source = self._stack.enter_context(open_source(self._path, files=self._files))
        return self._source.format

    def next(self) -> Found | None:
        """Return what comes next, None at the end."""
        assert self._source is not None
        try:
            return next(self._source.found, None)
        except OSError as fault:
            raise BadInput("The file cannot be read.", "Check that it is still there.") from fault

    def close(self) -> None:
        self._stack.close()


def is_original(piece: Piece, source: Format, present: Collection[str]) -> bool:
    """Tell whether a conversation of the file is the very one that is in the account."""
    return source is Format.CHATDESK and piece.conversation.key in present


def is_here(piece: Piece, source: Format, user_id: str, present: Collection[str]) -> bool:
    """Tell whether a conversation of the file is in the account, itself or imported before."""
    imported = conversation_id(user_id, source, piece.conversation.key)
    return is_original(piece, source, present) or imported in present


def examine(
    path: Path, user_id: str, present: Collection[str], told: Callable[[int], bool]
) -> Preview | None:
    """Read the whole file and count; ``told(conversations)`` says whether to go on, None if not."""
    counts: Counter[str] = Counter()
    problems = Problems()
    times: list[datetime] = []
    reading = FileReading(path, files=False)
    try:
        source = reading.open()
        while (found := reading.next()) is not None:
            if isinstance(found, Piece):
                counts["messages"] += len(found.messages)
                if not found.first:
                    continue
                counts["conversations"] += 1
                counts["here"] += is_here(found, source, user_id, present)
                if (time := found.conversation.created_at) is not None:
                    times = [min([time, *times[:1]]), max([time, *times[1:]])]
                if not told(counts["conversations"]):
                    return None
            else:
                problems.note(found)
    finally:
        reading.close()
    return Preview(
        path, source, counts["conversations"], counts["messages"], counts["here"], problems, *times
    )
