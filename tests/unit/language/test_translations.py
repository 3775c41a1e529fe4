"""Each language is complete: nothing missing, nothing left over, the same placeholders, every plural form."""

from __future__ import annotations

import re
from functools import cache

import pytest

from chatdesk.language.catalogue import Entry, read_catalogue
from chatdesk.language.door import catalogue, languages
from tests.support.translatable import Text, missing, spoken, unused

PLACE = re.compile(r"\{\w*\}")
CODES = [code for code in languages() if code != "en"]


@cache
def entries(code: str) -> tuple[Entry, ...]:
    return tuple(entry for entry in read_catalogue(catalogue(code)).entries if entry.message)


def test_german_is_there() -> None:
    assert "de" in languages()


def test_the_source_says_enough_to_be_believed() -> None:
    """The collector finds texts of every kind; a change of style must not make it blind."""
    said: dict[tuple[str | None, str], Text] = spoken()
    for key in (
        (None, "New chat"),
        (None, "Keyboard shortcuts"),
        (None, "High contrast"),
        (None, "{count} waiting"),
        (None, "Enter sends, Shift+Enter starts a new line"),
        ("sentence", "The provider has no model named {model}."),
        ("sentence", "The session is over."),
        ("sentence", "Set CHATDESK_MODEL to the name of a model."),
        ("sentence", "Something went wrong in ChatDesk."),
    ):
        assert key in said
    assert sum(context == "sentence" for context, _message in said) > 150


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_missing(code: str) -> None:
    """``make texts`` adds the entries; somebody has to translate them."""
    assert [(text.message, sorted(text.places)) for text in missing(code)] == []


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_left_over(code: str) -> None:
    assert [entry.message for entry in unused(code)] == []


@pytest.mark.parametrize("code", CODES)
def test_placeholders_are_the_same(code: str) -> None:
    for entry in entries(code):
        for form, translation in entry.strings.items():
            source = entry.plural if form and entry.plural else entry.message
            assert sorted(PLACE.findall(translation)) == sorted(PLACE.findall(source)), entry.message


@pytest.mark.parametrize("code", CODES)
def test_every_plural_form_is_there(code: str) -> None:
    head = next(entry for entry in read_catalogue(catalogue(code)).entries if not entry.message)
    found = re.search(r"nplurals=(\d+)", head.strings[0])
    assert found is not None
    for entry in entries(code):
        assert set(entry.strings) == set(range(int(found[1]) if entry.plural else 1)), entry.message


@pytest.mark.parametrize("code", CODES)
def test_ends_and_marks_are_kept(code: str) -> None:
    """A sentence stays a sentence, an action that asks keeps its dots, and there is no stray white space."""
    for entry in entries(code):
        for translation in entry.strings.values():
            source = entry.message
            assert translation.strip() == translation or source.strip() != source, source
            for mark in ("…", "?", "."):
                same = translation.endswith(mark) == source.endswith(mark)
                assert same or not source[:1].isalpha(), (source, translation)
            assert source.count("\n") == translation.count("\n"), source


def test_german_is_typeset_as_german() -> None:
    for entry in entries("de"):
        for translation in entry.strings.values():
            assert "“" not in translation or "„" in translation, translation
            assert '"' not in translation, translation
            assert not re.search(r"\w…", translation) or "_…" in translation, translation
