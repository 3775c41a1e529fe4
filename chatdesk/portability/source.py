"""A file that somebody chose, recognised by what is in it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from chatdesk.domain.errors import BadInput
from chatdesk.portability import chatgpt, native, values
from chatdesk.portability.chatgpt_files import ArchivedFiles, Find
from chatdesk.portability.json_array import ArrayReader
from chatdesk.portability.limits import (
    CHUNK,
    MAX_ELEMENT,
    MAX_LINE,
    MAX_RATIO,
    MAX_UNPACKED,
    RATIO_FREE,
)
from chatdesk.portability.records import Found, Skipped, Trouble
from chatdesk.portability.values import Unreadable

_IN_ARCHIVE = re.compile(r"(?:^|/)conversations(?:-\d+)?\.json$")
_UTF8_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")
CHOOSE_ANOTHER = "Choose a file that ChatDesk or ChatGPT has exported."


class Format(StrEnum):
    """Whose file it is."""

    CHATDESK = "chatdesk"
    CHATGPT = "chatgpt"


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file: whose it is, and what is in it, to be read once and in order."""

    format: Format
    found: Iterator[Found]


@contextmanager
def open_source(path: Path, *, files: bool = True) -> Iterator[Source]:
    """Open a file to import; raises ``BadInput`` when nothing in it can be read, also while it is read.

    Without ``files`` an archive's pictures are left where they are, which is enough for counting.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                file.seek(0)
                yield Source(Format.CHATGPT, _guarded(_archive(file, files)))
                return
            file.seek(0)
            yield _plain(file)
    except OSError:
        raise BadInput("The file cannot be read.", "Check that it exists and that you may open it.") from None


def _guarded(found: Iterator[Found]) -> Iterator[Found]:
    """Let nothing out but what a caller expects of a file that may hold anything."""
    try:
        yield from found
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as fault:
        # A password, an unknown method, a wrong checksum.
        raise BadInput("The archive is damaged or protected by a password.", CHOOSE_ANOTHER) from fault
    except Exception as fault:
        if isinstance(fault, Unreadable):
            raise BadInput(str(fault), CHOOSE_ANOTHER) from fault
        if type(fault).__module__ == "zlib":
            raise BadInput("The archive is damaged or protected by a password.", CHOOSE_ANOTHER) from fault
        raise


def _plain(file: IO[bytes]) -> Source:
    start = file.read(CHUNK)
    if start.startswith(_OTHER_MARKS) or b"\0" in start[:64]:
        raise BadInput("The file is not written in UTF-8.", "Save it as UTF-8 and import it again.")
    file.seek(len(_UTF8_MARK) if start.startswith(_UTF8_MARK) else 0)
    first = start.removeprefix(_UTF8_MARK).lstrip()[:1]
    if first == b"[":
        return Source(Format.CHATGPT, _guarded(_array(_chunks(file), 0)))
    if first == b"{":
        return _object(file)
    raise BadInput("This is no export of a chat program.", CHOOSE_ANOTHER)


def _object(file: IO[bytes]) -> Source:
    """A line that says what follows, or one conversation as a whole."""
    place = file.tell()
    top = _heading(file.readline(MAX_LINE))
    if top.get("format") == native.EVERYTHING:
        try:
            native.check_version(top)
        except Unreadable as fault:
            raise BadInput(str(fault)) from fault
        return Source(Format.CHATDESK, _guarded(native.read_lines(file.readline)))
    file.seek(place)
    raw = file.read(MAX_ELEMENT + 1)
    if len(raw) > MAX_ELEMENT:
        raise BadInput("The file is too large for one conversation.", CHOOSE_ANOTHER)
    try:
        whole = values.as_object(values.parse(raw))
        if whole.get("format") == native.ONE:
            native.check_version(whole)
            return Source(Format.CHATDESK, _guarded(native.read_document(whole)))
        if chatgpt.is_conversation(whole):
            return Source(Format.CHATGPT, _guarded(chatgpt.read_conversation(raw, "1")))
    except Unreadable as fault:
        raise BadInput(f"The file cannot be imported. {fault}", CHOOSE_ANOTHER) from fault
    raise BadInput("This is no export of a chat program.", CHOOSE_ANOTHER)


def _heading(raw: bytes) -> dict[str, object]:
    try:
        return dict(values.as_object(values.parse(raw)))
    except Unreadable:
        return {}


def _archive(file: IO[bytes], files: bool) -> Iterator[Found]:
    with zipfile.ZipFile(file) as archive:
        parts = sorted(
            (part for part in archive.infolist() if _IN_ARCHIVE.search(part.filename)),
            key=lambda part: (len(part.filename), part.filename),
        )
        if not parts:
            raise BadInput("There are no conversations in this archive.", CHOOSE_ANOTHER)
        count = 0
        find = ArchivedFiles(archive).find if files else None
        for part in parts:
            with archive.open(part) as inside:
                for found in _array(_measured(inside, part.compress_size), count, find):
                    yield found
                    count += getattr(found, "first", True) is True


def _measured(inside: IO[bytes], packed: int) -> Iterator[bytes]:
    """Read on until it is clear that the archive was made to unpack without end."""
    size = 0
    for chunk in _chunks(inside):
        size += len(chunk)
        if size > MAX_UNPACKED or (size > RATIO_FREE and size > packed * MAX_RATIO):
            raise BadInput("The archive unpacks to far more than an export holds.", CHOOSE_ANOTHER)
        yield chunk


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _array(chunks: Iterator[bytes], before: int, find: Find | None = None) -> Iterator[Found]:
    reader = ArrayReader(chunks, MAX_ELEMENT)
    for number, element in enumerate(reader, before + 1):
        if element.raw is None:
            yield Skipped(str(number), "It is too large.")
        else:
            places = {} if find is None else {"find": find}
            yield from chatgpt.read_conversation(element.raw, str(number), **places)
    if not reader.complete:
        yield Trouble("The file ends early; it may be damaged or incomplete.")
