"""Files of messages inside an export: base64, in lines or fields of a bearable size."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatdesk.domain.attachment import ENDINGS, MAX_BYTES, MAX_FILES, MAX_SIDE, TEXT, clean_name

PART = 750_000
"""Bytes of a file that one line holds: a million characters of base64. A multiple of three."""

_SIGNATURES: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of a message; ``content`` is None where its bytes are not at hand."""

    name: str
    media_type: str
    content: bytes | None
    width: int | None = None
    height: int | None = None


def fields(record: FileRecord, *, inline: bool) -> dict[str, Any]:
    """Return a file as a JSON object, with its bytes if they are to be ``inline``."""
    made: dict[str, Any] = {
        "name": record.name,
        "media_type": record.media_type,
        "width": record.width,
        "height": record.height,
    }
    if record.content is None:
        return made | {"missing": True}
    made["size"] = len(record.content)
    return made | {"content": _packed(record.content)} if inline else made


def parts(record: FileRecord) -> Iterator[str]:
    """Yield the bytes of a file in pieces, each for a line."""
    content = record.content or b""
    for start in range(0, len(content), PART):
        yield _packed(content[start : start + PART])


class Gathering:
    """Puts the files of one message together again.

    What is no file that a message can have is left out; ``lost`` counts it.
    """

    def __init__(self, described: object) -> None:
        listed = described if isinstance(described, list) else []
        self._described = [each for each in listed if isinstance(each, Mapping)][:MAX_FILES]
        self._parts: dict[int, list[bytes]] = {}
        self._size = 0
        self._broken: set[int] = set()
        for place, each in enumerate(self._described):
            if isinstance(inline := each.get("content"), str):
                self.take(place, inline)
        self.lost = len(listed) - len(self._described)

    def take(self, place: object, packed: object) -> None:
        """Take the next piece of the file at ``place``."""
        if type(place) is not int or not 0 <= place < len(self._described):
            return
        try:
            part = base64.b64decode(packed if isinstance(packed, str) else "", validate=True)
        except (binascii.Error, ValueError):
            self._broken.add(place)
            return
        if self._size + len(part) > MAX_BYTES:
            self._broken.add(place)
        else:
            self._size += len(part)
            self._parts.setdefault(place, []).append(part)

    def files(self) -> tuple[FileRecord, ...]:
        """Return what is whole."""
        found = []
        for place, each in enumerate(self._described):
            content = b"".join(self._parts.get(place, ()))
            media_type, size = each.get("media_type"), each.get("size", len(content))
            empty = media_type == TEXT and size == 0
            if place in self._broken or len(content) != size or not (content or empty):
                self.lost += 1
            elif isinstance(media_type, str) and is_kind(content, media_type):
                name = each.get("name")
                sides = _sides(each.get("width"), each.get("height"))
                found.append(
                    FileRecord(clean_name(name if isinstance(name, str) else ""), media_type, content, *sides)
                )
            else:
                self.lost += 1
        return tuple(found)


def is_kind(content: bytes, media_type: str) -> bool:
    """Tell whether bytes begin like a file of this kind that a message may have."""
    if media_type not in ENDINGS:
        return False
    if media_type == TEXT:
        try:
            content.decode()
        except UnicodeDecodeError:
            return False
        return True
    return content.startswith(_SIGNATURES[media_type])


def picture_kind(content: bytes) -> str | None:
    """Return the kind of a picture by its first bytes."""
    found = (kind for kind in _SIGNATURES if content.startswith(_SIGNATURES[kind]))
    return next(found, None)


def _packed(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _sides(width: object, height: object) -> tuple[int | None, int | None]:
    if type(width) is int and type(height) is int and 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE:
        return width, height
    return None, None
