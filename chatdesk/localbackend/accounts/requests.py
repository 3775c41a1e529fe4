"""What every address of Auth does before and after its own work."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import orjson
from aiohttp import web

from chatdesk.localbackend.database import UNREACHABLE
from chatdesk.localbackend.failures import auth_failure
from chatdesk.localbackend.tokens import Caller, TokenRefused, Tokens

__all__ = ["agent_of", "caller_of", "guarded", "issuer_of", "object_of", "page"]

_log = logging.getLogger(__name__)

_Serve = Callable[[web.Request], Awaitable[web.Response]]

_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def issuer_of(request: web.Request) -> str:
    """The address of the Auth service as the caller sees it."""
    return f"http://{request.host}/auth/v1"


def guarded(serve: _Serve) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """``serve`` with the database's failures as answers of Auth."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await serve(request)
        except asyncpg.DataError as error:
            # A NUL or a lone surrogate in a text.
            raise auth_failure(400, "validation_failed", f"A value cannot be stored: {error}") from error
        except UNREACHABLE as error:
            if request.transport is None:
                raise  # it is the client that went away
            _log.warning("%s: %s", request.path, error)
            # 503 makes the client library retry.
            raise auth_failure(503, "unexpected_failure", "The database is not reachable") from error
        except asyncpg.PostgresError as error:
            if str(error.sqlstate).startswith("22"):
                raise auth_failure(400, "validation_failed", f"A value cannot be stored: {error}") from error
            _log.error("%s: %s", request.path, error)
            raise auth_failure(500, "unexpected_failure", f"Database error: {error}") from error

    return answer


def agent_of(request: web.Request) -> str | None:
    """The program that asks."""
    agent = request.headers.get("User-Agent")
    return agent[:200].encode("utf-8", "replace").decode() if agent else None


async def object_of(request: web.Request) -> dict[str, Any]:
    """The JSON object in the request's body; raises a 400 ``bad_json`` failure."""
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError as broken:
        raise auth_failure(400, "bad_json", f"Could not parse request body as JSON: {broken}") from broken
    if not isinstance(body, dict):
        raise auth_failure(400, "bad_json", "The request body must be a JSON object")
    return body


def caller_of(request: web.Request, tokens: Tokens) -> Caller:
    """Who asks; raises a 401 or 403 failure."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise auth_failure(401, "no_authorization", "This endpoint requires a valid Bearer token")
    try:
        return tokens.verify(token.strip())
    except TokenRefused as refused:
        raise auth_failure(
            403, "bad_jwt", f"invalid JWT: unable to parse or verify signature, {refused}"
        ) from refused


def page(title: str, line: str, status: int = 200) -> web.Response:
    """A page for a person in a browser; both texts are ours, so nothing in it needs to be escaped."""
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<h1>{title}</h1><p>{line}</p></html>"
    )
    return web.Response(text=text, status=status, content_type="text/html", headers=_PAGE_HEADERS)
