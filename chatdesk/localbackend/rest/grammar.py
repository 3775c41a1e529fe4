"""The query string of a table request, parsed to plain values. Nothing unknown is ever passed over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NoReturn

from chatdesk.localbackend.failures import rest_failure
from chatdesk.localbackend.rest.problems import not_supported
from chatdesk.localbackend.rest.query import Condition, Group, Order, Selected, TableQuery

__all__ = ["parse_query"]

_COMPARISONS = frozenset({"eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike"})
# Operators that PostgREST has and the embedded back end has not.
_ELSEWHERE = frozenset(
    {"cs", "cd", "ov", "sl", "sr", "nxl", "nxr", "adj", "fts", "plfts", "phfts", "wfts"}
    | {"match", "imatch", "isdistinct"}
)
_IS_VALUES = frozenset({"null", "not_null", "true", "false", "unknown"})
_NAME = re.compile(r"[^\W\d][\w$]*")
_DEEPEST = 16


def _refuse(kind: str, text: str, expected: str) -> NoReturn:
    raise rest_failure(
        400, "PGRST100", f'"failed to parse {kind} ({text})" (line 1, column 1)', f"expecting {expected}"
    )


def parse_query(pairs: Iterable[tuple[str, str]]) -> TableQuery:
    """The query of these decoded key-value pairs. Raises a 400 PGRST100 failure for anything unknown."""
    query = TableQuery()
    orders: list[Order] = []
    for key, value in pairs:
        if key == "select":
            query.select = _select(value)
        elif key == "order":
            orders.extend(_order(value))
        elif key in ("limit", "offset"):
            setattr(query, key, _count(key, value))
        elif key == "columns":
            query.columns = tuple(_column_name(part, "columns parameter") for part in _split(value))
        elif key in ("and", "or", "not.and", "not.or"):
            query.where.append(_Logic(value).group(key.removeprefix("not."), key.startswith("not.")))
        elif key == "on_conflict":
            raise not_supported("upserts (on_conflict)", "Call a function that inserts, or plain insert.")
        elif "." in key or "->" in key:
            raise not_supported(f"the parameter {key!r}: embedded resources and JSON paths")
        else:
            query.where.append(_filter(_column_name(key, "filter"), value))
    query.order = tuple(orders)
    return query


def _count(key: str, value: str) -> int:
    if not re.fullmatch(r"\d{1,9}", value):
        if key == "limit" and re.fullmatch(r"-\d+", value):
            raise rest_failure(
                416,
                "PGRST103",
                "Requested range not satisfiable",
                "Limit should be greater than or equal to zero.",
            )
        _refuse(f"{key} parameter", value, "a whole number")
    return int(value)


def _split(text: str) -> Sequence[str]:
    """Parts between commas that stand in no quotes and no parentheses."""
    parts, depth, quoted, start = [], 0, False, 0
    for place, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return [part.strip() for part in parts]


def _column_name(text: str, kind: str) -> str:
    text = text.strip()
    if len(text) > 2 and text[0] == text[-1] == '"' and '"' not in text[1:-1]:
        return text[1:-1]
    if not _NAME.fullmatch(text):
        _refuse(kind, text, "a column name")
    return text


def _select(text: str) -> tuple[Selected, ...]:
    if not text.strip():
        return (Selected("*"),)
    chosen: list[Selected] = []
    for part in _split(text):
        if part == "*":
            chosen.append(Selected("*"))
            continue
        if "(" in part or part.startswith("..."):
            raise not_supported(f"embedded resources and aggregates in select: {part!r}")
        if "::" in part or "->" in part:
            raise not_supported(f"casts and JSON paths in select: {part!r}")
        alias, colon, column = part.rpartition(":")
        chosen.append(
            Selected(
                _column_name(column, "select parameter"),
                _column_name(alias, "select parameter") if colon else None,
            )
        )
    return tuple(chosen)


def _order(text: str) -> Iterable[Order]:
    for part in _split(text):
        name, *words = part.split(".")
        if "(" in part or "->" in name:
            raise not_supported(f"ordering by related columns or JSON paths: {part!r}")
        column = _column_name(name, "order")
        descending, nulls_first = False, None
        if words and words[0] in ("asc", "desc"):
            descending = words.pop(0) == "desc"
        if words and words[0] in ("nullsfirst", "nullslast"):
            nulls_first = words.pop(0) == "nullsfirst"
        if words:
            _refuse("order", part, "asc, desc, nullsfirst or nullslast")
        yield Order(column, descending, nulls_first)


def _filter(column: str, text: str) -> Condition:
    rest, negated = text, False
    if rest.startswith("not."):
        rest, negated = rest[4:], True
    operator, dot, value = rest.partition(".")
    _check_operator(operator, dot, text)
    if operator == "is":
        return Condition(column, "is", (_is_value(value, text),), negated)
    if operator == "in":
        return Condition(column, "in", _Logic(value, text).whole_list(), negated)
    return Condition(column, operator, (value,), negated)


def _check_operator(operator: str, dot: str, text: str) -> None:
    base = operator.partition("(")[0]
    if base in _ELSEWHERE or (base in _COMPARISONS and base != operator):
        raise not_supported(f"the operator {operator!r}", f"in the filter {text!r}")
    if not dot or (operator not in _COMPARISONS and operator not in ("is", "in")):
        _refuse("filter", text, "operator (eq, gt, ...)")


def _is_value(value: str, text: str) -> str:
    if value.lower() not in _IS_VALUES:
        _refuse("filter", text, "null, not_null, true, false or unknown")
    return value.lower()


class _Logic:
    """Reads ``(a.eq.1,or(b.gt.2,c.in.(3,4)))`` letter by letter."""

    def __init__(self, text: str, shown: str | None = None) -> None:
        self._text = text
        self._shown = shown if shown is not None else text
        self._at = 0
        self._depth = 0

    def group(self, joiner: str, negated: bool) -> Group:
        """The whole text as one group."""
        members = self._members()
        self._end()
        return Group(joiner, members, negated)

    def whole_list(self) -> tuple[str, ...]:
        """The whole text as the value list of ``in``."""
        values = self._list()
        self._end()
        return values

    def _fail(self, expected: str) -> NoReturn:
        raise rest_failure(
            400,
            "PGRST100",
            f'"failed to parse logic tree ({self._shown})" (line 1, column {self._at + 1})',
            f"expecting {expected}",
        )

    def _end(self) -> None:
        if self._at != len(self._text):
            self._fail("the end of the text")

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _take(self, letter: str) -> None:
        if self._peek() != letter:
            self._fail(f'"{letter}"')
        self._at += 1

    def _members(self) -> tuple[Condition | Group, ...]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise not_supported(f"more than {_DEEPEST} nested groups")
        self._take("(")
        members = [self._member()]
        while self._peek() == ",":
            self._at += 1
            members.append(self._member())
        self._take(")")
        self._depth -= 1
        return tuple(members)

    def _member(self) -> Condition | Group:
        nested = re.compile(r"\s*(not\.)?(and|or)(?=\()").match(self._text, self._at)
        if nested:
            self._at = nested.end()
            return Group(nested[2], self._members(), bool(nested[1]))
        head = re.compile(r'\s*("[^"]+"|[^\W\d][\w$]*)\.(not\.)?([a-z]+(?:\([a-z]*\))?)\.').match(
            self._text, self._at
        )
        if not head:
            self._fail("logic operator (and, or) or a filter")
        column, operator = _column_name(head[1], "logic tree"), head[3]
        _check_operator(operator, ".", self._shown)
        self._at = head.end()
        values: tuple[str, ...]
        if operator == "in":
            values = self._list()
        elif operator == "is":
            values = (_is_value(self._value(), self._shown),)
        else:
            values = (self._value(),)
        return Condition(column, operator, values, bool(head[2]))

    def _list(self) -> tuple[str, ...]:
        self._take("(")
        if self._peek() == ")":
            self._at += 1
            return ()
        values = [self._value()]
        while self._peek() == ",":
            self._at += 1
            values.append(self._value())
        self._take(")")
        return tuple(values)

    def _value(self) -> str:
        if self._peek() != '"':
            plain = re.compile(r"[^,)]*").match(self._text, self._at)
            assert plain is not None  # an empty match is one
            self._at = plain.end()
            return plain[0]
        whole = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL).match(self._text, self._at)
        if not whole:
            self._fail('a closing "')
        self._at = whole.end()
        return re.sub(r"\\(.)", r"\1", whole[1], flags=re.DOTALL)
