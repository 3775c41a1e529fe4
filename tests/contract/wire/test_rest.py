"""Tables and functions through the real client library: every filter, every shape, every refusal."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio
from postgrest.exceptions import APIError
from postgrest.types import CountMethod, ReturnMethod

from tests.contract.wire.scenery import clusters, wire
from tests.support.server import Person, Wire

__all__ = ["clusters", "wire"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS: list[dict[str, Any]] = [
    {
        "title": "alpha",
        "number": 1,
        "price": 1.5,
        "flag": True,
        "body": "one, two",
        "at": "2026-01-01T00:00:00Z",
    },
    {
        "title": "beta",
        "number": 2,
        "price": 2.5,
        "flag": False,
        "body": 'say "hi"',
        "at": "2026-02-01T00:00:00Z",
    },
    {"title": "Gamma", "number": 3, "price": None, "flag": None, "body": "back\\slash", "at": None},
    {
        "title": "delta%",
        "number": None,
        "price": 4,
        "flag": True,
        "body": "(paren)",
        "at": "2026-04-01T00:00:00Z",
    },
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ada(wire: Wire) -> AsyncIterator[Person]:
    """A person with four notes; tests that change notes clean up after themselves."""
    person = await wire.person("ada")
    await person.client.table("notes").insert(ROWS).execute()
    yield person


async def rows(query: Any) -> list[dict[str, Any]]:
    """The rows of an answer, which the library types as any JSON."""
    found: list[dict[str, Any]] = (await query.execute()).data
    return found


async def titles(query: Any) -> list[str]:
    return [row["title"] for row in await rows(query)]


FILTERS: list[tuple[str, Any, list[str]]] = [
    ("eq", lambda q: q.eq("title", "beta"), ["beta"]),
    ("eq with reserved letters", lambda q: q.eq("body", "one, two"), ["alpha"]),
    ("eq number", lambda q: q.eq("number", 2), ["beta"]),
    ("eq boolean", lambda q: q.eq("flag", True), ["alpha", "delta%"]),
    ("neq skips nulls", lambda q: q.neq("number", 2), ["Gamma", "alpha"]),
    ("gt", lambda q: q.gt("number", 2), ["Gamma"]),
    ("gte", lambda q: q.gte("number", 2), ["Gamma", "beta"]),
    ("lt", lambda q: q.lt("price", 2.5), ["alpha"]),
    ("lte", lambda q: q.lte("price", 2.5), ["alpha", "beta"]),
    ("gt time", lambda q: q.gt("at", "2026-01-15T00:00:00+00:00"), ["beta", "delta%"]),
    ("like", lambda q: q.like("title", "%eta"), ["beta"]),
    ("like with star", lambda q: q.like("title", "*a*a*"), ["Gamma", "alpha"]),
    ("ilike", lambda q: q.ilike("title", "g%"), ["Gamma"]),
    ("is null", lambda q: q.is_("flag", None), ["Gamma"]),
    ("is true", lambda q: q.is_("flag", True), ["alpha", "delta%"]),
    ("is not null", lambda q: q.not_.is_("at", None), ["alpha", "beta", "delta%"]),
    ("in", lambda q: q.in_("number", [1, 3, 9]), ["Gamma", "alpha"]),
    (
        "in with reserved letters",
        lambda q: q.in_("body", ["one, two", 'say "hi"', "back\\slash", "(paren)"]),
        ["Gamma", "alpha", "beta", "delta%"],
    ),
    ("in nothing", lambda q: q.in_("number", []), []),
    ("not in", lambda q: q.not_.in_("number", [1, 3]), ["beta"]),
    ("not eq", lambda q: q.not_.eq("title", "beta"), ["Gamma", "alpha", "delta%"]),
    ("two filters", lambda q: q.gte("number", 1).lt("number", 3), ["alpha", "beta"]),
    ("or", lambda q: q.or_("number.eq.1,title.eq.Gamma"), ["Gamma", "alpha"]),
    (
        "nested",
        lambda q: q.or_(
            'and(number.gt.1,flag.is.false),not.and(price.gt.1,flag.not.is.null),body.in.("(paren)",x)'
        ),
        ["Gamma", "beta", "delta%"],
    ),
    ("or with quotes", lambda q: q.or_('body.eq."one, two",body.eq."say \\"hi\\""'), ["alpha", "beta"]),
    ("match", lambda q: q.match({"number": 1, "title": "alpha"}), ["alpha"]),
]


@pytest.mark.parametrize(("apply", "expected"), [f[1:] for f in FILTERS], ids=[f[0] for f in FILTERS])
async def test_filters(ada: Person, apply: Any, expected: list[str]) -> None:
    query = apply(ada.client.table("notes").select("title")).order("title")
    assert await titles(query) == expected


async def test_columns_aliases_and_types(ada: Person) -> None:
    answer = await ada.client.table("notes").select("name:title, number,at,price").eq("number", 1).execute()
    assert answer.data == [{"name": "alpha", "number": 1, "at": "2026-01-01T00:00:00+00:00", "price": 1.50}]
    whole = await rows(ada.client.table("notes").select("*").eq("number", 1))
    assert set(whole[0]) == {"id", "owner", "title", "body", "number", "price", "flag", "at", "extra"}


async def test_order_limit_offset(ada: Person) -> None:
    table = ada.client.table("notes")
    assert await titles(table.select("title").order("number")) == ["alpha", "beta", "Gamma", "delta%"]
    assert await titles(table.select("title").order("number", desc=True)) == [
        "delta%",
        "Gamma",
        "beta",
        "alpha",
    ]
    query = table.select("title").order("number", desc=True, nullsfirst=False)
    assert await titles(query) == ["Gamma", "beta", "alpha", "delta%"]
    query = table.select("title").order("flag", nullsfirst=True).order("title", desc=True)
    assert await titles(query) == ["Gamma", "beta", "delta%", "alpha"]
    assert await titles(table.select("title").order("title").range(1, 2)) == ["alpha", "beta"]
    assert await titles(table.select("title").order("title").limit(0)) == []


async def test_count(ada: Person) -> None:
    table = ada.client.table("notes")
    answer = await table.select("title", count=CountMethod.exact).order("title").limit(2).execute()
    assert (len(answer.data), answer.count) == (2, 4)
    answer = await table.select("*", count=CountMethod.exact, head=True).gt("number", 1).execute()
    assert answer.count == 2
    answer = await table.select("*", count=CountMethod.exact).eq("number", 99).execute()
    assert (answer.data, answer.count) == ([], 0)
    for method in (CountMethod.planned, CountMethod.estimated):
        with pytest.raises(APIError, match="does not support count="):
            await table.select("*", count=method).execute()


async def test_content_range_and_statuses(wire: Wire, ada: Person) -> None:
    for query, count, status, content_range in (
        ("select=id", False, 200, "0-3/*"),
        ("select=id", True, 200, "0-3/4"),
        ("select=id&limit=2&offset=1", True, 206, "1-2/4"),
        ("select=id&number=eq.99", True, 200, "*/0"),
    ):
        headers = {**ada.bearer, **({"Prefer": "count=exact"} if count else {})}
        found, body, answered = await wire.ask("GET", f"/rest/v1/notes?{query}", headers=headers)
        assert (found, answered["Content-Range"]) == (status, content_range)
        assert answered["Content-Type"] == "application/json; charset=utf-8"
        found, body, answered = await wire.ask("HEAD", f"/rest/v1/notes?{query}", headers=headers)
        assert (found, body, answered["Content-Range"]) == (status, b"", content_range)
    status_, body, _ = await wire.ask(
        "GET", "/rest/v1/notes?offset=9", headers={**ada.bearer, "Prefer": "count=exact"}
    )
    assert (status_, body["code"]) == (416, "PGRST103")


async def test_single(ada: Person) -> None:
    table = ada.client.table("notes")
    assert (await table.select("title").eq("number", 1).single().execute()).data == {"title": "alpha"}
    for number in (99, None):
        query = table.select("title")
        with pytest.raises(APIError) as refused:
            await (query.eq("number", number) if number else query).single().execute()
        assert refused.value.code == "PGRST116"
        assert refused.value.message == "Cannot coerce the result to a single JSON object"
    assert await table.select("title").eq("number", 99).maybe_single().execute() is None


async def test_insert_update_delete(wire: Wire, ada: Person) -> None:
    table = ada.client.table("notes")
    made = await rows(table.insert({"title": "new", "extra": {"a": [1, "\u20ac"]}, "number": "12"}))
    row = made[0]
    assert (row["owner"], row["extra"], row["number"]) == (ada.id, {"a": [1, "€"]}, 12)
    nasty = "it's; drop table notes --"
    changed = await rows(table.update({"body": nasty, "number": None}).eq("id", row["id"]))
    assert (changed[0]["body"], changed[0]["number"]) == (nasty, None)
    both = [{"title": "n1", "number": 5}, {"number": 6, "title": "n2"}]
    several = await table.insert(both, count=CountMethod.exact).execute()
    assert (len(several.data), several.count) == (2, 2)
    assert [
        row["number"] for row in await rows(table.select("number").like("title", "n_").order("number"))
    ] == [5, 6]
    minimal = await table.insert({"title": "n3"}, returning=ReturnMethod.minimal).execute()
    assert minimal.data == []
    gone = await table.delete().in_("title", ["new", "n1", "n2", "n3"]).execute()
    assert len(gone.data) == 4
    status, body, _ = await wire.ask(
        "PATCH", "/rest/v1/notes?number=eq.99", json={"body": "x"}, headers=ada.bearer
    )
    assert (status, body) == (204, b"")
    status, body, _ = await wire.ask("POST", "/rest/v1/notes", json={"title": "one"}, headers=ada.bearer)
    assert (status, body) == (201, b"")
    one = {**ada.bearer, "Accept": "application/vnd.pgrst.object+json", "Prefer": "return=representation"}
    status, body, _ = await wire.ask(
        "DELETE", "/rest/v1/notes?title=eq.one&select=title", headers=one, json={}
    )
    assert (status, body) == (200, {"title": "one"})
    # An update of several rows that wanted one is undone.
    status, body, _ = await wire.ask(
        "PATCH", "/rest/v1/notes?number=gt.0", json={"body": "lost"}, headers=one
    )
    assert (status, body["code"]) == (406, "PGRST116")
    assert await titles(table.select("title").eq("body", "lost")) == []


async def test_names_are_quoted(wire: Wire, ada: Person) -> None:
    name = "Odd%20%22name"
    headers = {**ada.bearer, "Prefer": "return=representation"}
    status, body, _ = await wire.ask(
        "POST", f"/rest/v1/{name}", json={"a b": 1, "select": "x"}, headers=headers
    )
    assert (status, body) == (201, [{"a b": 1, "select": "x"}])
    status, body, _ = await wire.ask("GET", f'/rest/v1/{name}?select=x:"a b"&"a b"=eq.1', headers=ada.bearer)
    assert (status, body) == (200, [{"x": 1}])


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


async def test_functions(ada: Person) -> None:
    rpc = ada.client.rpc
    assert (await rpc("echo", {"p_text": "it's"}).execute()).data == {
        "text": "it's",
        "number": 7,
        "extra": None,
    }
    full = {"p_extra": {"deep": [1, None, "\u2028"]}, "p_number": 3, "p_text": "x"}
    assert (await rpc("echo", full).execute()).data == {"text": "x", "number": 3, "extra": full["p_extra"]}
    assert (await rpc("add", {"b": 2, "a": 40}).execute()).data == 42
    assert (await rpc("who_am_i").execute()).data == ada.id + "authenticated"
    assert (await rpc("numbers", {"p_count": 3}).execute()).data == [1, 2, 3]
    assert await titles(rpc("my_notes")) == ["Gamma", "alpha", "beta", "delta%"]
    assert (await rpc("nothing").execute()).data == []  # 204, without a body


async def test_a_long_text_goes_through(wire: Wire, ada: Person) -> None:
    text = "äöü€😀" * 400_000  # two million letters
    body = io.BytesIO(orjson.dumps({"p_text": text}))
    headers = {**ada.bearer, "Content-Type": "application/json"}
    status, answer, _ = await wire.ask("POST", "/rest/v1/rpc/echo", data=body, headers=headers)
    assert (status, answer["text"] == text) == (200, True)
    body = io.BytesIO(b" " * 33 * 1024 * 1024)
    status, answer, _ = await wire.ask("POST", "/rest/v1/rpc/echo", data=body, headers=headers)
    assert (status, "Maximum request body size" in answer["message"]) == (413, True)


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


async def test_a_new_table_is_seen_without_a_restart(wire: Wire, ada: Person) -> None:
    admin = await wire.admin()
    await admin.execute(
        "create table public.later (id integer); grant select on public.later to authenticated"
    )
    assert (await ada.client.table("later").select("id").execute()).data == []
    await admin.execute("alter table public.later add column more text")
    assert (await ada.client.table("later").select("more").execute()).data == []


async def test_the_body_is_json_as_postgresql_wrote_it(wire: Wire, ada: Person) -> None:
    status, body, _ = await wire.ask(
        "GET", "/rest/v1/notes?select=title,number&order=number", headers=ada.bearer
    )
    assert status == 200
    assert json.loads(json.dumps(body))[0] == {"title": "alpha", "number": 1}
