"""SQL from a parsed query: identifiers come from the catalogue and are quoted, values are always bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatdesk.localbackend.failures import rest_failure
from chatdesk.localbackend.rest.catalogue import Relation, quoted
from chatdesk.localbackend.rest.query import Condition, Group, Selected, TableQuery

__all__ = ["Statement", "count_rows", "delete", "insert", "read", "update"]

_OPERATORS = {
    "eq": "=",
    "neq": "<>",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "like": "like",
    "ilike": "ilike",
}
_IS = {
    "null": "is null",
    "not_null": "is not null",
    "true": "is true",
    "false": "is false",
    "unknown": "is unknown",
}
_ROW = "_chatdesk_row"  # the table's name inside our statements
_GIVEN = "_chatdesk_given"  # the caller's values
_OUT = "_chatdesk_out"  # what is answered


class Statement:
    """A statement in the making: its text and its bound values."""

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.text = ""
        self.values: list[object] = []

    def bind(self, value: object) -> str:
        """The place holder for ``value``."""
        self.values.append(value)
        return f"${len(self.values)}"

    def column(self, name: str) -> str:
        """The column as SQL; raises the failure that PostgreSQL would answer if there is none."""
        if name not in self.relation.columns:
            raise rest_failure(400, "42703", f"column {self.relation.name}.{name} does not exist")
        return f"{_ROW}.{quoted(name)}"

    def chosen(self, select: Iterable[Selected]) -> str:
        """The select list."""
        parts = []
        for item in select:
            if item.column == "*":
                parts.append(f"{_ROW}.*")
            else:
                alias = f" as {quoted(item.alias)}" if item.alias else ""
                parts.append(self.column(item.column) + alias)
        return ", ".join(parts)

    def where(self, parts: Sequence[Condition | Group]) -> str:
        """The WHERE clause with its word, or nothing."""
        return " where " + " and ".join(self._part(part) for part in parts) if parts else ""

    def _part(self, part: Condition | Group) -> str:
        if isinstance(part, Group):
            text = "(" + f" {part.joiner} ".join(self._part(member) for member in part.members) + ")"
        else:
            text = self._condition(part)
        return f"(not {text})" if part.negated else text

    def _condition(self, part: Condition) -> str:
        column = self.column(part.column)
        cast = self.relation.columns[part.column].cast_type
        if part.operator == "is":
            return f"({column} {_IS[part.values[0]]})"
        if part.operator == "in":
            return f"({column} = any({self.bind(list(part.values))}::text[]::{cast}[]))"
        if part.operator in ("like", "ilike"):
            pattern = part.values[0].replace("*", "%")
            return f"({column} {_OPERATORS[part.operator]} {self.bind(pattern)}::text)"
        return f"({column} {_OPERATORS[part.operator]} cast({self.bind(part.values[0])}::text as {cast}))"

    def source(self) -> str:
        """The table with the name that conditions use."""
        return f"public.{quoted(self.relation.name)} as {_ROW}"

    def given(self, columns: Sequence[str], body: str, function: str) -> str:
        """The caller's JSON as rows with the table's types; raises PGRST204 for a column that is none."""
        fields = []
        for name in columns:
            if name not in self.relation.columns:
                raise rest_failure(
                    400,
                    "PGRST204",
                    f"Could not find the '{name}' column of '{self.relation.name}' in the schema cache",
                )
            fields.append(f"{quoted(name)} {self.relation.columns[name].type}")
        return f"{function}({self.bind(body)}::json) as {_GIVEN} ({', '.join(fields)})"


def _finish(statement: Statement, rows: str, one: bool) -> Statement:
    rows_json = f"json_agg({_OUT})"
    body = f"({rows_json} -> 0)::text" if one else f"coalesce({rows_json}, '[]')::text"
    statement.text = f"with {_OUT} as ({rows}) select {body} as body, count(*) as total from {_OUT}"
    return statement


def read(relation: Relation, query: TableQuery, *, one: bool) -> Statement:
    """The rows that are asked for; ``one`` answers the first as an object instead of a list."""
    statement = Statement(relation)
    rows = f"select {statement.chosen(query.select)} from {statement.source()}{statement.where(query.where)}"
    orders = []
    for order in query.order:
        nulls = {None: "", True: " nulls first", False: " nulls last"}[order.nulls_first]
        orders.append(statement.column(order.column) + (" desc" if order.descending else " asc") + nulls)
    if orders:
        rows += " order by " + ", ".join(orders)
    if query.limit is not None:
        rows += f" limit {query.limit}"
    if query.offset:
        rows += f" offset {query.offset}"
    return _finish(statement, rows, one)


def count_rows(relation: Relation, query: TableQuery) -> Statement:
    """How many rows fit, whatever limit and offset say."""
    statement = Statement(relation)
    where = statement.where(query.where)
    statement.text = f"select count(*) from {statement.source()}{where}"
    return statement


def _changed(statement: Statement, change: str, query: TableQuery, one: bool, answer_rows: bool) -> Statement:
    if answer_rows:
        return _finish(statement, f"{change} returning {statement.chosen(query.select)}", one)
    statement.text = change
    return statement


def insert(
    relation: Relation, query: TableQuery, columns: Sequence[str], body: str, *, one: bool, answer_rows: bool
) -> Statement:
    """New rows; ``body`` is a JSON list of objects. Without ``answer_rows`` no right to read is needed."""
    statement = Statement(relation)
    if columns:
        given = statement.given(columns, body, "json_to_recordset")
        names = ", ".join(quoted(name) for name in columns)
        values = ", ".join(f"{_GIVEN}.{quoted(name)}" for name in columns)
        change = f"insert into {statement.source()} ({names}) select {values} from {given}"
    else:
        change = f"insert into {statement.source()} default values"
    return _changed(statement, change, query, one, answer_rows)


def update(
    relation: Relation, query: TableQuery, columns: Sequence[str], body: str, *, one: bool, answer_rows: bool
) -> Statement:
    """Changed rows; ``body`` is one JSON object."""
    statement = Statement(relation)
    given = statement.given(columns, body, "json_to_record")
    sets = ", ".join(f"{quoted(name)} = {_GIVEN}.{quoted(name)}" for name in columns)
    change = f"update {statement.source()} set {sets} from {given}{statement.where(query.where)}"
    return _changed(statement, change, query, one, answer_rows)


def delete(relation: Relation, query: TableQuery, *, one: bool, answer_rows: bool) -> Statement:
    """Deleted rows."""
    statement = Statement(relation)
    change = f"delete from {statement.source()}{statement.where(query.where)}"
    return _changed(statement, change, query, one, answer_rows)
