"""What the tables and functions refuse, and in which words: as PostgREST does, or because it is not built."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest
from postgrest.exceptions import APIError

from tests.contract.wire.notes import ada
from tests.contract.wire.scenery import clusters, wire
from tests.support.server import Person, Wire

__all__ = ["ada", "clusters", "wire"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED_READS: list[tuple[str, int, str, str]] = [
    ("select=id,author:people(name)", 400, "PGRST100", "embedded resources"),
    ("select=people(*)", 400, "PGRST100", "embedded resources"),
    ("select=number.sum()", 400, "PGRST100", "aggregates"),
    ("select=extra->>a", 400, "PGRST100", "JSON paths"),
    ("select=number::text", 400, "PGRST100", "casts"),
    ("select=nope", 400, "42703", "column notes.nope does not exist"),
    ("nope=eq.1", 400, "42703", "column notes.nope does not exist"),
    ("number=foo.1", 400, "PGRST100", "failed to parse filter"),
    ("number=1", 400, "PGRST100", "failed to parse filter"),
    ("number=eq(any).{1,2}", 400, "PGRST100", "does not support the operator"),
    ("extra=cs.{}", 400, "PGRST100", "does not support the operator 'cs'"),
    ("title=fts.word", 400, "PGRST100", "does not support the operator 'fts'"),
    ("title=fts(english).word", 400, "PGRST100", "does not support the operator"),
    ("flag=is.maybe", 400, "PGRST100", "failed to parse filter"),
    ("number=in.1,2", 400, "PGRST100", "failed to parse"),
    ("number=in.(1,2", 400, "PGRST100", "failed to parse"),
    ("number=eq.one", 400, "22P02", "invalid input syntax for type integer"),
    ("id=eq.1", 400, "22P02", "invalid input syntax for type uuid"),
    ("or=number.eq.1", 400, "PGRST100", "failed to parse logic tree"),
    ("or=(number.eq.1", 400, "PGRST100", "failed to parse logic tree"),
    ("or=(number.xx.1)", 400, "PGRST100", "failed to parse filter"),
    ("or=" + "(or" * 40 + "(a.eq.1)" + ")" * 40, 400, "PGRST100", "nested groups"),
    ("order=number.up", 400, "PGRST100", "failed to parse order"),
    ("order=people(name)", 400, "PGRST100", "related columns"),
    ("order=nope", 400, "42703", "column notes.nope does not exist"),
    ("limit=many", 400, "PGRST100", "failed to parse limit"),
    ("limit=-1", 416, "PGRST103", "not satisfiable"),
    ("people.order=name", 400, "PGRST100", "embedded resources"),
    ("on_conflict=id", 400, "PGRST100", "upserts"),
    ("title=eq.a%00b", 400, "22021", "invalid byte sequence"),
]


@pytest.mark.parametrize(
    ("query", "status", "code", "words"), REFUSED_READS, ids=[r[0][:30] for r in REFUSED_READS]
)
async def test_what_is_not_understood_is_refused(
    wire: Wire, ada: Person, query: str, status: int, code: str, words: str
) -> None:
    found, body, _ = await wire.ask("GET", f"/rest/v1/notes?{query}", headers=ada.bearer)
    assert (found, body["code"]) == (status, code), body
    assert words in body["message"], body
    assert set(body) == {"message", "code", "details", "hint"}


async def test_refused_changes(wire: Wire, ada: Person) -> None:
    async def ask(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, str]:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        sent = {**ada.bearer, "Content-Type": "application/json", **headers}
        status, answer, _ = await wire.ask(method, f"/rest/v1/{path}", data=raw, headers=sent)
        return status, answer["code"], answer["message"]

    cases: list[tuple[Any, tuple[int, str], str]] = [
        (
            ask("POST", "notes", {"title": "x"}, Prefer="resolution=merge-duplicates"),
            (400, "PGRST100"),
            "upserts",
        ),
        (ask("POST", "notes", {"title": "x"}, Prefer="missing=default"), (400, "PGRST100"), "missing"),
        (ask("PUT", "notes?id=eq.1", {"title": "x"}), (405, "PGRST117"), "PUT"),
        (ask("PATCH", "notes", {"body": "x"}), (400, "21000"), "UPDATE requires a WHERE clause"),
        (ask("DELETE", "notes", {}), (400, "21000"), "DELETE requires a WHERE clause"),
        (ask("PATCH", "notes?id=eq.1&limit=1", {"body": "x"}), (400, "PGRST100"), "limit"),
        (
            ask("POST", "notes", [{"title": "x"}, {"body": "y"}]),
            (400, "PGRST102"),
            "All object keys must match",
        ),
        (ask("POST", "notes", b"{"), (400, "PGRST102"), "json"),
        (ask("POST", "notes", b'{"title": "\\ud800"}'), (400, "PGRST102"), "json"),
        (ask("POST", "notes", "text"), (400, "PGRST102"), "object"),
        (ask("POST", "notes", {"nope": 1}), (400, "PGRST204"), "'nope' column of 'notes'"),
        (ask("POST", "notes", {"title": None}), (400, "23502"), "not-null"),
        (ask("POST", "notes", {"title": "alpha"}), (409, "23505"), "duplicate key"),
        (ask("POST", "remarks", {"note": str(uuid.uuid4())}), (409, "23503"), "foreign key"),
        (ask("POST", "notes", {"title": "x", "number": "many"}), (400, "22P02"), "integer"),
        (
            ask("POST", "notes", {"title": "x", "owner": str(uuid.uuid4())}),
            (403, "42501"),
            "row-level security",
        ),
        (ask("POST", "notes", {"title": "a\0b"}), (400, "22P05"), "unsupported Unicode"),
        (ask("GET", "nope"), (404, "PGRST205"), "Could not find the table 'public.nope'"),
        (ask("GET", "hidden"), (403, "42501"), "permission denied"),
        (ask("GET", "notes", **{"Accept-Profile": "auth"}), (406, "PGRST106"), "Invalid schema: auth"),
        (ask("GET", "notes", Accept="text/csv"), (406, "PGRST107"), "text/csv"),
        (ask("GET", "", None), (404, "PGRST126"), "metadata"),
        (ask("GET", "notes/1"), (404, "PGRST125"), "does not have GET /rest/v1/notes/1"),
    ]
    for request, expected, words in cases:
        status, code, message = await request
        assert (status, code) == expected, message
        assert words in message


async def test_upsert_by_the_library_is_refused(ada: Person) -> None:
    with pytest.raises(APIError, match="does not support upserts"):
        await ada.client.table("notes").upsert({"title": "alpha"}).execute()


STATES = [
    ("P0001", 400),
    ("22023", 400),
    ("23505", 409),
    ("42501", 403),
    ("55000", 500),
    ("40001", 500),
    ("40P01", 500),
    ("42P01", 404),
    ("PT418", 418),
    ("57014", 500),
    ("53300", 503),
    ("28000", 403),
]


@pytest.mark.parametrize(("state", "status"), STATES)
async def test_errors_raised_by_functions(wire: Wire, ada: Person, state: str, status: int) -> None:
    found, body, _ = await wire.ask(
        "POST", "/rest/v1/rpc/fail_with", json={"p_state": state}, headers=ada.bearer
    )
    if state == "53300":
        assert (found, body["code"]) == (503, "PGRST001")
        return
    assert found == status
    assert body == {"code": state, "message": "failed as told", "details": "a detail", "hint": "a hint"}


async def test_refused_calls(wire: Wire, ada: Person) -> None:
    async def ask(path: str, body: Any, method: str = "POST") -> tuple[int, str]:
        status, answer, _ = await wire.ask(method, f"/rest/v1/rpc/{path}", json=body, headers=ada.bearer)
        return status, answer["code"]

    assert await ask("nope", {}) == (404, "PGRST202")
    assert await ask("echo", {"p_texts": "x"}) == (404, "PGRST202")
    assert await ask("echo", {}) == (404, "PGRST202")
    assert await ask("twice", {"p_a": 1}) == (300, "PGRST203")
    assert await ask("echo", []) == (400, "PGRST102")
    assert await ask("add", {"a": "x", "b": 1}) == (400, "22P02")
    assert await ask("echo?select=text", {"p_text": "x"}) == (400, "PGRST100")
    assert await ask("who_am_i", {}, "GET") == (405, "PGRST101")
