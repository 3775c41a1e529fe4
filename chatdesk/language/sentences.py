"""Finds the translation of a sentence that was put together somewhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice

# ChatDesk itself says two or three; a longer text came from somewhere else and is not searched.
_MOST = 8
_LONGEST = 4_000

_PLACE = re.compile(r"\{(\w+)\}")

# Where one sentence ends and the next begins; a value inside a sentence never reaches over such a place.
_SEAM = re.compile(r"(?<=[.!?…]) (?=[“\"A-Z])")
_VALUE = r"(?P<{}>(?:(?![.!?…] [“\"A-Z]).)+)"


class Sentences:
    """Translates finished English text by what it was made from.

    What an error says is made far from the screen, is kept in files and comes from other devices, so it is
    English until it is shown. A sentence with values in it is recognised by its template, as in
    ``The provider has no model named {model}.``; a text of several sentences is taken apart.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._exact: dict[str, str] = {}
        self._templates: list[tuple[re.Pattern[str], str]] = []
        for message, translation in sorted(pairs, key=lambda pair: -len(_PLACE.sub("", pair[0]))):
            if _PLACE.search(message):
                self._templates.append((_pattern(message), translation))
            else:
                self._exact[message] = translation

    def __call__(self, text: str) -> str:
        """Return the translation, or where nothing is known of a part of ``text`` that part as it is."""
        words = text.strip()
        if len(words) > _LONGEST:
            return text
        if (whole := self._known(words)) is not None:
            return whole
        seams = [found.start() for found in islice(_SEAM.finditer(words), _MOST + 1)]
        if len(seams) > _MOST:
            return text
        for seam in reversed(seams):
            if (head := self._known(words[:seam])) is not None:
                return f"{head} {self(words[seam + 1 :])}"
        if seams:
            return f"{words[: seams[0]]} {self(words[seams[0] + 1 :])}"
        return text

    def _known(self, words: str) -> str | None:
        if (exact := self._exact.get(words)) is not None:
            return exact
        for pattern, translation in self._templates:
            if (found := pattern.fullmatch(words)) is not None:
                return _filled(
                    translation,
                    {name: self._known(value) or value for name, value in found.groupdict().items()},
                )
        return None


def _filled(translation: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), translation)


def _pattern(message: str) -> re.Pattern[str]:
    pieces = _PLACE.split(message)
    made, seen = [], set()
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            made.append(re.escape(piece))
        elif piece in seen:
            made.append(f"(?P={piece})")
        else:
            made.append(_VALUE.format(piece))
            seen.add(piece)
    return re.compile("".join(made), re.DOTALL)
