"""Files that were chosen for a message which is not written yet, beside the text of its draft."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from chatdesk.domain.attachment import ENDINGS, NewFile
from chatdesk.store.connection import Database
from chatdesk.store.unsent_files import DRAFT, READ, UnsentFiles, sound


class DraftFiles:
    """They lie among the files of unsent messages, under an owner that no change has.

    So they are salvaged with them from a damaged file. What the file's name in the table says is its place
    in the draft and all of its description.
    """

    def __init__(self, database: Database, files: UnsentFiles) -> None:
        self._database = database
        self._files = files

    def read(self, draft: str) -> tuple[NewFile, ...]:
        """Return the files of a draft in their order, without those that are damaged."""
        found = []
        for path, _owner, digest, content in self._database.rows(
            f"{READ} WHERE mutation_id = ?", (owner(draft),)
        ):
            whole = sound(digest, content)
            if whole is not None and (described := _described(path, whole)) is not None:
                found.append(described)
        return tuple(file for _place, file in sorted(found, key=lambda each: each[0]))

    def write(self, draft: str, files: Sequence[NewFile]) -> None:
        """Keep these files, and only these, with a draft."""
        with self._database.transaction():
            self._database.execute("DELETE FROM files WHERE mutation_id = ?", (owner(draft),))
            self._files.write(
                owner(draft), {_path(draft, place, file): file.content for place, file in enumerate(files)}
            )

    def drafts(self) -> list[str]:
        """Return which drafts have files."""
        rows = self._database.rows(
            "SELECT DISTINCT mutation_id FROM files WHERE substr(mutation_id, 1, ?) = ?", (len(DRAFT), DRAFT)
        )
        return [str(row[0])[len(DRAFT) :] for row in rows]


def owner(draft: str) -> str:
    """Return under which id the files of a draft wait."""
    return DRAFT + draft


def _path(draft: str, place: int, file: NewFile) -> str:
    return json.dumps([draft, place, file.name, file.media_type, file.width, file.height])


def _described(path: Any, content: bytes) -> tuple[int, NewFile] | None:
    with suppress(ValueError, TypeError):
        _draft, place, name, media_type, width, height = json.loads(str(path))
        if media_type in ENDINGS:
            return int(place), NewFile(str(name), media_type, content, width, height)
    return None
