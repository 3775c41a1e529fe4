"""What the composer says in its one line."""

from __future__ import annotations

from chatdesk.domain.text import MAX_CONTENT
from chatdesk.language.door import N_, _
from chatdesk.ui.words import number

HINTS = {
    "enter": N_("Enter sends, Shift+Enter starts a new line"),
    "ctrl_enter": N_("Ctrl+Enter sends, Enter starts a new line"),
}
"""For each value of the option that says which key sends."""

REPAIRED = N_(
    "Some characters cannot be stored and were replaced by \N{REPLACEMENT CHARACTER}. Check the text."
)
BUSY = N_("A reply is being written. Stop it first, or wait until it has ended; your text stays here.")


def too_long(length: int) -> str:
    """Say that a text of ``length`` characters cannot be one message."""
    words = _(
        "This message has {length} characters; {most} is the most. "
        "Shorten it or send it in parts; nothing was lost."
    )
    return words.format(length=number(length), most=number(MAX_CONTENT))
