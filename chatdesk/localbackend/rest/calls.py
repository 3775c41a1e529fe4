"""Calls of functions: ``POST /rest/v1/rpc/{function}`` with named arguments in a JSON object."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from chatdesk.localbackend.database import Database
from chatdesk.localbackend.failures import ReplyFailure, rest_failure
from chatdesk.localbackend.rest.catalogue import Catalogue, Function, quoted
from chatdesk.localbackend.rest.problems import not_supported
from chatdesk.localbackend.rest.request import answer, read_body, read_wishes
from chatdesk.localbackend.tokens import Caller

__all__ = ["Calls"]


class Calls:
    """Runs a function of ``public`` in the caller's name, in one transaction."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    async def serve(self, request: web.Request, caller: Caller) -> web.Response:
        """The answer: a json(b) function's own JSON, a scalar as JSON, a row as object, a set as list."""
        if request.method != "POST":
            raise rest_failure(
                405,
                "PGRST101",
                f"Cannot use the {request.method} method on RPC",
                "The embedded back end calls functions by POST only.",
            )
        wishes = read_wishes(request)
        if request.query:
            raise not_supported("select, filters, order and limit on a function's result")
        if wishes.count:
            raise not_supported("Prefer: count on a function's result")
        text, body = await read_body(request) if request.can_read_body else ("{}", {})
        if not isinstance(body, dict):
            raise rest_failure(400, "PGRST102", "The arguments must be a JSON object")
        name = request.match_info["function"]
        given = frozenset(body)
        fitting = await self._catalogue.functions(name, given)
        if len(fitting) != 1:
            raise _no_function(name, sorted(body), fitting)
        function = fitting[0]
        statement = function.calls.get(given)
        if statement is None:
            statement = function.calls[given] = _call(function, sorted(given))
        async with self._database.acting_as(caller) as connection:
            row = await connection.fetchrow(statement, *([text] if given else ()))
            if wishes.one and (function.returns_set and row["total"] != 1):
                raise rest_failure(
                    406,
                    "PGRST116",
                    "Cannot coerce the result to a single JSON object",
                    f"The result contains {row['total']} rows",
                )
        if function.return_type == "void" and not function.returns_set:
            return answer(request, 204, None, {})
        result = row["body"] if row["body"] is not None else "null"
        if wishes.one and function.returns_set:
            result = row["first"] or "null"
        return answer(request, 200, result, {}, one=wishes.one)


def _call(function: Function, names: Sequence[str]) -> str:
    """The call as SQL. PostgreSQL casts the arguments, if any, from the JSON text, which is bound."""
    source, arguments = "", ""
    if names:
        fields = ", ".join(f"{quoted(name)} {function.arguments[name]}" for name in names)
        source = f"json_to_record($1::json) as _given ({fields})"
        arguments = ", ".join(f"{quoted(name)} => _given.{quoted(name)}" for name in names)
    call = f"public.{quoted(function.name)}({arguments})"
    if function.returns_set:
        return _set_of_rows(function, f"{source}, lateral {call}" if source else call)
    is_text = function.return_type in ("json", "jsonb", "void")
    shown = f"{call}::text" if is_text else f"to_json({call})::text"
    return f"select {shown} as body, 1 as total" + (f" from {source}" if source else "")


def _set_of_rows(function: Function, joined: str) -> str:
    whole = function.returns_row
    rows = "_result.*" if whole else "to_json(_result) as value"
    row = "_out" if whole else "value"
    return (
        f"with _out as (select {rows} from {joined} as _result) "
        f"select coalesce(json_agg({row}), '[]')::text as body, (json_agg({row}) -> 0)::text as first, "
        "count(*) as total from _out"
    )


def _no_function(name: str, arguments: list[str], fitting: list[Function]) -> ReplyFailure:
    if fitting:
        return rest_failure(
            300,
            "PGRST203",
            f"Could not choose the best candidate function between several named public.{name}",
            hint="Try renaming the parameters or the function itself in the database so function overloading "
            "can be resolved",
        )
    given = f"({', '.join(arguments)})" if arguments else " without parameters"
    return rest_failure(
        404,
        "PGRST202",
        f"Could not find the function public.{name}{given} in the schema cache",
        f"Searched for the function public.{name}{given}, but no matches were found in the schema cache.",
    )
