"""The addresses below ``/rest/v1`` and who is asking there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TYPE_CHECKING

from aiohttp import web

from chatdesk.localbackend.database import Database
from chatdesk.localbackend.failures import rest_failure
from chatdesk.localbackend.rest.calls import Calls
from chatdesk.localbackend.rest.catalogue import Catalogue
from chatdesk.localbackend.rest.problems import DATABASE_ERRORS, from_database
from chatdesk.localbackend.tokens import Caller, TokenExpired, TokenRefused, Tokens

if TYPE_CHECKING:
    from chatdesk.localbackend.rest.tables import Tables

__all__ = ["RestRoutes"]

_log = logging.getLogger(__name__)

_Serve = Callable[[web.Request, Caller], Awaitable[web.Response]]


class RestRoutes:
    """Registers the REST service on a router."""

    def __init__(self, database: Database, tokens: Tokens) -> None:
        self._database = database
        self._catalogue = Catalogue(database.admin)
        self._tokens = tokens
        self._calls = Calls(database, self._catalogue)

    def register(self, router: web.UrlDispatcher) -> None:
        """Add the addresses."""
        router.add_route("*", "/rest/v1/rpc/{function}", self._on_call)
        for method in ("GET", "HEAD", "POST", "PATCH", "DELETE"):
            router.add_route(method, "/rest/v1/{relation}", self._on_table)
        router.add_get("/rest/v1/", self._on_root)
        router.add_route("*", "/rest/v1/{relation}", self._on_other_method)

    @cached_property
    def _tables(self) -> Tables:
        """Imported with its grammar when somebody asks for a table; the app calls functions only."""
        from chatdesk.localbackend.rest.tables import Tables

        return Tables(self._database, self._catalogue)

    async def _on_call(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, self._calls.serve)

    async def _on_table(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, self._tables.serve)

    async def _on_root(self, _request: web.Request) -> web.StreamResponse:
        raise rest_failure(404, "PGRST126", "Root endpoint metadata is disabled")

    async def _on_other_method(self, request: web.Request) -> web.StreamResponse:
        hint = "The embedded back end has no upsert by PUT." if request.method == "PUT" else None
        raise rest_failure(405, "PGRST117", f"Unsupported HTTP method: {request.method}", hint=hint)

    async def _serve(self, request: web.Request, serve: _Serve) -> web.Response:
        caller = self._caller(request)
        try:
            return await serve(request, caller)
        except DATABASE_ERRORS as error:
            failure = from_database(error, caller.role)
            if failure.status >= 500 and request.transport is not None:  # the client is still there
                _log.warning("%s %s: %s", request.method, request.path, error)
            raise failure from error

    def _caller(self, request: web.Request) -> Caller:
        """Who asks; the bare publishable key is the role anon. Raises PGRST301 and PGRST303."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        if not token:
            token = self._tokens.anon_key
        elif scheme.lower() != "bearer":
            raise rest_failure(401, "PGRST301", "Only bearer tokens are understood")
        try:
            return self._tokens.verify(token)
        except TokenExpired as expired:
            raise rest_failure(401, "PGRST303", "JWT expired") from expired
        except TokenRefused as refused:
            raise rest_failure(401, "PGRST301", str(refused)) from refused
