"""The bytes that unsent messages name, beside the entries of the outbox."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from contextlib import suppress

from chatdesk.domain.attachment import attachments_of
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.mutation import Mutation
from chatdesk.store.connection import Database

READ = "SELECT path, mutation_id, digest, content FROM files"
DRAFT = "draft "
"""How the owner of a file is called that belongs to a draft and to no change: see ``draft_files``."""

_PUT = "INSERT OR REPLACE INTO files (path, mutation_id, digest, content) VALUES (?, ?, ?, ?)"


class UnsentFiles:
    """Files by their path in Storage, each with the id of the mutation that it waits with.

    A file is written in the transaction that writes its entry, and removed only by a later one: a commit that
    failed half-way leaves a file too many, never an entry without its files.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, mutation_id: str, files: Mapping[str, bytes]) -> None:
        """Store files; the caller has begun a transaction."""
        for path, content in files.items():
            self._database.execute(_PUT, (path, mutation_id, zlib.crc32(content), content))

    def read(self, path: str) -> bytes | None:
        """Return a file; None when it is not here or its bytes are not what they were."""
        row = self._database.row(f"{READ} WHERE path = ?", (path,))
        return None if row is None else sound(row[2], row[3])

    def of(self, mutation_id: str) -> dict[str, bytes]:
        """Return the files of one entry that can be read."""
        rows = self._database.rows(f"{READ} WHERE mutation_id = ?", (mutation_id,))
        found = ((str(row[0]), sound(row[2], row[3])) for row in rows)
        return {path: content for path, content in found if content is not None}

    def take_over(self, mutation_id: str, orphans: UnsentFiles) -> None:
        """Copy the files of an entry from another outbox; they are on the disk then."""
        if files := orphans.of(mutation_id):
            with self._database.transaction(durable=True):
                self.write(mutation_id, files)

    def sweep(self, living: Collection[str]) -> None:
        """Remove the files whose entry is gone; if the disk refuses, the next sweep does it."""
        with suppress(ChatDeskError):
            rows = self._database.rows("SELECT DISTINCT mutation_id FROM files")
            owners = [str(row[0]) for row in rows]
            gone = [each for each in owners if each not in living and not each.startswith(DRAFT)]
            if gone:
                with self._database.transaction():
                    for mutation_id in gone:
                        self._database.execute("DELETE FROM files WHERE mutation_id = ?", (mutation_id,))


def sound(digest: object, content: object) -> bytes | None:
    """Return the content of a stored file if it is what was stored."""
    whole = isinstance(content, bytes) and zlib.crc32(content) == digest
    return content if whole and isinstance(content, bytes) else None


def has_files(mutation: Mutation) -> bool:
    """Tell whether files wait with this change."""
    return bool(attachments_of(mutation))
