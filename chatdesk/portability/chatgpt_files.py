"""Pictures of ChatGPT's export: named in a message by a pointer, and lying in the archive by their id."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from chatdesk.domain.attachment import ENDINGS, MAX_BYTES, MAX_FILES, MAX_SIDE, clean_name
from chatdesk.portability.attached import FileRecord, picture_kind
from chatdesk.portability.values import as_object

Find = Callable[[str], bytes | None]
"""Returns what lies under an id; None without it."""

_POINTER = re.compile(r"^(?:file-service|sediment)://(file[-_][0-9A-Za-z]{1,100})")
_ID = re.compile(r"(?:^|/)(file[-_][0-9A-Za-z]{1,100})(?![0-9A-Za-z])[^/]*$")


def pointer_of(part: Mapping[str, Any]) -> str:
    """Return the id of the picture that a part of a message stands for; empty if it stands for none."""
    pointer = part.get("asset_pointer")
    found = _POINTER.match(pointer) if isinstance(pointer, str) else None
    return found.group(1) if found and part.get("content_type") == "image_asset_pointer" else ""


def pictures_of(message: Mapping[str, Any], find: Find) -> dict[str, FileRecord]:
    """Return the pictures of a message by their ids, as far as a message here may have them."""
    parts = as_object(message.get("content")).get("parts")
    found: dict[str, FileRecord] = {}
    room = MAX_BYTES
    for part in map(as_object, parts if isinstance(parts, list) else ()):
        pointer = pointer_of(part)
        if not pointer or pointer in found or len(found) == MAX_FILES:
            continue
        content = find(pointer)
        kind = picture_kind(content) if content is not None else None
        if content is None or kind is None or len(content) > room:
            continue
        room -= len(content)
        name = clean_name(f"{pointer}.{ENDINGS[kind]}")
        found[pointer] = FileRecord(name, kind, content, *_sides(part))
    return found


class ArchivedFiles:
    """Finds files of an archive by the id that their names begin with; reads no more than a message takes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._places: dict[str, zipfile.ZipInfo] = {}
        for entry in archive.infolist():
            if (named := _ID.search(entry.filename)) is not None:
                self._places.setdefault(named.group(1), entry)

    def find(self, pointer: str) -> bytes | None:
        entry = self._places.get(pointer)
        if entry is None:
            return None
        try:
            with self._archive.open(entry) as inside:
                content = inside.read(MAX_BYTES + 1)
        except Exception:  # A damaged or locked entry; the conversation is read all the same.
            return None
        return content if len(content) <= MAX_BYTES else None


def _sides(part: Mapping[str, Any]) -> tuple[int | None, int | None]:
    width, height = part.get("width"), part.get("height")
    if type(width) is int and type(height) is int and 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE:
        return width, height
    return None, None
