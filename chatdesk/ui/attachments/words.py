"""How files are called."""

from __future__ import annotations

from PySide6.QtCore import QLocale

from chatdesk.language.door import _
from chatdesk.ui.words import number


def size_label(size: int) -> str:
    """Return a size in bytes as people write it, such as "12 KB"."""
    if size < 1000:
        return _("{count} bytes").format(count=number(size))
    if size < 1_000_000:
        return f"{number(round(size / 1000))} KB"
    return f"{QLocale().toString(size / 1_000_000, 'f', 1)} MB"


def spoken(name: str, picture: bool, size: int) -> str:
    """Say of a file what a screen reader is to say."""
    words = _("Picture {name}, {size}") if picture else _("File {name}, {size}")
    return words.format(name=name, size=size_label(size))
