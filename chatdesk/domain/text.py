"""Text that every part of the road can carry."""

from __future__ import annotations

import unicodedata

MAX_CONTENT = 2_000_000
"""Characters of one message; the database refuses more."""

MAX_TITLE = 200

MAX_NAME = 80
"""Characters of a person's name; the database refuses more."""


def storable(text: str) -> str:
    """Replace what PostgreSQL or UTF-8 cannot hold: NUL and lone surrogates become U+FFFD.

    Python, SQLite and Qt accept both, PostgreSQL's text and jsonb refuse them: unrepaired, such a message
    could never be delivered.
    """
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def plain_name(text: str) -> str:
    """Make one line of a name that others gave: nothing in it breaks the line or turns its direction, so that
    what is shown beside it stays beside it. Empty when nothing is left."""
    kept = "".join(
        " " if letter.isspace() else letter
        for letter in storable(text[: 10 * MAX_NAME])
        if letter.isspace() or letter in "\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf")
    )
    return " ".join(kept.split())[:MAX_NAME].strip()


def title_from(content: str) -> str:
    """Make a conversation's first title from its first message: one line of at most 60 characters."""
    words = " ".join(content.split())
    return words if len(words) <= 60 else words[:57].rstrip() + "…"
