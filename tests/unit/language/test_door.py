"""Catalogues, the door, and sentences that were put together elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdesk.language import door
from chatdesk.language.catalogue import Catalogue, Entry, read_catalogue
from chatdesk.language.door import N_, _, chosen, language, ngettext, sentence, use
from chatdesk.language.sentences import Sentences

PO = r"""
# a remark
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n==2 ? 1 : 2);\n"

#: somewhere.py
msgid "two "
"lines \"quoted\"\n"
msgstr "zwei "
"Zeilen „so“\n"

msgctxt "sentence"
msgid "Same"
msgstr "Im Zusammenhang"

msgid "Same"
msgstr "Ohne"

msgid "{count} cat"
msgid_plural "{count} cats"
msgstr[0] "{count} Katze"
msgstr[1] "{count} Kätzchen"
msgstr[2] "{count} Katzen"

#, fuzzy
msgid "Doubtful"
msgstr "Falsch"

msgid "Missing"
msgstr ""
"""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    use("en")


@pytest.fixture
def po(tmp_path: Path) -> Path:
    path = tmp_path / "x.po"
    path.write_text(PO, "utf-8")
    return path


def test_a_catalogue_is_read_from_its_source(po: Path) -> None:
    words = read_catalogue(po).words
    assert words.gettext('two lines "quoted"\n') == "zwei Zeilen „so“\n"
    assert words.gettext("Same") == "Ohne"
    assert words.pgettext("sentence", "Same") == "Im Zusammenhang"
    assert [words.ngettext("{count} cat", "{count} cats", n) for n in (1, 2, 5)] == [
        "{count} Katze",
        "{count} Kätzchen",
        "{count} Katzen",
    ]
    assert words.gettext("Doubtful") == "Doubtful"
    assert words.gettext("Missing") == "Missing"
    assert list(read_catalogue(po).sentences()) == [("Same", "Im Zusammenhang")]


@pytest.mark.parametrize("line", ["hello", "msgid no quotes", '"astray"', 'msgid "open', 'msgid "a" + "b"'])
def test_what_is_no_catalogue_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.po").write_text(f"# fine\n{line}\n", "utf-8")
    with pytest.raises(ValueError, match="Line 2"):
        read_catalogue(tmp_path / "x.po")


def test_other_tools_accept_our_catalogues() -> None:
    if (msgfmt := shutil.which("msgfmt")) is None:
        return
    for code in door.languages()[1:]:
        done = subprocess.run(
            [msgfmt, "--check-format", "-o", "-", str(door.catalogue(code))], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()


def test_english_is_what_the_source_says() -> None:
    assert (_("New chat"), language()) == ("New chat", "en")
    assert ngettext("{count} change", "{count} changes", 2) == "{count} changes"
    assert sentence("The session is over.") == "The session is over."
    assert _("") == ""
    assert N_("marked") == "marked"


def test_another_language_holds_from_now_on() -> None:
    use("de")
    assert (_("New chat"), language()) == ("Neuer Chat", "de")
    assert _("") == ""
    assert _("what nobody translated") == "what nobody translated"
    assert sentence("The session is over.") == "Die Sitzung ist beendet."
    with pytest.raises(ValueError, match="no catalogue"):
        use("xx")
    use("en")
    assert _("New chat") == "New chat"


@pytest.mark.parametrize(
    ("choice", "system", "code"),
    [
        ("system", ["de-AT", "en"], "de"),
        ("system", ["de_DE"], "de"),
        ("system", ["fr-FR", "de-DE"], "de"),
        ("system", ["en-US", "de-DE"], "en"),
        ("system", ["C"], "en"),
        ("system", [], "en"),
        ("de", ["en-GB"], "de"),
        ("en", ["de-DE"], "en"),
        ("tlh", ["de-DE"], "de"),
    ],
)
def test_the_choice_comes_first_and_then_the_system(choice: str, system: list[str], code: str) -> None:
    assert chosen(choice, system) == code


# Sentences

KNOWN = Sentences(
    [
        ("It failed.", "Es misslang."),
        ("Try again.", "Noch einmal."),
        ("No model named {model}.", "Kein Modell {model}."),
        ("The file {name} could not be written: {reason}.", "{reason}: {name} nicht geschrieben."),
        ("Again: {reason}.", "Wieder: {reason}."),
        ("{name} got stuck", "{name} hängt"),
        ("{a} and {a}.", "zweimal {a}."),
    ]
)


@pytest.mark.parametrize(
    ("english", "translated"),
    [
        ("It failed.", "Es misslang."),
        ("It failed. Try again.", "Es misslang. Noch einmal."),
        ("No model named gpt-5.", "Kein Modell gpt-5."),
        ("No model named a.b/c: d. Try again.", "Kein Modell a.b/c: d. Noch einmal."),
        ("The file x.json could not be written: disk full.", "disk full: x.json nicht geschrieben."),
        ("Again: outbox got stuck.", "Wieder: outbox hängt."),
        ("Something of a server's own. Try again.", "Something of a server's own. Noch einmal."),
        ("It failed. Something of its own.", "Es misslang. Something of its own."),
        ("One and one.", "One and one."),
        ("one and one.", "zweimal one."),
        ("unknown", "unknown"),
        ("", ""),
        ("No model named .", "No model named ."),
        ("No model named {model}.", "Kein Modell {model}."),
        ("No model named line\nbreak.", "Kein Modell line\nbreak."),
    ],
)
def test_a_sentence_is_recognised_by_what_it_was_made_from(english: str, translated: str) -> None:
    assert KNOWN(english) == translated


def test_a_value_is_never_translated_as_a_template() -> None:
    assert KNOWN("No model named {0.__class__}.") == "Kein Modell {0.__class__}."


def test_a_long_text_from_elsewhere_stays_as_it_is() -> None:
    for text in ("It failed. " * 100_000, "x" * 1_000_000, "No model named " + "a. " * 100_000):
        assert KNOWN(text) == text


def test_an_entry_that_is_not_done_is_no_translation() -> None:
    catalogue = Catalogue([Entry("", strings={0: "Content-Type: text/plain; charset=UTF-8\n"}), Entry("Gap")])
    door.put("xx", catalogue)
    assert _("Gap") == "Gap"
