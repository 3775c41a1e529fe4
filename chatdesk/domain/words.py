"""Words as the search sees them: one folding for what is indexed, what is matched and what is highlighted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import category, combining, normalize


class Word(NamedTuple):
    """A folded word, and where it stands in the text it was taken from (``text[start:end]``)."""

    start: int
    end: int
    folded: str


# Scripts that write no spaces: each character counts as a word, and a run of them is searched as a phrase.
# Thai, Lao, Myanmar, Khmer, Japanese, Chinese. Half-width forms fold into these first.
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3100, 0x312F),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_SKIN_TONES = (0x1F3FB, 0x1F3FF)
_VARIATIONS = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_RUN = re.compile(r"[0-9A-Za-z\x80-\U0010ffff]+")


class _Folding(dict[int, str]):
    """A table for ``str.translate`` that is worked out as characters are met.

    A letter or digit becomes its folded form, an accent or an invisible character nothing, a character that
    is a word by itself stands between spaces, everything else is a space.
    """

    def __missing__(self, code: int) -> str:
        made = self[code] = "".join(map(_fold, normalize("NFKD", normalize("NFKD", chr(code)).casefold())))
        return made


def _fold(char: str) -> str:
    code, kind = ord(char), category(char)
    if combining(char) or kind == "Cf" or _within(code, (_SKIN_TONES, *_VARIATIONS)):
        return ""
    if kind == "So" or _within(code, _UNSPACED):
        return f" {char} "
    return char if kind[0] in "LNM" else " "


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


_FOLDING = _Folding()


def folded(text: str) -> str:
    """Return the words of a text with spaces between them; ASCII keeps its case and its punctuation.

    Meant for FTS5's ``ascii`` tokenizer, which breaks at ASCII punctuation, ignores ASCII case and takes
    every other character for a letter (sqlite.org/fts5.html, 4.3.2): its tokens are then those of ``words``,
    in every version of SQLite.
    """
    return text if text.isascii() else text.translate(_FOLDING)


def words(text: str, begin: int = 0) -> Iterator[Word]:
    """Yield the words of a text: without case, accents and width, in the order in which they stand.

    ``begin`` is added to their places, for a text that is a part of another.
    """
    # ASCII punctuation always separates, so what lies between is looked at alone, and most of it is ASCII.
    for found in _RUN.finditer(text):
        run = found[0]
        if run.isascii():
            yield Word(begin + found.start(), begin + found.end(), run.lower())
        else:
            yield from _words_of_run(run, begin + found.start())


def _words_of_run(run: str, begin: int) -> Iterator[Word]:
    start, end, made = 0, 0, ""
    for place, char in enumerate(run, begin):
        first, *others = _FOLDING[ord(char)].split(" ")
        if first:
            start, made = (start, made + first) if made else (place, first)
        if made and (first or not others):
            end = place + 1
        for part in others:
            if made:
                yield Word(start, end, made)
            start, end, made = place, place + 1, part
    if made:
        yield Word(start, end, made)
