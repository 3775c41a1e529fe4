"""Requests on tables and views: ``/rest/v1/{relation}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from chatdesk.localbackend.database import Database
from chatdesk.localbackend.failures import rest_failure
from chatdesk.localbackend.rest import statements
from chatdesk.localbackend.rest.catalogue import Catalogue, Relation
from chatdesk.localbackend.rest.grammar import parse_query
from chatdesk.localbackend.rest.problems import not_supported
from chatdesk.localbackend.rest.query import TableQuery
from chatdesk.localbackend.rest.request import Wishes, answer, read_body, read_wishes
from chatdesk.localbackend.tokens import Caller

__all__ = ["Tables"]


class Tables:
    """Answers select, insert, update and delete in the caller's name."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    async def serve(self, request: web.Request, caller: Caller) -> web.Response:
        """The answer to one request. Raises reply failures and PostgreSQL's errors."""
        wishes = read_wishes(request)
        query = parse_query(request.query.items())
        name = request.match_info["relation"]
        relation = await self._catalogue.relation(name, *query.names())
        if relation is None:
            raise rest_failure(
                404, "PGRST205", f"Could not find the table 'public.{name}' in the schema cache"
            )
        if request.method in ("GET", "HEAD"):
            return await self._read(request, caller, relation, query, wishes)
        if query.order or query.limit is not None or query.offset:
            raise not_supported("order, limit and offset of a change")
        if request.method == "POST":
            return await self._insert(request, caller, relation, query, wishes)
        if not query.where:
            # Hosted projects load the extension safeupdate for the API's roles.
            raise rest_failure(
                400, "21000", f"{'UPDATE' if request.method == 'PATCH' else 'DELETE'} requires a WHERE clause"
            )
        if request.method == "PATCH":
            return await self._update(request, caller, relation, query, wishes)
        statement = statements.delete(relation, query, one=wishes.one, answer_rows=wishes.answer_rows)
        return await self._change(request, caller, statement, wishes, 200 if wishes.answer_rows else 204)

    async def _read(
        self, request: web.Request, caller: Caller, relation: Relation, query: TableQuery, wishes: Wishes
    ) -> web.Response:
        statement = statements.read(relation, query, one=wishes.one)
        total: int | None = None
        async with self._database.acting_as(caller, read_only=True) as connection:
            row = await connection.fetchrow(statement.text, *statement.values)
            if wishes.count:
                counted = statements.count_rows(relation, query)
                total = await connection.fetchval(counted.text, *counted.values)
        _check_one(wishes, row["total"])
        if total is not None and query.offset > total:
            raise rest_failure(
                416,
                "PGRST103",
                "Requested range not satisfiable",
                f"An offset of {query.offset} was requested, but there are only {total} rows.",
            )
        partial = total is not None and row["total"] < total
        headers = {"Content-Range": _range(query.offset, row["total"], total)}
        return answer(request, 206 if partial else 200, row["body"], headers, one=wishes.one)

    async def _insert(
        self, request: web.Request, caller: Caller, relation: Relation, query: TableQuery, wishes: Wishes
    ) -> web.Response:
        text, body = await read_body(request)
        if query.where:
            raise not_supported("filters on an insert")
        if isinstance(body, dict):
            text, body = f"[{text}]", [body]
        columns = query.columns if query.columns is not None else _same_keys(body)
        if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
            raise rest_failure(400, "PGRST102", "The body must be an object or a list of objects")
        if not body:
            return answer(request, 201, "[]" if wishes.answer_rows else None, {"Content-Range": "*/*"})
        if not columns and len(body) > 1:
            raise not_supported("several rows without any value")
        relation = await self._with_columns(relation, columns)
        statement = statements.insert(
            relation, query, columns, text, one=wishes.one, answer_rows=wishes.answer_rows
        )
        return await self._change(request, caller, statement, wishes, 201)

    async def _update(
        self, request: web.Request, caller: Caller, relation: Relation, query: TableQuery, wishes: Wishes
    ) -> web.Response:
        text, body = await read_body(request)
        if isinstance(body, list) and len(body) == 1:
            body = body[0]
            text = orjson.dumps(body).decode()
        if not isinstance(body, dict):
            raise rest_failure(400, "PGRST102", "The body must be one object")
        columns = query.columns if query.columns is not None else tuple(body)
        if not columns:
            status = 200 if wishes.answer_rows else 204
            return answer(request, status, "[]" if wishes.answer_rows else None, {"Content-Range": "*/*"})
        relation = await self._with_columns(relation, columns)
        statement = statements.update(
            relation, query, columns, text, one=wishes.one, answer_rows=wishes.answer_rows
        )
        return await self._change(request, caller, statement, wishes, 200 if wishes.answer_rows else 204)

    async def _with_columns(self, relation: Relation, columns: tuple[str, ...]) -> Relation:
        return await self._catalogue.relation(relation.name, *columns) or relation

    async def _change(
        self,
        request: web.Request,
        caller: Caller,
        statement: statements.Statement,
        wishes: Wishes,
        status: int,
    ) -> web.Response:
        async with self._database.acting_as(caller) as connection:
            if wishes.answer_rows:
                row = await connection.fetchrow(statement.text, *statement.values)
                body, changed = row["body"], row["total"]
                _check_one(wishes, changed)  # inside: the change is undone when it was not one row
            else:
                done: str = await connection.execute(statement.text, *statement.values)
                body, changed = None, int(done.rpartition(" ")[2])
        headers = {"Content-Range": f"*/{changed if wishes.count else '*'}"}
        return answer(request, status, body, headers, one=wishes.one)


def _check_one(wishes: Wishes, rows: int) -> None:
    if wishes.one and rows != 1:
        raise rest_failure(
            406,
            "PGRST116",
            "Cannot coerce the result to a single JSON object",
            f"The result contains {rows} rows",
        )


def _range(offset: int, rows: int, total: int | None) -> str:
    span = f"{offset}-{offset + rows - 1}" if rows else "*"
    return f"{span}/{'*' if total is None else total}"


def _same_keys(body: Any) -> tuple[str, ...]:
    rows = body if isinstance(body, list) else [body]
    objects: list[Mapping[str, Any]] = [row for row in rows if isinstance(row, dict)]
    if not objects:
        return ()
    if any(row.keys() != objects[0].keys() for row in objects):
        raise rest_failure(400, "PGRST102", "All object keys must match")
    return tuple(objects[0])
