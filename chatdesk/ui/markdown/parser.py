"""Text to tokens, in portions that cannot take long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Inline parsing of hostile text is slow per special character (50,000 brackets: half a second), so beyond
# this many in one paragraph it is shown as it was typed.
SPECIAL_LIMIT = 1_000
_SPECIAL = re.compile(r"[\[\]*_<`~&\\!]")

# Qt's cursor ends a block at these or takes them for objects; lone surrogates cannot leave the process.
_UNSAFE = re.compile("[\x00\u2029\ufdd0\ufdd1\ufffc\ud800-\udfff]")


def _engine() -> MarkdownIt:
    engine = MarkdownIt("commonmark", {"html": False, "maxNesting": 40}).enable(["table", "strikethrough"])
    engine.core.ruler.enableOnly(["normalize", "block"])
    return engine


_ENGINE = _engine()


def clean(text: str) -> str:
    """Return ``text`` with one kind of line end and without what Qt would read as structure."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSAFE.sub("\ufffd", text)


def parse_blocks(text: str, references: dict[str, Any]) -> list[Token]:
    """Parse the block structure only; link definitions found are added to ``references``."""
    return _ENGINE.parse(text, {"references": references})


def parse_inline(content: str, references: dict[str, Any]) -> Sequence[Token] | None:
    """Parse what stands inside a paragraph; None when it holds too many special characters."""
    if len(content) > SPECIAL_LIMIT and sum(1 for _ in _SPECIAL.finditer(content)) > SPECIAL_LIMIT:
        return None
    tokens: list[Token] = []
    _ENGINE.inline.parse(content, _ENGINE, {"references": references}, tokens)
    return tokens
