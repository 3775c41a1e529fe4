"""The door: every text a user reads goes through it and comes out in the language in use."""

from __future__ import annotations

import gettext
from collections.abc import Sequence
from pathlib import Path

from chatdesk.language.catalogue import Catalogue, read_catalogue
from chatdesk.language.sentences import Sentences
from chatdesk.resources import resources_root

SOURCE = "en"
SYSTEM = "system"

_PLACE = "*/LC_MESSAGES/chatdesk.po"


class _InUse:
    """What the functions below look into; there is one language in a process."""

    def __init__(self) -> None:
        self.code = SOURCE
        self.words: gettext.NullTranslations = gettext.NullTranslations()
        self.sentences: Sentences | None = None


_in_use = _InUse()


def _(message: str) -> str:
    """Translate a text that is written in English in the source; without a translation it stays English."""
    return _in_use.words.gettext(message) if message else ""


def N_(message: str) -> str:  # the name every tool for gettext knows
    """Mark a text of a table, to be translated by ``_`` when it is shown."""
    return message


def ngettext(one: str, many: str, count: int) -> str:
    """Translate a text about ``count`` things; the placeholders are filled afterwards."""
    return _in_use.words.ngettext(one, many, count)


def sentence(text: str) -> str:
    """Translate what a lower floor or another device said; what is not known stays as it is."""
    return text if _in_use.sentences is None else _in_use.sentences(text)


def language() -> str:
    """Return the code of the language in use, such as ``de``."""
    return _in_use.code


def languages() -> tuple[str, ...]:
    """Return the codes of all languages there are, English first."""
    return (SOURCE, *sorted(path.parts[-3] for path in (resources_root() / "locale").glob(_PLACE)))


def catalogue(code: str) -> Path:
    """Return where the translations of a language are."""
    return resources_root() / "locale" / _PLACE.replace("*", code, 1)


def chosen(choice: str, system: Sequence[str]) -> str:
    """Return the language for what the user chose.

    ``system`` says in which order the user of this computer reads languages, as in ``("de-AT", "en")``; an
    unknown choice counts as the system's, an unknown system as English.
    """
    known = languages()
    if choice in known:
        return choice
    for tag in system:
        code = tag.replace("_", "-").partition("-")[0].lower()
        if code in known:
            return code
    return SOURCE


def use(code: str) -> None:
    """Say everything in another language from now on; what is on screen has to ask again.

    Raises ``ValueError`` for a language without a catalogue.
    """
    if code not in languages():
        raise ValueError(f"There is no catalogue for {code}.")
    put(code, None if code == SOURCE else read_catalogue(catalogue(code)))


def put(code: str, translations: Catalogue | None) -> None:
    """Take these translations into use, as ``use`` does with a file; None means English."""
    _in_use.code = code
    _in_use.words = translations.words if translations is not None else gettext.NullTranslations()
    _in_use.sentences = Sentences(translations.sentences()) if translations is not None else None
