"""The addresses below ``/auth/v1`` that programs call."""

from __future__ import annotations

from aiohttp import web

from chatdesk.localbackend.accounts.legs import leg_of
from chatdesk.localbackend.accounts.requests import agent_of, caller_of, guarded, issuer_of, object_of
from chatdesk.localbackend.accounts.service import Accounts
from chatdesk.localbackend.accounts.settings import AuthSettings
from chatdesk.localbackend.failures import API_VERSION, auth_failure, json_reply
from chatdesk.localbackend.tokens import Tokens

__all__ = ["AccountRoutes"]


class AccountRoutes:
    """Registers the Auth service on a router."""

    def __init__(self, accounts: Accounts, tokens: Tokens, settings: AuthSettings) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._settings = settings

    def register(self, router: web.UrlDispatcher) -> None:
        """Add the addresses."""
        router.add_get("/auth/v1/health", guarded(self._on_health))
        router.add_get("/auth/v1/settings", guarded(self._on_settings))
        router.add_post("/auth/v1/signup", guarded(self._on_signup))
        router.add_post("/auth/v1/token", guarded(self._on_token))
        router.add_post("/auth/v1/logout", guarded(self._on_logout))
        router.add_get("/auth/v1/user", guarded(self._on_user))
        router.add_put("/auth/v1/user", guarded(self._on_change))
        router.add_get("/auth/v1/reauthenticate", guarded(self._on_reauthenticate))

    async def _on_health(self, _request: web.Request) -> web.Response:
        return json_reply({"name": "chatdesk-local", "description": "Auth of the embedded back end"})

    async def _on_settings(self, _request: web.Request) -> web.Response:
        providers = dict.fromkeys(("github", "google"), False)
        providers.update(dict.fromkeys(self._settings.providers, True))
        return json_reply(
            {
                "external": {**providers, "email": True, "phone": False, "anonymous_users": False},
                "disable_signup": False,
                "mailer_autoconfirm": not self._settings.confirm_email,
                "phone_autoconfirm": False,
                "sms_provider": "",
                "saml_enabled": False,
            }
        )

    async def _on_signup(self, request: web.Request) -> web.Response:
        body = await object_of(request)
        if body.get("phone"):
            raise auth_failure(400, "phone_provider_disabled", "The embedded back end has no phone sign-ups")
        if not body.get("email"):
            raise auth_failure(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")
        own = body.get("data") or {}
        if not isinstance(own, dict):
            raise auth_failure(400, "validation_failed", "data must be an object")
        leg = leg_of(request.query.get("redirect_to"), body)
        answer = await self._accounts.sign_up(
            body["email"], body.get("password"), own, leg, agent_of(request), issuer_of(request)
        )
        return json_reply(answer, 200, API_VERSION)

    async def _on_token(self, request: web.Request) -> web.Response:
        # The Authorization header is not looked at: a refresh comes with an expired token.
        grant = request.query.get("grant_type", "")
        body = await object_of(request)
        agent, issuer = agent_of(request), issuer_of(request)
        if grant == "password":
            if body.get("phone"):
                raise auth_failure(400, "phone_provider_disabled", "The embedded back end has no phones")
            session = await self._accounts.sign_in(body.get("email"), body.get("password"), agent, issuer)
        elif grant == "refresh_token":
            session = await self._accounts.refresh(body.get("refresh_token"), issuer)
        elif grant == "pkce":
            session = await self._accounts.trade(
                body.get("auth_code"), body.get("code_verifier"), agent, issuer
            )
        else:
            raise auth_failure(
                400,
                "unsupported_grant_type",
                f"The embedded back end has no grant type {grant!r}; it has password, refresh_token and pkce",
            )
        return json_reply(session, 200, API_VERSION)

    async def _on_logout(self, request: web.Request) -> web.Response:
        caller = caller_of(request, self._tokens)
        await self._accounts.sign_out(caller, request.query.get("scope", "global"))
        return web.Response(status=204, headers=API_VERSION)

    async def _on_user(self, request: web.Request) -> web.Response:
        caller = caller_of(request, self._tokens)
        return json_reply(await self._accounts.user(caller), 200, API_VERSION)

    async def _on_change(self, request: web.Request) -> web.Response:
        caller = caller_of(request, self._tokens)
        body = await object_of(request)
        leg = leg_of(request.query.get("redirect_to"), body)
        user = await self._accounts.change(caller, body, leg, issuer_of(request))
        return json_reply(user, 200, API_VERSION)

    async def _on_reauthenticate(self, request: web.Request) -> web.Response:
        await self._accounts.reauthenticate(caller_of(request, self._tokens), issuer_of(request))
        return json_reply({}, 200, API_VERSION)
