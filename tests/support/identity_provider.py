"""Somebody who vouches for people: an OAuth 2 provider on this computer."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from chatdesk.localbackend.accounts.settings import IdentityProvider


@dataclass
class Provider:
    """``person`` is who signs in at the next visit; ``refusal`` what it says instead, ``broken`` whether its
    token address fails. ``visits`` are the queries of all visits. ``url`` is where a browser goes, ``inner``
    where the back end asks."""

    url: str = ""
    inner: str = ""
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "id": 41,
            "email": "octo@example.org",
            "email_verified": True,
            "name": "Octo",
        }
    )
    refusal: str = ""
    broken: bool = False
    visits: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    _tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def registration(self) -> dict[str, str]:
        """What a back end has to know of it."""
        return {
            "client_id": "chatdesk",
            "client_secret": "provider secret",
            "authorize_url": f"{self.url}/authorize",
            "token_url": f"{self.inner}/token",
            "user_url": f"{self.inner}/user",
        }

    @property
    def registered(self) -> IdentityProvider:
        """The same, typed."""
        return IdentityProvider(**self.registration)

    async def authorize(self, request: web.Request) -> web.Response:
        """The page where a person agrees, who always does so at once."""
        query = dict(request.query)
        self.visits.append(query)
        told = {"state": query["state"]}
        if self.refusal:
            told["error"] = self.refusal
        else:
            told["code"] = secrets.token_urlsafe()
            self._codes[told["code"]] = dict(self.person)
        return web.Response(status=302, headers={"Location": f"{query['redirect_uri']}?{urlencode(told)}"})

    async def token(self, request: web.Request) -> web.Response:
        """A code for a token, once."""
        form = await request.post()
        person = self._codes.pop(str(form["code"]), None)
        if self.broken or person is None or form["client_secret"] != "provider secret":
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = secrets.token_urlsafe()
        self._tokens[token] = person
        return web.json_response({"access_token": token, "token_type": "bearer"})

    async def user(self, request: web.Request) -> web.Response:
        """Who the token is about."""
        return web.json_response(self._tokens[request.headers["Authorization"].removeprefix("Bearer ")])


@asynccontextmanager
async def identity_provider(certificate: Path | None = None) -> AsyncIterator[Provider]:
    """A provider on a free port of its own; with a certificate the back end has to ask it by TLS."""
    made, application = Provider(), web.Application()
    application.router.add_get("/authorize", made.authorize)
    application.router.add_post("/token", made.token)
    application.router.add_get("/user", made.user)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = made.inner = f"http://127.0.0.1:{runner.addresses[0][1]}"
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
            made.inner = f"https://127.0.0.1:{runner.addresses[1][1]}"
        yield made
    finally:
        await runner.cleanup()
