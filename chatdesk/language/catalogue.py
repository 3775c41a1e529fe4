"""Reads a gettext catalogue from its source, a ``.po`` file: a checkout needs no build step for it."""

from __future__ import annotations

import gettext
import io
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SENTENCE = "sentence"
"""The context of what lower floors say: errors and notices, which are looked up when they are shown."""

_KEYWORD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s+(".*")$')

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(slots=True)
class Entry:
    """One entry of a catalogue; ``strings`` holds one translation, or one for each plural form."""

    message: str
    context: str | None = None
    plural: str | None = None
    strings: dict[int, str] = field(default_factory=dict)
    fuzzy: bool = False

    @property
    def done(self) -> bool:
        """Whether there is a translation in every form, which nobody marked as doubtful."""
        return not self.fuzzy and bool(self.strings) and all(self.strings.values())


class Catalogue:
    """The entries of one language: ``gettext``, ``ngettext`` and ``pgettext`` from the standard library."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        compiled = io.BytesIO(_compile(entry for entry in self.entries if entry.done))
        self.words: gettext.NullTranslations = gettext.GNUTranslations(compiled)

    def sentences(self) -> Iterator[tuple[str, str]]:
        """Yield (English, translation) of what lower floors say."""
        for entry in self.entries:
            if entry.context == SENTENCE and entry.done:
                yield entry.message, entry.strings[0]


def read_catalogue(path: Path) -> Catalogue:
    """Read a ``.po`` file; raises ``ValueError`` with the line number when it is not one."""
    return Catalogue(_entries(path.read_text("utf-8")))


def _entries(text: str) -> Iterator[Entry]:
    entry, part, form, fuzzy = Entry(""), "", 0, False
    begun = False
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        if not line:
            continue
        if found := _KEYWORD.match(line):
            part, words = found[1], _unquoted(found[3], number)
            form = int(found[2] or 0)
            if part == "msgctxt" or (part == "msgid" and (not begun or entry.strings)):
                if begun and entry.strings:
                    yield entry
                entry, begun = Entry("", fuzzy=fuzzy), True
                fuzzy = False
        elif line.startswith('"') and begun:
            words = _unquoted(line, number)
        else:
            raise ValueError(f"Line {number} is no part of a catalogue.")
        _take(entry, part, form, words)
    if begun and entry.strings:
        yield entry


def _take(entry: Entry, part: str, form: int, words: str) -> None:
    match part:
        case "msgctxt":
            entry.context = (entry.context or "") + words
        case "msgid":
            entry.message += words
        case "msgid_plural":
            entry.plural = (entry.plural or "") + words
        case _:
            entry.strings[form] = entry.strings.get(form, "") + words


def _unquoted(text: str, number: int) -> str:
    if _QUOTED.fullmatch(text) is None:
        raise ValueError(f"Line {number} has no quoted text.")
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])


def _compile(entries: Iterable[Entry]) -> bytes:
    """Lay the entries out as a ``.mo`` file, which is what ``gettext.GNUTranslations`` reads."""
    pairs = []
    for entry in entries:
        key = entry.message if entry.context is None else f"{entry.context}\x04{entry.message}"
        if entry.plural is not None:
            key = f"{key}\0{entry.plural}"
        pairs.append(
            (key.encode(), "\0".join(entry.strings[form] for form in sorted(entry.strings)).encode())
        )
    pairs.sort()
    count = len(pairs)
    head = 7 * 4
    tables: tuple[list[int], list[int]] = ([], [])
    heap = bytearray()
    for side, table in enumerate(tables):
        for pair in pairs:
            table += [len(pair[side]), head + 16 * count + len(heap)]
            heap += pair[side] + b"\0"
    header = struct.pack("<7I", 0x950412DE, 0, count, head, head + 8 * count, 0, 0)
    return header + struct.pack(f"<{4 * count}I", *tables[0], *tables[1]) + bytes(heap)
