"""Tables and functions through the real client library: every filter, every shape."""

from __future__ import annotations

import io
import json
from typing import Any

import orjson
import pytest
from postgrest.exceptions import APIError
from postgrest.types import CountMethod, ReturnMethod

from tests.contract.wire.notes import ada, rows, titles
from tests.contract.wire.scenery import clusters, wire
from tests.support.server import Person, Wire

__all__ = ["ada", "clusters", "wire"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
