"""What is searched for, where it stands in a text, and what a search finds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import Message
from chatdesk.domain.words import Word, words

Ranges = tuple[tuple[int, int], ...]
"""Places (start, end) in a text, ascending, none touching another."""

MOST_WORDS = 32
"""Words of a query that count; who pastes a page is served by its beginning."""

_MOST_LETTERS = 1_000
_SEEN = 100_000
"""Characters of a message that are looked through for a snippet."""

_OCCURRENCES = 100
_BEFORE, _WIDTH = 36, 150
_NOISE = re.compile(r" ?(?:\*\*|`|^#+ |\s\s|[^\S ])(?:\*\*|`|^#+ |\s)*", re.MULTILINE)
"""Marks and white space in a row; not a space alone, which stays what it is."""


@dataclass(frozen=True, slots=True)
class Query:
    """Terms that must all be there, in any order; the last word of the last term may go on.

    A term is what was written without a space: its words must follow each other. Nothing in a query is a
    sign with a meaning, neither quotes nor AND, * or -.
    """

    terms: tuple[tuple[str, ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def occurrences(self, found: Iterable[Word]) -> Iterator[tuple[int, int, int]]:
        """Yield (start, end, number of the term) wherever a term stands among these words."""
        row = list(found)
        last = len(self.terms) - 1
        heads: dict[str, list[int]] = {}
        for number, term in enumerate(self.terms):
            heads.setdefault(term[0], []).append(number)
        open_head = self.terms[last][0] if self.terms and len(self.terms[last]) == 1 else None
        for place, word in enumerate(row):
            for number in heads.get(word.folded, ()):
                term = self.terms[number]
                if self._follows(row, place, term, number == last):
                    yield word.start, row[place + len(term) - 1].end, number
            if open_head is not None and word.folded != open_head and word.folded.startswith(open_head):
                yield word.start, word.end, last

    def places(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield what ``occurrences`` yields for the words of a text; quick for a query of ASCII."""
        plain = all(len(term) == 1 and term[0].isascii() for term in self.terms)
        if not (plain and self.terms):
            yield from self.occurrences(words(text))
            return
        last = len(self.terms) - 1
        (opened,) = self.terms[last]
        for start, end, word in _candidates(self.terms, text):
            for number, (term,) in enumerate(self.terms):
                if word == term:
                    yield start, end, number
            if word != opened and word.startswith(opened):
                yield start, end, last

    def matches(self, text: str) -> bool:
        """Tell whether every term is in the text; where there is none, every text will do."""
        missing = set(range(len(self.terms)))
        for _, _, number in self.places(text):
            missing.discard(number)
            if not missing:
                return True
        return not missing

    def ranges(self, text: str, most: int = 1_000) -> Ranges:
        """Return where terms stand in the text, at most so many."""
        return _joined((start, end) for start, end, _ in islice(self.places(text), most))

    @staticmethod
    def _follows(row: list[Word], place: int, term: tuple[str, ...], opened: bool) -> bool:
        if place + len(term) > len(row):
            return False
        found = [word.folded for word in row[place : place + len(term)]]
        if opened:
            return tuple(found[:-1]) == term[:-1] and found[-1].startswith(term[-1])
        return tuple(found) == term


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message that was found; ``ranges`` are the places in ``snippet`` to highlight."""

    message: Message
    entry: ConversationEntry
    snippet: str
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class TitleHit:
    """A conversation that was found by its title; ``ranges`` are the places in it to highlight."""

    entry: ConversationEntry
    ranges: Ranges


def _candidates(terms: tuple[tuple[str, ...], ...], text: str) -> Iterator[Word]:
    """Yield at least the words that begin like one of the terms, which are single words of ASCII.

    Between ASCII punctuation a word of ASCII is a run of letters and digits, so that a pattern finds those
    that begin so without making a thing of every word there is. Runs with anything else are looked at alone.
    """
    if text.isascii():
        for found in _beginnings(terms, mixed=False).finditer(text):
            yield Word(found.start(), found.end(), found[0].lower())
        return
    for found in _beginnings(terms, mixed=True).finditer(text):
        run = found[0]
        if run.isascii():
            yield Word(found.start(), found.end(), run.lower())
        else:
            yield from words(run, found.start())


@lru_cache(maxsize=8)
def _beginnings(terms: tuple[tuple[str, ...], ...], *, mixed: bool) -> re.Pattern[str]:
    """Return a pattern for words of ASCII that begin like a term; ``mixed``: and for all other runs."""
    heads = "|".join(sorted({re.escape(term[0]) for term in terms}))
    if not mixed:
        return re.compile(f"(?<![0-9A-Za-z])(?:{heads})[0-9A-Za-z]*", re.ASCII | re.IGNORECASE)
    other = "\\x80-\\U0010ffff"
    run = f"[0-9A-Za-z{other}]"
    begun = f"(?:{heads})[0-9A-Za-z]*(?!{run})"
    return re.compile(f"(?<!{run})(?:{begun}|[0-9A-Za-z]*[{other}]{run}*)", re.ASCII | re.IGNORECASE)


def parse_query(text: str) -> Query:
    """Make a query of what somebody typed."""
    left = MOST_WORDS
    terms = []
    for chunk in text[:_MOST_LETTERS].split():
        term = tuple(word.folded for word in islice(words(chunk), left))
        left -= len(term)
        if term:
            terms.append(term)
    return Query(tuple(terms))


def snippet(query: Query, text: str) -> tuple[str, Ranges]:
    """Cut out the place where most of the terms stand together: one line, and the places to highlight.

    Line ends become spaces; Markdown's marks for headings, bold and code are left out.
    """
    seen = text[:_SEEN]
    found, best = _together(query, seen)
    first = found[best][0] if found else 0
    begin = _word_start(seen, first)
    end = min(len(text), max(begin + _WIDTH, found[best][1] if found else 0))
    if end < len(text) and (space := text.rfind(" ", begin + _WIDTH // 2, end)) > first:
        end = space
    line, moved = _one_line(text, begin, end)
    inside = ((start, stop) for start, stop, _ in found if start >= begin and stop <= end)
    ranges = [(moved[start - begin], moved[stop - begin]) for start, stop in inside]
    lead = "…" if begin and line else ""
    tail = "…" if end < len(text) and line else ""
    shift = len(lead)
    return f"{lead}{line}{tail}", _joined((start + shift, stop + shift) for start, stop in ranges)


def _together(query: Query, text: str) -> tuple[list[tuple[int, int, int]], int]:
    """Return where terms stand, and from which of these places on most of them stand together.

    Nothing is looked for any more behind the first place where they all do.
    """
    found: list[tuple[int, int, int]] = []
    oldest, reach = 0, _WIDTH - _BEFORE
    places = islice(query.places(text), _OCCURRENCES)
    for place in places:
        found.append(place)
        while found[oldest][0] + reach <= place[0]:
            oldest += 1
        if len({number for _, _, number in found[oldest:]}) == len(query.terms):
            for later in places:
                if later[0] >= found[oldest][0] + _WIDTH:
                    break
                found.append(later)
            return found, oldest
    best = most = 0
    for number, (start, _, _) in enumerate(found):
        near = {term for at, _, term in found[number:] if at < start + reach}
        if len(near) > most:
            best, most = number, len(near)
    return found, best


def _word_start(text: str, first: int) -> int:
    if first <= _BEFORE:
        return 0
    space = max(text.find(" ", first - _BEFORE, first), text.rfind("\n", first - _BEFORE, first))
    return space + 1 if space >= 0 else first - _BEFORE


def _one_line(text: str, begin: int, end: int) -> tuple[str, Sequence[int]]:
    """Return the line, and for each place from ``begin`` to ``end`` where that is in it."""
    place = begin + len(text[begin:end]) - len(text[begin:end].lstrip(" "))
    made: list[str] = []
    moved = [0] * (place - begin)
    length = 0
    for noise in _NOISE.finditer(text, place, end):
        start, stop = noise.span()
        made.append(text[place:start])
        moved += range(length, length + start - place)
        length += start - place
        moved += [length] * (stop - start)
        if length and noise[0].strip("*`"):
            made.append(" ")
            length += 1
        place = stop
    made.append(text[place:end])
    moved += range(length, length + end - place + 1)
    return "".join(made), moved


def _joined(places: Iterable[tuple[int, int]]) -> Ranges:
    made: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if end <= start:
            continue
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return tuple(made)
