"""Colours for code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pygments.lexer import Lexer

# Which token of the theme a kind of code token takes, by pygments' names; the nearest ancestor counts.
_COLOUR_OF = {
    "Keyword": "syntax_keyword",
    "Operator.Word": "syntax_keyword",
    "Name.Tag": "syntax_keyword",
    "Name.Function": "syntax_function",
    "Name.Class": "syntax_function",
    "Name.Decorator": "syntax_function",
    "Name.Attribute": "syntax_function",
    "Literal.String": "syntax_string",
    "Literal.Number": "syntax_number",
    "Comment": "syntax_comment",
    "Name.Builtin": "syntax_builtin",
    "Name.Constant": "syntax_builtin",
    "Generic.Inserted": "syntax_string",
    "Generic.Deleted": "syntax_number",
    "Generic.Heading": "syntax_function",
    "Generic.Subheading": "syntax_function",
}

_LONGEST_NAME = 40


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    # pygments takes 70 ms to import; a conversation without code never pays for it.
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=512)
def _colour_name(kind: Any) -> str:
    while kind is not None:
        name = _COLOUR_OF.get(str(kind)[6:])
        if name is not None:
            return name
        kind = kind.parent
    return ""


class _PutOff:
    """The languages of code that was left plain, None while code gets its colours at once."""

    languages: set[str] | None = None


def put_off() -> None:
    """Leave code plain until ``go_on``: a lexer takes 100 ms, in which the first painting could be done."""
    _PutOff.languages = set()


def left_plain() -> frozenset[str]:
    """Return the languages of code that was left plain."""
    return frozenset(_PutOff.languages or ())


def go_on() -> None:
    """Colour code at once from now on; what was left plain has to be written again."""
    _PutOff.languages = None


def coloured_runs(code: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield ``code`` in pieces with the name of the theme colour of each, "" for the plain colour.

    An unknown language is one plain piece. White space joins the piece before it.
    """
    if _PutOff.languages is not None:
        if language:
            _PutOff.languages.add(language)
        yield code, ""
        return
    lexer = _lexer(language.lower()) if language and len(language) < _LONGEST_NAME else None
    if lexer is None:
        yield code, ""
        return
    run: list[str] = []
    current = ""
    for kind, value in lexer.get_tokens(code):
        colour = current if value.isspace() else _colour_name(kind)
        if colour != current and run:
            yield "".join(run), current
            run = []
        current = colour
        run.append(value)
    if run:
        yield "".join(run), current


class GrowingColours:
    """Colours for a code block that is still being written.

    Looking at all of it again for every few letters takes time in the square of its length. So the lexer is
    asked again only when a share of new text has come; until then that text has the plain colour.
    """

    _LEAST = 48
    """Characters, about a line: a short block has its colours while it is written."""
    _SHARE = 6

    def __init__(self) -> None:
        self._code = ""
        self._language = ""
        self._runs: tuple[tuple[str, str], ...] = ()

    def runs(self, code: str, language: str) -> Iterator[tuple[str, str]]:
        """Yield pieces as ``coloured_runs`` does, the newest of them perhaps without their colour."""
        new = len(code) - len(self._code)
        known = language == self._language and code.startswith(self._code)
        if not self._code or not known or new > max(self._LEAST, len(self._code) // self._SHARE):
            self._code, self._language = code, language
            self._runs = tuple(coloured_runs(code, language))
        yield from self._runs
        if rest := code[len(self._code) :]:
            yield rest, ""


def warm_up(languages: Iterable[str] = ("python",)) -> None:
    """Load pygments and these lexers; may be called in a thread, and while colours are put off."""
    for language in languages:
        if len(language) < _LONGEST_NAME and (lexer := _lexer(language.lower())) is not None:
            for _ in lexer.get_tokens("x = 1"):
                pass
