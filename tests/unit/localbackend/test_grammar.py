"""The query grammar: nothing is guessed, and nothing unknown is passed over."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdesk.localbackend.failures import ReplyFailure
from chatdesk.localbackend.rest.catalogue import Column, Relation
from chatdesk.localbackend.rest.grammar import parse_query
from chatdesk.localbackend.rest.query import Condition, Group, Order, Selected
from chatdesk.localbackend.rest.statements import read

NOTES = Relation(
    "notes",
    {name: Column(name, kind, kind) for name, kind in (("id", "uuid"), ("n", "integer"), ("t", "text"))},
)


def test_filters_and_order() -> None:
    query = parse_query(
        [("select", "id,name:t"), ("n", "not.in.(1,2)"), ("t", "like.a*"), ("order", "n.desc.nullslast,t")]
    )
    assert query.select == (Selected("id"), Selected("t", "name"))
    assert query.where == [Condition("n", "in", ("1", "2"), True), Condition("t", "like", ("a*",))]
    assert query.order == (Order("n", True, False), Order("t"))
    assert query.names() == {"id", "n", "t"}


def test_a_logic_tree() -> None:
    query = parse_query([("not.or", '(n.eq.1,and(t.eq."a,\\"b)",not.or(id.is.null,n.not.in.(1,2))))')])
    assert query.where == [
        Group(
            "or",
            (
                Condition("n", "eq", ("1",)),
                Group(
                    "and",
                    (
                        Condition("t", "eq", ('a,"b)',)),
                        Group(
                            "or",
                            (Condition("id", "is", ("null",)), Condition("n", "in", ("1", "2"), True)),
                            negated=True,
                        ),
                    ),
                ),
            ),
            negated=True,
        )
    ]


def test_values_are_bound_and_names_are_quoted() -> None:
    odd = Relation('od"d', {'a"b': Column('a"b', "text", "text")})
    statement = read(odd, parse_query([("select", "*"), ("limit", "3")]), one=False)
    assert 'from public."od""d" as' in statement.text
    nasty = "'; drop table notes; --"
    statement = read(NOTES, parse_query([("t", f"eq.{nasty}"), ("n", "gt.5")]), one=False)
    assert nasty not in statement.text
    assert statement.values == [nasty, "5"]
    assert "cast($2::text as integer)" in statement.text


@pytest.mark.parametrize(
    "pair",
    [
        ("t", "eq"),
        ("t", "x.1"),
        ("t", "cs.{a}"),
        ("t", "fts(simple).a"),
        ("select", "t(*)"),
        ("select", "...t(*)"),
        ("select", "a b"),
        ("order", "t.sideways"),
        ("limit", "1;"),
        ("offset", "-1"),
        ("and", "()"),
        ("and", "(t.eq.1)x"),
        ("t.order", "a"),
        ("on_conflict", "t"),
        ("columns", "a(b"),
    ],
)
def test_what_is_unknown_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(ReplyFailure) as refused:
        parse_query([pair])
    assert refused.value.body["code"] == "PGRST100"


PIECES = st.lists(
    st.sampled_from(
        [*'(),."\\:*- ', "not.", "and", "or", "eq.", "in.", "is.", "null", "n", "t", "1", "->", "%", "é"]
    ),
    max_size=25,
).map("".join)


@given(
    st.lists(
        st.tuples(st.sampled_from(["select", "order", "or", "and", "n", "t", "columns", "limit"]), PIECES)
    )
)
def test_any_text_is_either_understood_or_refused(pairs: list[tuple[str, str]]) -> None:
    with contextlib.suppress(ReplyFailure):
        statement = read(NOTES, parse_query(pairs), one=False)
        for number, _ in enumerate(statement.values, 1):
            assert f"${number}" in statement.text
