"""What a person wants to attach: read, looked at, and refused in one sentence where it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtGui import QImage

from chatdesk.domain.attachment import MAX_BYTES, MAX_FILES, TEXT, NewFile, clean_name
from chatdesk.language.door import N_, _
from chatdesk.ui.attachments.pictures import MOST_PIXELS, as_png, kind_of, measured

UNREADABLE = N_("“{name}” could not be read. Check that it is a file that may be opened.")
TOO_LARGE = N_("“{name}” is larger than 20 MB. Attach a smaller file.")
NO_ROOM = N_("“{name}” was not attached: the files of one message are 20 MB at most.")
TOO_MANY = N_("“{name}” was not attached: a message takes 10 files at most.")
NEITHER = N_("“{name}” is neither a PNG, JPEG, WebP or GIF picture nor a text in UTF-8. Attach another file.")
TOO_MANY_PIXELS = N_("“{name}” has more than 50 megapixels. Attach a smaller picture.")
BROKEN = N_("“{name}” cannot be shown as a picture; it may be damaged. Attach another file.")
PASTED_PICTURE = N_("Pasted picture")
PASTED_TEXT = N_("Pasted text")


class NotAttachable(ValueError):
    """This cannot be attached; the text is one sentence for the user."""


def read_file(path: str) -> NewFile:
    """Read a file of this computer; raises ``NotAttachable``."""
    place, name = Path(path), clean_name(path)
    try:
        if not place.is_file():
            raise _refusal(UNREADABLE, name)
        if place.stat().st_size > MAX_BYTES:
            raise _refusal(TOO_LARGE, name)
        with place.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as failure:
        raise _refusal(UNREADABLE, name) from failure
    return from_content(name, content)


def from_content(name: str, content: bytes) -> NewFile:
    """Look at the bytes of a file; raises ``NotAttachable`` for what is neither a picture nor a text."""
    if len(content) > MAX_BYTES:
        raise _refusal(TOO_LARGE, name)
    kind = kind_of(content)
    if kind is None:
        return _text(name, content)
    size = measured(content, kind)
    if not size.isValid() or size.isEmpty():
        raise _refusal(BROKEN, name)
    if size.width() * size.height() > MOST_PIXELS:
        raise _refusal(TOO_MANY_PIXELS, name)
    return NewFile(name, kind, content, size.width(), size.height())


def from_picture(image: QImage) -> NewFile:
    """Make a file of a picture that was pasted; raises ``NotAttachable``."""
    name = f"{_(PASTED_PICTURE)}.png"
    if image.width() * image.height() > MOST_PIXELS:
        raise _refusal(TOO_MANY_PIXELS, name)
    return from_content(name, as_png(image))


def from_text(text: str) -> NewFile:
    """Make a file of a text that was pasted; raises ``NotAttachable`` when it is too large."""
    return from_content(f"{_(PASTED_TEXT)}.txt", text.encode())


def check_room(new: NewFile, there: Sequence[NewFile]) -> None:
    """Raise ``NotAttachable`` when ``new`` does not fit beside what is attached already."""
    if len(there) >= MAX_FILES:
        raise _refusal(TOO_MANY, new.name)
    if sum(len(file.content) for file in there) + len(new.content) > MAX_BYTES:
        raise _refusal(NO_ROOM, new.name)


def _text(name: str, content: bytes) -> NewFile:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        raise _refusal(NEITHER, name) from failure
    if "\0" in text:
        raise _refusal(NEITHER, name)
    return NewFile(name, TEXT, content)


def _refusal(sentence: str, name: str) -> NotAttachable:
    return NotAttachable(_(sentence).format(name=name))
