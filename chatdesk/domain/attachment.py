"""Files on messages: what a message says about them, what may be attached, and where each file lies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatdesk.domain.errors import BadInput
from chatdesk.domain.ids import is_id
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.domain.text import storable

MAX_FILES = 10
MAX_BYTES = 20 * 1024 * 1024
"""All files of one message together, and so each of them; the database and the bucket refuse more."""

MAX_NAME = 200
MAX_SIDE = 999_999
TEXT = "text/plain"
ENDINGS: Mapping[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    TEXT: "txt",
}
"""The media types that can be attached, and how the names of their files in Storage end."""

TOO_MANY = "A message takes at most 10 files."
TOO_LARGE = "The files of one message are 20 MB at most."

_ENDING = re.compile(r"\d{1,2}\.(?:png|jpg|webp|gif|txt)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a message names: ``name`` as its author called it, ``path`` in the bucket, ``size`` in
    bytes; pictures have ``width`` and ``height`` in pixels."""

    name: str
    path: str
    media_type: str
    size: int
    width: int | None = None
    height: int | None = None

    @property
    def is_picture(self) -> bool:
        return self.media_type != TEXT


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is to be attached: its bytes are here, a message to name it is not."""

    name: str
    media_type: str
    content: bytes
    width: int | None = None
    height: int | None = None

    @property
    def is_picture(self) -> bool:
        return self.media_type != TEXT


def attach(files: Sequence[NewFile], conversation_id: str, message_id: str) -> dict[str, NewFile]:
    """Give each file its path; the paths follow from the message, so a repetition meets the same ones."""
    folder = f"{conversation_id}/{message_id}"
    return {f"{folder}/{place}.{ENDINGS[file.media_type]}": file for place, file in enumerate(files)}


def possible_paths(conversation_id: str, message_id: str) -> list[str]:
    """Return every path that a file of this message can have."""
    folder = f"{conversation_id}/{message_id}"
    return [f"{folder}/{place}.{ending}" for place in range(MAX_FILES) for ending in ENDINGS.values()]


def described(path: str, file: NewFile) -> Attachment:
    """Say of a file what its message says."""
    return Attachment(
        clean_name(file.name), path, file.media_type, len(file.content), file.width, file.height
    )


def check_together(sizes: Sequence[int]) -> None:
    """Raise ``BadInput`` unless files of these sizes in bytes can go with one message."""
    if len(sizes) > MAX_FILES:
        raise BadInput(TOO_MANY, "Send the others with another message.", "files")
    if sum(sizes) > MAX_BYTES:
        raise BadInput(TOO_LARGE, "Attach smaller ones, or send them with several messages.", "size")


def clean_name(name: str) -> str:
    """Return a file's name without folders and without signs that would disturb a line of text."""
    last = storable(name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(sign if sign.isprintable() else " " for sign in last).strip()
    stem, dot, ending = shown.rpartition(".")
    if len(shown) > MAX_NAME and dot and len(ending) < 20:
        shown = f"{stem[: MAX_NAME - len(ending) - 2]}…{dot}{ending}"
    return shown[:MAX_NAME] or "file"


def is_path_of(path: object, conversation_id: str, message_id: str) -> bool:
    """Tell whether a file at ``path`` can belong to this message."""
    prefix = f"{conversation_id}/{message_id}/"
    if not isinstance(path, str) or not path.startswith(prefix):
        return False
    return _ENDING.match(path[len(prefix) :]) is not None


def is_path(path: str) -> bool:
    """Tell whether a file of any message can lie at ``path``."""
    parts = path.split("/")
    return len(parts) == 3 and is_id(parts[0]) and is_id(parts[1]) and is_path_of(path, parts[0], parts[1])


def as_record(attachment: Attachment) -> dict[str, Any]:
    """Write down an attachment as the back end keeps it."""
    return {
        "name": attachment.name,
        "path": attachment.path,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "width": attachment.width,
        "height": attachment.height,
    }


def from_records(records: object, conversation_id: str, message_id: str) -> tuple[Attachment, ...]:
    """Read what a message says of its files; what is no description of a file of it is left out."""
    if not records or not isinstance(records, Sequence) or isinstance(records, str | bytes):
        return ()
    found = (_from_record(record, conversation_id, message_id) for record in records[:MAX_FILES])
    return tuple(attachment for attachment in found if attachment is not None)


def attachments_of(mutation: Mutation) -> tuple[Attachment, ...]:
    """Return the files that a SEND_MESSAGE names; none for any other change."""
    if mutation.kind is not MutationKind.SEND_MESSAGE:
        return ()
    return from_records(mutation.args.get("p_attachments"), mutation.lane, mutation.entity_id)


def _from_record(record: object, conversation_id: str, message_id: str) -> Attachment | None:
    if not isinstance(record, Mapping):
        return None
    name, path, kind, size = (record.get(key) for key in ("name", "path", "media_type", "size"))
    if not isinstance(name, str) or not is_path_of(path, conversation_id, message_id) or kind not in ENDINGS:
        return None
    if not _is_count(size, MAX_BYTES):
        return None
    width, height = (record.get(key) for key in ("width", "height"))
    measured = _is_count(width, MAX_SIDE) and _is_count(height, MAX_SIDE)
    sides = (width, height) if measured else (None, None)
    return Attachment(clean_name(name), str(path), str(kind), int(str(size)), *sides)


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
