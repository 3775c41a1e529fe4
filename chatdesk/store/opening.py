"""From a folder to an open slot: choose, mend, seed, adopt."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from chatdesk.domain.errors import ChatDeskError
from chatdesk.store import files, salvage, slots
from chatdesk.store.connection import Database, connect, create_database, open_database
from chatdesk.store.draft_files import owner
from chatdesk.store.failures import SQLITE_FAILURES, DamagedFile, from_os
from chatdesk.store.outbox import Outbox
from chatdesk.store.recording import Recorder
from chatdesk.store.schema import CACHE, OUTBOX
from chatdesk.store.slots import Slot
from chatdesk.store.unsent_files import has_files
from chatdesk.store.view import View

_log = logging.getLogger(__name__)

Now = Callable[[], datetime]


@dataclass(slots=True)
class OpenSlot:
    """A slot with both files open; ``recovered`` are sentences about what had to be set aside."""

    slot: Slot
    cache: Database
    outbox: Outbox
    outbox_file: Database
    recovered: list[str]

    @property
    def view(self) -> View:
        return View(self.cache, self.outbox)

    def recorder(self) -> Recorder:
        return Recorder(self.view, self.outbox)

    def close_files(self) -> None:
        self.cache.close()
        self.outbox.settle()
        self.outbox_file.close()

    def close(self) -> None:
        self.close_files()
        self.slot.release()


def open_slot(account: Path, now: Now) -> OpenSlot:
    """Take the lowest free slot and open its files, whatever bytes are found there.

    Raises ``ChatDeskError`` when the disk is full, read-only or failing.
    """
    try:
        files.private_directory(account)
        with slots.opening(account):
            slot = slots.take_free(account)
            try:
                return _open(account, slot, now)
            except BaseException:
                slot.release()
                raise
    except OSError as failure:
        raise from_os(failure) from failure


def _open(account: Path, slot: Slot, now: Now) -> OpenSlot:
    recovered: list[str] = []
    slot.finish_sign_out()
    slot.enter_era()
    outbox_file, outbox = open_outbox(slot.outbox, now, recovered)
    try:
        cache = open_cache(slot.cache, now, recovered, lambda: _seed(account, slot))
        try:
            _adopt(account, slot, outbox, now, recovered)
        except BaseException:
            cache.close()
            raise
    except BaseException:
        outbox_file.close()
        raise
    return OpenSlot(slot, cache, outbox, outbox_file, recovered)


def open_cache(
    path: Path, now: Now, recovered: list[str], make: Callable[[], None] | None = None
) -> Database:
    """Open the cache; a damaged one is set aside and a new one begun, to be filled by the next pull."""
    if not files.exists(path):
        if make is not None:
            make()
        if not files.exists(path):
            create_database(path, CACHE)
    try:
        return open_database(path, CACHE)
    except DamagedFile as failure:
        aside = files.set_aside(path, now())
        files.prune_set_aside(path)
        _log.warning("The cache was damaged (%s) and is now %s", failure.code, aside.name)
        recovered.append(cache_sentence(aside))
        create_database(path, CACHE)
        return open_database(path, CACHE)


def open_outbox(path: Path, now: Now, recovered: list[str]) -> tuple[Database, Outbox]:
    """Open the outbox; of a damaged one everything readable is carried over to a new one."""
    aside = salvage.finish(path, now())
    if aside is not None:  # the last start was cut off between saving and renaming
        recovered.append(outbox_sentence(aside, None))
    if not files.exists(path):
        create_database(path, OUTBOX, durable=True)
    try:
        database = open_database(path, OUTBOX)
        try:
            outbox = Outbox(database)
            unreadable = outbox.load()
        except BaseException:
            database.close()
            raise
        if not unreadable:
            return database, outbox
        database.close()
        reason = "unreadable entries"
    except DamagedFile as failure:
        reason = failure.code or ""
    saved = salvage.read_remains(path)
    aside = replace_outbox(path, saved, now)
    _log.warning("The outbox was damaged (%s) and is now %s", reason, aside.name)
    recovered.append(outbox_sentence(aside, saved))
    database = open_database(path, OUTBOX)
    outbox = Outbox(database)
    outbox.load()
    return database, outbox


def replace_outbox(path: Path, saved: salvage.Salvaged, now: Now) -> Path:
    """Set the outbox aside and put one with ``saved`` in its place; return where the old one went."""
    salvage.prepare(path, saved)
    return salvage.finish(path, now()) or path


def cache_sentence(aside: Path) -> str:
    """Tell what happened to a damaged cache."""
    return (
        f"The local copy of your conversations could not be read; it was set aside as {aside.name} and is "
        "fetched again."
    )


def outbox_sentence(aside: Path, saved: salvage.Salvaged | None) -> str:
    """Tell what happened to a damaged outbox."""
    name = aside.name
    if saved is None:
        return f"The file of unsent changes was damaged and set aside as {name}; what is readable was saved."
    count = len(saved.entries)
    told = (
        f"The file of unsent changes was damaged: {count} unsent changes in it were saved, it is now {name}."
    )
    if count == 1:
        told = f"The file of unsent changes was damaged: 1 unsent change in it was saved, it is now {name}."
    rest = "" if saved.whole else "What could not be read is kept in that file."
    return f"{told} {rest}".strip()


def _seed(account: Path, slot: Slot) -> None:
    """Begin a new slot with a copy of another one's cache, so that a second window need not pull everything.

    The cache of an instance that is gone is opened under its lock. That of a living one is opened read-only
    for one backup step: such a connection neither writes nor checkpoints, which is what the WAL-reset bug
    takes (see ``Database``). The copy is checked page by page, and is only a cache.
    Another slot's outbox is never opened while its lock is held.
    """
    for number, other in slots.others(account, slot.number):
        source = account / f"slot-{number}" / slot.cache.name
        if not source.is_file() or slots.era_of(source.parent) != slot.era:
            continue  # What was opened before a sign-out is not brought back.
        try:
            opened = open_database(source, CACHE) if other is not None else _open_living(source)
            try:
                create_database(slot.cache, CACHE, seed=opened)
            finally:
                opened.close()
        except (ChatDeskError, *SQLITE_FAILURES) as failure:
            _log.info("Slot %d could not seed slot %d: %s", number, slot.number, type(failure).__name__)
            with suppress(OSError):
                files.remove_database(slot.cache)
            continue
        return


def _open_living(source: Path) -> Database:
    return Database(connect(source, read_only=True), source, CACHE.role)


def _adopt(account: Path, slot: Slot, outbox: Outbox, now: Now, recovered: list[str]) -> None:
    """Take over the unsent changes and the drafts of instances that are gone.

    Each is written here first and removed there afterwards; cut off between the two, it is adopted again and
    its id makes that harmless. A draft stays where it is while this slot has one for the same conversation.
    """
    for number, other in slots.others(account, slot.number):
        if other is None:
            continue
        try:
            other.finish_sign_out()
            if not files.exists(other.outbox) and not salvage.salvaged_path(other.outbox).exists():
                continue
            database, orphan = open_outbox(other.outbox, now, recovered)
            try:
                _move(orphan, outbox)
            finally:
                database.close()
        except (ChatDeskError, OSError) as failure:
            # Its entries stay where they are; the next start tries again.
            _log.warning("The outbox of slot %d could not be adopted: %s", number, failure)


def _move(orphan: Outbox, outbox: Outbox) -> None:
    entries = [entry for entry in orphan.listing() if outbox.get(entry.mutation.id) is None]
    drafts = {key: text for key, text in orphan.drafts().items() if not outbox.draft(key)}
    wishes = orphan.kept_wishes()
    if entries or drafts or wishes:
        start = outbox.next_position
        put = [replace(entry, position=start + place) for place, entry in enumerate(entries)]
        for entry in entries:
            if has_files(entry.mutation):
                outbox.files.take_over(entry.mutation.id, orphan.files)
        outbox.write(put=put, drafts=drafts, wishes=wishes, durable=True)
    for draft in orphan.draft_files.drafts():
        if not outbox.draft_files.read(draft):
            outbox.files.take_over(owner(draft), orphan.files)
            orphan.draft_files.write(draft, ())
    gone = [entry.mutation.id for entry in orphan.listing()]
    if gone or drafts:
        orphan.write(drop=gone, drafts=dict.fromkeys(drafts, ""), durable=True)
    if wishes:
        orphan.forget_wishes([wish.message_id for wish in wishes])
