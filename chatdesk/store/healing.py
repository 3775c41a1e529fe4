"""Files that turn out to be damaged while they are used."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from chatdesk.domain.errors import ChatDeskError
from chatdesk.store import files, salvage
from chatdesk.store.connection import create_database, open_database
from chatdesk.store.failures import DamagedFile
from chatdesk.store.opening import OpenSlot, cache_sentence, outbox_sentence, replace_outbox
from chatdesk.store.outbox import Outbox
from chatdesk.store.schema import CACHE, OUTBOX

_log = logging.getLogger(__name__)


def heal(opened: OpenSlot, failure: DamagedFile, now: Callable[[], datetime]) -> None:
    """Set the damaged file aside and go on with a new one: an empty cache, or memory's outbox."""
    _log.warning("The %s was found damaged while in use: %s", failure.role, failure.code)
    if failure.role == OUTBOX.role:
        _heal_outbox(opened, now)
    else:
        _heal_cache(opened, now)


def _heal_cache(opened: OpenSlot, now: Callable[[], datetime]) -> None:
    path = opened.slot.cache
    opened.cache.close()
    aside = files.set_aside(path, now())
    files.prune_set_aside(path)
    create_database(path, CACHE)
    opened.cache = open_database(path, CACHE)
    opened.recovered.append(cache_sentence(aside))


def _heal_outbox(opened: OpenSlot, now: Callable[[], datetime]) -> None:
    entries = opened.outbox.entries()
    saved = salvage.Salvaged(list(entries))
    try:
        saved.drafts = opened.outbox.drafts()
        saved.wishes = {wish.message_id: wish for wish in opened.outbox.kept_wishes()}
    except ChatDeskError:
        with suppress(OSError):
            remains = salvage.read_remains(opened.slot.outbox)
            saved.drafts, saved.wishes = remains.drafts, remains.wishes
        saved.whole = False
    opened.outbox_file.close()
    aside = replace_outbox(opened.slot.outbox, saved, now)
    opened.outbox_file = open_database(opened.slot.outbox, OUTBOX)
    opened.outbox = Outbox(opened.outbox_file)
    opened.outbox.load()
    for entry in entries:  # what is on its way right now is known to memory only
        opened.outbox.mark(entry)
    opened.recovered.append(outbox_sentence(aside, saved))
