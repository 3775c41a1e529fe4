"""What the headers and the body of a REST request ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import hdrs, web

from chatdesk.localbackend.failures import rest_failure
from chatdesk.localbackend.rest.problems import not_supported

__all__ = ["Wishes", "answer", "read_body", "read_wishes"]

_OBJECT = "application/vnd.pgrst.object+json"
_PLAIN = frozenset({"*/*", "application/*", "application/json", "application/vnd.pgrst.array+json"})
_KNOWN = frozenset({"return", "count", "handling"})


@dataclass(frozen=True, slots=True)
class Wishes:
    """``one``: the single row as an object; ``answer_rows``: changed rows come back; ``count``: a total."""

    one: bool
    answer_rows: bool
    count: bool


def read_wishes(request: web.Request) -> Wishes:
    """The Accept, Prefer and profile headers. Raises PGRST106, PGRST107 and PGRST100 failures."""
    for header in ("Accept-Profile", "Content-Profile"):
        schema = request.headers.get(header, "public")
        if schema != "public":
            raise rest_failure(
                406,
                "PGRST106",
                f"Invalid schema: {schema}",
                hint="Only the following schemas are exposed: public",
            )
    preferences = _preferences(request)
    if preferences.get("count", "exact") != "exact":
        raise not_supported(f"count={preferences['count']}", "Ask for count=exact.")
    if preferences.get("return", "minimal") not in ("minimal", "representation", "headers-only"):
        raise not_supported(f"return={preferences['return']}")
    return Wishes(
        one=_wants_object(request),
        answer_rows=preferences.get("return") == "representation",
        count="count" in preferences,
    )


def _preferences(request: web.Request) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for header in request.headers.getall("Prefer", ()):
        for part in header.split(","):
            name, _, value = part.strip().partition("=")
            if name in ("resolution", "missing", "max-affected", "tx", "params", "timezone"):
                what = "upserts (Prefer: resolution)" if name == "resolution" else f"Prefer: {name}={value}"
                raise not_supported(what)
            if name in _KNOWN:
                found.setdefault(name, value)
    return found


def _wants_object(request: web.Request) -> bool:
    accepted = [part.split(";") for part in request.headers.get(hdrs.ACCEPT, "*/*").split(",")]
    for kind, *parameters in accepted:
        plain = not any(item.strip().startswith(("nulls", "options", "for")) for item in parameters)
        if plain and kind.strip() == _OBJECT:
            return True
        if plain and kind.strip() in _PLAIN:
            return False
    raise rest_failure(
        406, "PGRST107", f"None of these media types are available: {request.headers.get(hdrs.ACCEPT)}"
    )


async def read_body(request: web.Request) -> tuple[str, Any]:
    """The JSON body as text, for PostgreSQL, and parsed. Raises PGRST102 when it is none."""
    kind = request.content_type
    if kind not in ("application/json", "application/vnd.pgrst.object+json", "application/octet-stream"):
        raise rest_failure(400, "PGRST102", f"Content-Type not acceptable: {kind}")
    raw = await request.read()
    try:
        return raw.decode(), orjson.loads(raw)
    except (UnicodeDecodeError, orjson.JSONDecodeError) as broken:
        raise rest_failure(400, "PGRST102", "Empty or invalid json", str(broken)) from broken


def answer(
    request: web.Request, status: int, body: str | None, headers: Mapping[str, str], *, one: bool = False
) -> web.Response:
    """The answer with PostgreSQL's JSON text as it came; none for HEAD."""
    if body is None:
        return web.Response(status=status, headers=headers)
    if request.method == "HEAD":
        return web.Response(status=status, headers=headers, content_type="application/json", charset="utf-8")
    kind = _OBJECT if one else "application/json"
    return web.Response(
        body=body.encode(), status=status, headers=headers, content_type=kind, charset="utf-8"
    )
