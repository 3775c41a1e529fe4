"""Signing in with an account elsewhere: to the provider, back, and on to whoever asked."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any
from urllib.parse import urlencode

import aiohttp
import asyncpg
import orjson

from chatdesk.localbackend.accounts.browser_flows import BrowserFlows, Way
from chatdesk.localbackend.accounts.legs import Leg
from chatdesk.localbackend.accounts.settings import AuthSettings, IdentityProvider
from chatdesk.localbackend.accounts.users import add_user, find_user_by_email, open_address
from chatdesk.localbackend.database import Database
from chatdesk.localbackend.failures import ReplyFailure, auth_failure

__all__ = ["ProviderFlows"]

_log = logging.getLogger(__name__)

_ANSWER_SECONDS = 10.0
_LARGEST_ANSWER = 256 * 1024


class ProviderFlows:
    """The two addresses that a browser calls; all refusals are reply failures."""

    def __init__(self, database: Database, browser: BrowserFlows, settings: AuthSettings) -> None:
        self._pool = database.auth
        self._browser = browser
        self._providers = settings.providers

    async def authorize(self, name: str, leg: Leg, issuer: str) -> str:
        """Return the provider's address to send the browser to."""
        provider = self._providers.get(name)
        if provider is None:
            raise auth_failure(400, "validation_failed", "Unsupported provider: provider is not enabled")
        if leg.redirect_to is None:
            raise auth_failure(400, "validation_failed", "redirect_to must be a loopback address")
        if leg.challenge is None:
            # Without it a session would have to travel in an address.
            raise auth_failure(400, "validation_failed", "A code challenge is required")
        async with self._pool.acquire() as connection, connection.transaction():
            state = await self._browser.begin(connection, Way(name, leg.redirect_to, leg.challenge))
        query = {
            "client_id": provider.client_id,
            "redirect_uri": f"{issuer}/callback",
            "response_type": "code",
            "scope": provider.scope,
            "state": state,
        }
        return f"{provider.authorize_url}?{urlencode(query)}"

    async def came_back(self, state: str, code: str, error: str, issuer: str) -> tuple[str, dict[str, str]]:
        """Take the browser from the provider; return where to send it and what to give it along."""
        async with self._pool.acquire() as connection, connection.transaction():
            way = await self._browser.came_back(connection, state)
        if way is None:
            raise auth_failure(400, "bad_oauth_state", "OAuth state is missing, unknown or was used")
        try:
            if error or not code:
                raise auth_failure(403, "access_denied", error or "The provider sent no code")
            person = await self._ask(self._providers[way.method], code, f"{issuer}/callback")
            async with self._pool.acquire() as connection, connection.transaction():
                user_id = await self._user_of(connection, way.method, person)
                return way.redirect_to, {"code": await self._browser.grant(connection, user_id, way)}
        except ReplyFailure as refused:
            told = str(refused.body["message"])
            kind = "access_denied" if refused.status == 403 else "server_error"
            return way.redirect_to, {
                "error": kind,
                "error_code": str(refused.body["code"]),
                "error_description": told,
            }

    async def _ask(self, provider: IdentityProvider, code: str, redirect_uri: str) -> dict[str, Any]:
        """Trade the provider's code for what it knows of the person."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": provider.client_id,
            "client_secret": provider.client_secret,
            "redirect_uri": redirect_uri,
        }
        limit = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
        accept = {"Accept": "application/json"}
        # Read now: whom this computer trusts may have changed since the server was started.
        trusted = aiohttp.TCPConnector(ssl=await asyncio.to_thread(ssl.create_default_context))
        try:
            async with aiohttp.ClientSession(connector=trusted, timeout=limit, headers=accept) as http:
                async with http.post(provider.token_url, data=form, allow_redirects=False) as answer:
                    token = (await _object(answer))["access_token"]
                bearer = {"Authorization": f"Bearer {token}"}
                async with http.get(provider.user_url, headers=bearer, allow_redirects=False) as answer:
                    return await _object(answer)
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as failure:
            # What it said is not logged: there may be a token in it.
            _log.warning("The provider did not answer as it should: %s", type(failure).__name__)
            raise auth_failure(500, "unexpected_failure", "Unable to exchange external code") from failure

    async def _user_of(self, connection: Any, name: str, person: dict[str, Any]) -> str:
        """The user whom the provider's person is, made when nobody is that yet.

        Only an address that the provider has verified leads to an account that is there already. An account
        whose address nobody ever confirmed loses the password that somebody made it with.
        """
        provider_id = str(person.get("sub") or person.get("id") or "")
        if not provider_id:
            raise auth_failure(500, "unexpected_failure", "The provider did not say who it is")
        known = await connection.fetchval(
            """update auth.identities set last_sign_in_at = now()
               where provider = $1 and provider_id = $2 returning user_id::text""",
            name,
            provider_id,
        )
        if known is not None:
            return str(known)
        if person.get("email_verified") is not True:
            raise auth_failure(
                403, "provider_email_needs_verification", "The provider has not verified this e-mail address"
            )
        email = open_address(person.get("email"))
        await connection.execute("select pg_advisory_xact_lock(hashtext('chatdesk identity ' || $1))", email)
        row = await find_user_by_email(connection, email)
        if row is None:
            app = {"provider": name, "providers": [name]}
            own = {"full_name": person["name"]} if isinstance(person.get("name"), str) else {}
            row = await add_user(connection, email, None, app, own)
        else:
            await connection.execute(
                """update auth.users set
                       encrypted_password = case when email_confirmed_at is null then null
                                                 else encrypted_password end,
                       email_confirmed_at = coalesce(email_confirmed_at, now()),
                       raw_app_meta_data = jsonb_set(
                           raw_app_meta_data, '{providers}',
                           coalesce(raw_app_meta_data -> 'providers', '[]') || to_jsonb($2::text)),
                       updated_at = now()
                   where id = $1::text::uuid""",
                row["id"],
                name,
            )
        try:
            await connection.execute(
                """insert into auth.identities (provider, provider_id, user_id, identity_data)
                   values ($1, $2, $3::text::uuid, $4::jsonb)""",
                name,
                provider_id,
                row["id"],
                orjson.dumps({"sub": provider_id, "email": email, "email_verified": True}).decode(),
            )
        except asyncpg.UniqueViolationError as taken:
            raise auth_failure(409, "conflict", "Signed in twice at the same moment") from taken
        return str(row["id"])


async def _object(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    raw = await answer.content.read(_LARGEST_ANSWER)
    body = orjson.loads(raw)
    if answer.status != 200 or not isinstance(body, dict):
        raise ValueError("no object")
    return body
