"""The whole embedded back end as one web application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from chatdesk import __version__
from chatdesk.localbackend.accounts.flow_routes import FlowRoutes
from chatdesk.localbackend.accounts.mailroom import Mailroom
from chatdesk.localbackend.accounts.passwords import Passwords
from chatdesk.localbackend.accounts.provider_flows import ProviderFlows
from chatdesk.localbackend.accounts.requests import issuer_of
from chatdesk.localbackend.accounts.routes import AccountRoutes
from chatdesk.localbackend.accounts.service import Accounts
from chatdesk.localbackend.accounts.sessions import Sessions
from chatdesk.localbackend.accounts.settings import AuthSettings
from chatdesk.localbackend.control import Control
from chatdesk.localbackend.database import Database
from chatdesk.localbackend.failures import API_VERSION, json_reply
from chatdesk.localbackend.gate import make_gate
from chatdesk.localbackend.realtime.limits import Limits
from chatdesk.localbackend.realtime.service import RealtimeService
from chatdesk.localbackend.rest.routes import RestRoutes
from chatdesk.localbackend.storage.files import Files
from chatdesk.localbackend.storage.objects import Objects
from chatdesk.localbackend.storage.routes import StorageRoutes
from chatdesk.localbackend.tokens import Tokens

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["REALTIME", "Keys", "Settings", "build_application"]

# Room for a message of 2,000,000 characters of four bytes with JSON's escapes.
_LARGEST_BODY = 32 * 1024 * 1024


class Keys(Protocol):
    """What the application needs of the installation's secrets (at least 32 bytes each)."""

    @property
    def jwt(self) -> bytes:
        """Signs tokens."""

    @property
    def storage(self) -> bytes:
        """Signs addresses of files."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``token_seconds`` is the life of an access token, ``reuse_seconds`` how long a used refresh token is
    still forgiven; ``hasher`` may be cheaper than argon2's stock one in tests."""

    token_seconds: int = 3600
    reuse_seconds: float = 10.0
    hasher: PasswordHasher | None = None
    limits: Limits = field(default_factory=Limits)
    auth: AuthSettings = field(default_factory=AuthSettings)


REALTIME = web.AppKey("realtime", RealtimeService)


def build_application(
    *, database: Database, secrets: Keys, storage: Path, control: Control, settings: Settings | None = None
) -> web.Application:
    """Auth, REST, Realtime, Storage and ``/local/v1``, ready for an ``aiohttp.web.AppRunner``.

    ``storage`` is the directory of uploaded files. ``database`` stays the caller's: it is opened before and
    closed after ``runner.cleanup()``, which ends all sockets with 1001. ``runner.setup()`` raises when the
    database is not reachable.
    """
    settings = settings or Settings()
    tokens = Tokens(secrets.jwt, settings.token_seconds)
    passwords = Passwords(settings.hasher)
    sessions = Sessions(tokens, secrets.jwt, settings.reuse_seconds)
    accounts = Accounts(database, passwords, sessions, Mailroom(secrets.jwt, settings.auth), settings.auth)
    providers = ProviderFlows(database, accounts.browser, settings.auth)
    realtime = RealtimeService(database, tokens, settings.limits)
    application = web.Application(middlewares=[make_gate(tokens)], client_max_size=_LARGEST_BODY)
    application[REALTIME] = realtime

    async def health(_request: web.Request) -> web.Response:
        return json_reply({"status": "ok", "version": __version__})

    async def owner_session(request: web.Request) -> web.Response:
        control.authorise(request)
        agent = request.headers.get("User-Agent", "")[:200].encode("utf-8", "replace").decode()
        return json_reply(await accounts.mint_owner_session(agent, issuer_of(request)), 200, API_VERSION)

    async def life(_application: web.Application) -> AsyncIterator[None]:
        await realtime.start()
        yield
        passwords.close()

    async def say_goodbye(_application: web.Application) -> None:
        await realtime.close()
        await control.close()

    router = application.router
    router.add_get("/local/v1/health", health)
    router.add_post("/local/v1/session", owner_session)
    router.add_get("/local/v1/control", control.serve)
    AccountRoutes(accounts, tokens, settings.auth).register(router)
    FlowRoutes(accounts.by_mail, providers, control).register(router)
    RestRoutes(database, tokens).register(router)
    realtime.register(router)
    StorageRoutes(Objects(database, Files(storage)), tokens, secrets.storage).register(router)
    application.cleanup_ctx.append(life)
    application.on_shutdown.append(say_goodbye)
    return application
