"""Saving what can be read of a damaged outbox.

The damaged file is only ever read from a copy, and the new outbox is complete beside it before the damaged
one is renamed: killed at any moment, the next start finds either the damaged file or the whole new one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from chatdesk.domain.mutation import OutboxEntry, ReplyWish
from chatdesk.runtime.whole_file import put_in_place
from chatdesk.store import files, unsent_files
from chatdesk.store.connection import connect, create_database, open_database
from chatdesk.store.failures import SQLITE_FAILURES
from chatdesk.store.outbox import COLUMNS, READ_WISHES, Outbox, decode_draft, decode_entry
from chatdesk.store.schema import OUTBOX

_PAGE = 4096
_SEARCHED_POSITIONS = 10_000
_HOPELESS = 200
"""Failures in a row after which the search between the two ends is given up."""


@dataclass(slots=True)
class Salvaged:
    """What was read of a damaged outbox; ``whole`` is False when something in it could not be."""

    entries: list[OutboxEntry] = field(default_factory=list)
    drafts: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    wishes: dict[str, ReplyWish] = field(default_factory=dict)
    whole: bool = True


def salvaged_path(outbox: Path) -> Path:
    return outbox.with_name(f"{outbox.name}.salvaged")


def finish(outbox: Path, now: datetime) -> Path | None:
    """Put a salvaged outbox in its place, if there is one; return where the damaged one went."""
    ready = salvaged_path(outbox)
    if not ready.exists():
        return None
    aside = files.set_aside(outbox, now) if files.exists(outbox) else None
    put_in_place(ready, outbox)
    return aside


def prepare(outbox: Path, saved: Salvaged) -> None:
    """Write a new outbox with what was saved beside the damaged one."""
    building = outbox.with_name(f"{outbox.name}.building")
    files.remove_database(building)
    create_database(building, OUTBOX)
    database = open_database(building, OUTBOX)
    try:
        ordered = sorted(saved.entries, key=lambda entry: entry.position)
        numbered = [replace(entry, position=place) for place, entry in enumerate(ordered, start=1)]
        Outbox(database).write(
            put=numbered,
            drafts=saved.drafts,
            files=saved.files,
            wishes=saved.wishes.values(),
            durable=True,
        )
    finally:
        database.close()
    for suffix in files.COMPANIONS[1:]:
        files.remove(Path(f"{building}{suffix}"))
    put_in_place(building, salvaged_path(outbox))


def read_remains(outbox: Path) -> Salvaged:
    """Read every entry and draft that a copy of the damaged file still gives."""
    saved = Salvaged()
    copy = outbox.with_name(f"{outbox.name}.reading")
    for transplant in (False, True):
        files.remove_database(copy)
        try:
            if _copy(outbox, copy, transplant=transplant):
                # The second reading only adds: an unreadable header makes the first one come back empty.
                _read_copy(copy, saved)
        finally:
            files.remove_database(copy)
        if saved.whole:
            break
    return saved


def _copy(outbox: Path, copy: Path, *, transplant: bool) -> bool:
    """Copy the file and its journal.

    With ``transplant`` the first page, which holds the header and the schema, comes from a new outbox: the
    tables begin at the same pages in every file of this version.
    """
    if not outbox.is_file():
        return False
    content = outbox.read_bytes()
    if transplant:
        donor = outbox.with_name(f"{outbox.name}.donor")
        files.remove_database(donor)
        create_database(donor, OUTBOX)
        page = bytearray(donor.read_bytes()[:_PAGE])
        files.remove_database(donor)
        page[28:32] = (max(len(content), _PAGE) // _PAGE).to_bytes(4, "big")  # the size of the file in pages
        page[32:40] = bytes(8)  # no list of free pages
        content = bytes(page) + content[_PAGE:]
    _write(copy, content)
    journal = Path(f"{outbox}-journal")
    if not transplant and journal.is_file():
        _write(Path(f"{copy}-journal"), journal.read_bytes())
    return True


def _write(path: Path, content: bytes) -> None:
    files.remove(path)
    files.private_file(path)
    path.write_bytes(content)


def _read_copy(copy: Path, saved: Salvaged) -> None:
    try:
        with closing(connect(copy)) as connection:
            # Text that is not UTF-8 any more is damage of one row, not of the reading.
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            known = {entry.mutation.id for entry in saved.entries}
            for row in _entry_rows(connection, saved):
                entry = decode_entry(row)
                if entry is None:
                    saved.whole = False
                elif entry.mutation.id not in known:
                    known.add(entry.mutation.id)
                    saved.entries.append(entry)
            for conversation_id, body in _every(
                connection, "SELECT conversation_id, body FROM drafts", saved
            ):
                saved.drafts.setdefault(str(conversation_id), decode_draft(body))
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'wishes'").fetchone():
                for place, message_id in _every(connection, READ_WISHES, saved):
                    saved.wishes[str(message_id)] = ReplyWish(str(place), str(message_id))
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'files'").fetchone():
                for path, mutation_id, digest, content in _every(connection, unsent_files.READ, saved):
                    whole = unsent_files.sound(digest, content)
                    if whole is None:
                        saved.whole = False
                    else:
                        saved.files.setdefault(str(mutation_id), {})[str(path)] = whole
    except SQLITE_FAILURES:
        saved.whole = False


def _entry_rows(connection: sqlite3.Connection, saved: Salvaged) -> Iterable[tuple[Any, ...]]:
    """Read from both ends towards the damage, then ask for each position between."""
    select = f"SELECT {COLUMNS} FROM entries"
    before = saved.whole
    saved.whole = True
    front = _every(connection, f"{select} ORDER BY position", saved)
    if saved.whole:
        saved.whole = before
        return front
    back = _every(connection, f"{select} ORDER BY position DESC", saved)
    found = {row[0]: row for row in (*front, *back) if isinstance(row[0], int)}
    first = front[-1][0] + 1 if front else 1
    last = back[-1][0] if back else first + _SEARCHED_POSITIONS
    failures = 0
    for position in range(first, min(last, first + _SEARCHED_POSITIONS)):
        failures += 1
        with suppress(*SQLITE_FAILURES):
            row = connection.execute(f"{select} WHERE position = ?", (position,)).fetchone()
            failures = 0
            if row is not None:
                found[position] = row
        if failures > _HOPELESS:
            break
    return list(found.values())


def _every(connection: sqlite3.Connection, query: str, saved: Salvaged) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    try:
        for row in connection.execute(query):
            found.append(row)
    except SQLITE_FAILURES:
        saved.whole = False
    return found
