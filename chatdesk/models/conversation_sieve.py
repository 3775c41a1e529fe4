"""Which conversations the list shows: those of its place, not leaving, with the words of the search field."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.words import words


@lru_cache(maxsize=20_000)
def _folded(text: str) -> str:
    return " ".join(word.folded for word in words(text))


class Sieve:
    """``archive``: the place is the archive; ``leaving``: ids that are about to be deleted.

    What is typed is found anywhere in a title, also inside a word: a list is narrowed with whatever part of
    a name one remembers. Case, accents and width do not matter, as in the search.
    """

    def __init__(self) -> None:
        self.archive = False
        self.leaving: frozenset[str] = frozenset()
        self.text = ""
        self._terms: tuple[str, ...] = ()

    def look_for(self, text: str) -> bool:
        """Narrow the list to titles with these words; tell whether that is another question."""
        before = self._terms
        self.text = text
        self._terms = tuple(_folded(chunk) for chunk in text.split() if _folded(chunk))
        return self._terms != before

    @property
    def narrows(self) -> bool:
        """Whether words are looked for."""
        return bool(self._terms)

    def sift(self, entries: Iterable[ConversationEntry]) -> Iterable[ConversationEntry]:
        """Return those that the list shows."""
        if self._terms or self.leaving:
            return filter(self.shows, entries)
        archive = self.archive  # the usual list of ten thousand asks nothing but this
        return [entry for entry in entries if entry.membership.archived is archive]

    def shows(self, entry: ConversationEntry) -> bool:
        """Tell whether the list shows this conversation."""
        if entry.membership.archived is not self.archive or entry.id in self.leaving:
            return False
        if not self._terms:
            return True
        title = _folded(entry.conversation.title)
        return all(term in title for term in self._terms)
