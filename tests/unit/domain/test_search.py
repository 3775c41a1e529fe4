"""Words, queries and snippets: one folding everywhere, and places that are really in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdesk.domain.search import MOST_WORDS, Query, parse_query, snippet
from chatdesk.domain.words import folded, words

LETTERS = st.text(alphabet="abé cß*`\n#東京が🎉\"'-_")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Straße CAFÉ naïve", ["strasse", "cafe", "naive"]),
        ("cafe\N{COMBINING ACUTE ACCENT}s", ["cafes"]),
        ("snake_case x-y C++", ["snake", "case", "x", "y", "c"]),
        ("東京都へ", ["東", "京", "都", "へ"]),
        ("ＡＢＣ ﬁne ½", ["abc", "fine", "1", "2"]),
        ("party🎉on 👩\N{ZERO WIDTH JOINER}👧 👍🏽", ["party", "🎉", "on", "👩", "👧", "👍"]),
        ("한국어 привет ΣΊΣΥΦΟΣ", [normalize("NFKD", "한국어"), "привет", "σισυφοσ"]),
        ("soft\N{SOFT HYPHEN}hyphen", ["softhyphen"]),
        ("", []),
        ("\0 \t\n«»—…", []),
    ],
)
def test_words_are_folded(text: str, expected: list[str]) -> None:
    assert [word.folded for word in words(text)] == expected


@given(st.text())
def test_the_index_and_the_screen_see_the_same_words(text: str) -> None:
    """FTS5's ascii tokenizer breaks at ASCII punctuation and folds ASCII case: that must give ``words``."""
    tokens = re.findall("[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+", folded(text))
    ascii_lower = str.maketrans({chr(code): chr(code + 32) for code in range(65, 91)})
    assert [word.folded for word in words(text)] == [token.translate(ascii_lower) for token in tokens]
    starts, ends = [word.start for word in words(text)], [word.end for word in words(text)]
    assert (starts, ends) == (sorted(starts), sorted(ends))
    assert all(word.start < word.end <= len(text) for word in words(text))


def test_every_term_must_be_there_and_only_the_last_may_be_unfinished() -> None:
    assert parse_query("list pyth").matches("A Python list")
    assert not parse_query("lis python").matches("A Python list")
    assert not parse_query("python tuple").matches("A Python list")


def test_what_is_written_together_stands_together() -> None:
    assert parse_query("list_of").matches("a list of things")
    assert parse_query("京都").matches("東京都")
    assert not parse_query("of_list").matches("a list of things")
    assert not parse_query("都京").matches("東京都")


@pytest.mark.parametrize("text", ["", "   ", '"', "* - ( )", "\0", "«»", "…"])
def test_nothing_to_search_for_is_no_query(text: str) -> None:
    assert not parse_query(text)


def test_a_pasted_page_counts_by_its_beginning() -> None:
    query = parse_query(" ".join(f"word{number}" for number in range(5_000)))
    assert sum(map(len, query.terms)) == MOST_WORDS
    assert parse_query("x" * 10_000).terms == (("x" * 1_000,),)


@given(LETTERS, LETTERS)
def test_a_snippet_is_one_line_and_its_places_are_in_it(text: str, typed: str) -> None:
    query = parse_query(typed)
    line, ranges = snippet(query, text)
    assert "\n" not in line
    ends = [place for pair in ranges for place in pair]
    assert ends == sorted(set(ends))
    assert all(0 <= place <= len(line) for place in ends)
    if query and query.matches(text):
        assert ranges


def test_a_snippet_shows_where_most_terms_are_together() -> None:
    text = "list here. " + "filler " * 100 + "**Python**\n\nlist `comprehension` " + "filler " * 100
    line, ranges = snippet(parse_query("python list"), text)
    assert "Python list comprehension" in line
    assert line.startswith("…")
    assert line.endswith("…")
    assert [line[start:end] for start, end in ranges] == ["Python", "list"]


def test_a_snippet_of_a_huge_text_looks_at_its_beginning_only() -> None:
    line, ranges = snippet(parse_query("needle"), "x" * 2_000_000 + " needle")
    assert ranges == ()
    assert len(line) < 200


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  a  **b** `c`\n\n# d\te ", "a b c d e "),
        ("one ** two", "one two"),
        ("** one", "one"),
        ("one\n## two", "one two"),
        ("#one *two* ***three***", "#one *two* *three*"),
        (" \n ** ", ""),
    ],
)
def test_a_snippet_leaves_marks_out_and_has_single_spaces(text: str, line: str) -> None:
    assert snippet(parse_query("nowhere"), text)[0] == line


def test_a_snippet_is_cut_without_looking_at_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    places = Query.places

    def counted(query: Query, text: str) -> Iterator[tuple[int, int, int]]:
        for place in places(query, text):
            looked.append(place)
            yield place

    monkeypatch.setattr(Query, "places", counted)
    for typed in ("list", "list python"):
        line, ranges = snippet(parse_query(typed), "list of python. " * 200)
        assert line.startswith("list of python. list")
        # Two words in sixteen characters: those of the passage, and one that is too far away.
        assert len(ranges) <= len(looked) <= 2 * 150 // 16 + 2
        looked.clear()


@given(
    st.lists(
        st.sampled_from(["the", "The", "th", "t", "list", "list2", "2", "x-y", "é"]), min_size=1, max_size=4
    ),
    st.text(alphabet="theTHElis2x y-.\n_é", max_size=80),
)
def test_the_quick_way_finds_what_the_thorough_one_finds(typed: list[str], text: str) -> None:
    query = parse_query(" ".join(typed))
    assert list(query.places(text)) == list(query.occurrences(words(text)))


@given(
    st.lists(st.text("abcAB09", min_size=1, max_size=3), min_size=1, max_size=3),
    st.text("abcAB09 é東京ſ-_*\n"),
)
def test_the_quick_way_goes_through_texts_that_are_not_ascii(typed: list[str], text: str) -> None:
    query = parse_query(" ".join(typed))
    assert list(query.places(text)) == list(query.occurrences(words(text)))
