"""What a model is given of the files that messages carry."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from chatdesk.domain.attachment import Attachment
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.message import Message, Role
from chatdesk.providers.base import Turn, TurnPicture

ReadFile = Callable[[Attachment], Awaitable[bytes]]
"""Returns the bytes of a file; raises ``ChatDeskError``."""

MOST_TEXT = 100_000
"""Characters of one file."""

MOST_TEXTS = 400_000
MOST_PICTURES = 8
MOST_PICTURE_BYTES = 20 * 1024 * 1024
"""Of all messages together; the newest files come first, of the others only the names are told."""


class AttachedFiles:
    """Turns messages into what a model reads, the newest first, until the room for files is used up."""

    def __init__(self, read: ReadFile) -> None:
        self._read = read
        self._text_left = MOST_TEXTS
        self._pictures_left = MOST_PICTURES
        self._bytes_left = MOST_PICTURE_BYTES

    async def turn(self, message: Message) -> Turn:
        """Return a message with its files: texts behind its own, each in a fence of its own, and pictures."""
        parts = [message.content] if message.content else []
        pictures: list[TurnPicture] = []
        for attachment in message.attachments:
            part = await self._part(attachment, message.role)
            if isinstance(part, TurnPicture):
                pictures.append(part)
            else:
                parts.append(part)
        return Turn(message.role, "\n\n".join(parts), tuple(pictures))

    async def _part(self, attachment: Attachment, role: Role) -> str | TurnPicture:
        picture = attachment.is_picture
        if picture:
            room = self._pictures_left > 0 and attachment.size <= self._bytes_left and role is Role.USER
        else:
            room = self._text_left > 0
        if not room:
            return f'[The file "{attachment.name}" was attached here; it is left out.]'
        try:
            content = await self._read(attachment)
        except ChatDeskError:
            return f'[The file "{attachment.name}" was attached here; it could not be read.]'
        if picture:
            self._pictures_left -= 1
            self._bytes_left -= attachment.size
            return TurnPicture(attachment.name, attachment.media_type, content)
        text = content.decode("utf-8-sig", "replace")
        shown = text[: min(MOST_TEXT, self._text_left)]
        self._text_left -= len(shown)
        return fenced(attachment.name, shown, len(text) - len(shown))


def fenced(name: str, text: str, missing: int) -> str:
    """Put a file's text between lines of backticks that do not occur in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    end = "" if text.endswith("\n") or not text else "\n"
    more = f"\n[{missing} more characters of this file are left out.]" if missing else ""
    return f'Attached file "{name}":\n{fence}\n{text}{end}{fence}{more}'
