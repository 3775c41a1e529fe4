"""The addresses below ``/auth/v1``."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import orjson
from aiohttp import web

from chatdesk.localbackend.accounts.service import Accounts
from chatdesk.localbackend.database import UNREACHABLE
from chatdesk.localbackend.failures import API_VERSION, auth_failure, json_reply
from chatdesk.localbackend.tokens import Caller, TokenRefused, Tokens

__all__ = ["AccountRoutes", "issuer_of"]

_log = logging.getLogger(__name__)

_Serve = Callable[[web.Request], Awaitable[web.Response]]


def issuer_of(request: web.Request) -> str:
    """The address of the Auth service as the caller sees it."""
    return f"http://{request.host}/auth/v1"


class AccountRoutes:
    """Registers the Auth service on a router."""

    def __init__(self, accounts: Accounts, tokens: Tokens) -> None:
        self._accounts = accounts
        self._tokens = tokens

    def register(self, router: web.UrlDispatcher) -> None:
        """Add the addresses."""
        router.add_get("/auth/v1/health", self._guarded(self._on_health))
        router.add_post("/auth/v1/signup", self._guarded(self._on_signup))
        router.add_post("/auth/v1/token", self._guarded(self._on_token))
        router.add_post("/auth/v1/logout", self._guarded(self._on_logout))
        router.add_get("/auth/v1/user", self._guarded(self._on_user))
        router.add_put("/auth/v1/user", self._guarded(self._on_change))

    def _guarded(self, serve: _Serve) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
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
                    raise auth_failure(
                        400, "validation_failed", f"A value cannot be stored: {error}"
                    ) from error
                _log.error("%s: %s", request.path, error)
                raise auth_failure(500, "unexpected_failure", f"Database error: {error}") from error

        return answer

    async def _on_health(self, _request: web.Request) -> web.Response:
        return json_reply({"name": "chatdesk-local", "description": "Auth of the embedded back end"})

    async def _on_signup(self, request: web.Request) -> web.Response:
        body = await _object(request)
        if body.get("phone"):
            raise auth_failure(400, "phone_provider_disabled", "The embedded back end has no phone sign-ups")
        if not body.get("email"):
            raise auth_failure(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")
        own = body.get("data") or {}
        if not isinstance(own, dict):
            raise auth_failure(400, "validation_failed", "data must be an object")
        session = await self._accounts.sign_up(
            body["email"], body.get("password"), own, _agent(request), issuer_of(request)
        )
        return json_reply(session, 200, API_VERSION)

    async def _on_token(self, request: web.Request) -> web.Response:
        # The Authorization header is not looked at: a refresh comes with an expired token.
        grant = request.query.get("grant_type", "")
        body = await _object(request)
        if grant == "password":
            if body.get("phone"):
                raise auth_failure(400, "phone_provider_disabled", "The embedded back end has no phones")
            session = await self._accounts.sign_in(
                body.get("email"), body.get("password"), _agent(request), issuer_of(request)
            )
        elif grant == "refresh_token":
            session = await self._accounts.refresh(body.get("refresh_token"), issuer_of(request))
        else:
            raise auth_failure(
                400,
                "unsupported_grant_type",
                f"The embedded back end has no grant type {grant!r}; it has password and refresh_token",
            )
        return json_reply(session, 200, API_VERSION)

    async def _on_logout(self, request: web.Request) -> web.Response:
        await self._accounts.sign_out(self._caller(request), request.query.get("scope", "global"))
        return web.Response(status=204, headers=API_VERSION)

    async def _on_user(self, request: web.Request) -> web.Response:
        return json_reply(await self._accounts.user(self._caller(request)), 200, API_VERSION)

    async def _on_change(self, request: web.Request) -> web.Response:
        caller = self._caller(request)
        user = await self._accounts.change(caller, await _object(request))
        return json_reply(user, 200, API_VERSION)

    def _caller(self, request: web.Request) -> Caller:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise auth_failure(401, "no_authorization", "This endpoint requires a valid Bearer token")
        try:
            return self._tokens.verify(token.strip())
        except TokenRefused as refused:
            raise auth_failure(
                403, "bad_jwt", f"invalid JWT: unable to parse or verify signature, {refused}"
            ) from refused


def _agent(request: web.Request) -> str | None:
    agent = request.headers.get("User-Agent")
    return agent[:200].encode("utf-8", "replace").decode() if agent else None


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError as broken:
        raise auth_failure(400, "bad_json", f"Could not parse request body as JSON: {broken}") from broken
    if not isinstance(body, dict):
        raise auth_failure(400, "bad_json", "The request body must be a JSON object")
    return body
