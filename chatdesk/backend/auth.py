"""Signing in, renewing and signing out: requests only, nothing is kept here."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Literal, TypeVar

import supabase_auth
from supabase_auth import AsyncGoTrueClient, AsyncMemoryStorage

from chatdesk.backend.auth_failures import from_auth
from chatdesk.backend.client import BackendClient
from chatdesk.backend.http import last_answer
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import NeedsSignIn, Refused, Retryable
from chatdesk.domain.session import Session

T = TypeVar("T")

SignOutScope = Literal["local", "global", "others"]


class AuthApi:
    """Requests to Auth. Every method raises ``Offline``, ``Retryable``, ``Refused``, ``NeedsSignIn`` or
    ``Misconfigured`` (wrong address or key).

    A new Auth client serves each call: it would otherwise keep the last session in memory and tell it to
    everybody who listens. Times are this computer's: the server's ``expires_at`` is wrong by as much as the
    two clocks differ, its ``expires_in`` is not.
    """

    def __init__(self, client: BackendClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def sign_in(self, email: str, password: str) -> Session:
        """Sign in with a password; ``Refused`` when it is wrong."""
        _require(email, password)
        answer = await self._ask(
            self._auth().sign_in_with_password({"email": email.strip(), "password": password})
        )
        return self._session(answer)

    async def sign_up(self, email: str, password: str) -> Session | None:
        """Make an account; returns None when the address must be confirmed before signing in."""
        _require(email, password)
        answer = await self._ask(self._auth().sign_up({"email": email.strip(), "password": password}))
        if answer.session is not None:
            return self._session(answer)
        if answer.user is not None and answer.user.identities == []:
            # Auth hides that an address is known behind a made-up user without identities.
            raise Refused(
                "There is already an account with this e-mail address.", "Sign in instead.", "email_exists"
            )
        return None

    async def refresh(self, refresh_token: str) -> Session:
        """Trade a refresh token, which works once; ``NeedsSignIn`` only when the server said it is spent."""
        return self._session(await self._ask(self._auth().refresh_session(refresh_token)))

    async def get_user(self, access_token: str) -> tuple[str, str | None]:
        """Return (user id, e-mail address) of a token."""
        answer = await self._ask(self._auth().get_user(access_token))
        if answer is None:
            raise NeedsSignIn("The session has ended.", "Sign in again.", code="user_not_found")
        return answer.user.id, answer.user.email

    async def sign_out(self, access_token: str, scope: SignOutScope = "local") -> None:
        """End this session on the server ("global": every session of the user)."""
        try:
            await self._ask(self._auth().admin.sign_out(access_token, scope))
        except NeedsSignIn:
            return  # It had ended already.

    def _auth(self, storage: AsyncMemoryStorage | None = None) -> AsyncGoTrueClient:
        address = self._client.address
        return AsyncGoTrueClient(
            url=f"{address.url.rstrip('/')}/auth/v1",
            headers={"apiKey": address.api_key, "Authorization": f"Bearer {address.api_key}"},
            http_client=self._client.http,
            auto_refresh_token=False,
            persist_session=False,
            storage=storage or AsyncMemoryStorage(),
            # With "implicit" the link in a message would put a session into a browser's address.
            flow_type="pkce",
        )

    async def _ask(self, request: Awaitable[T]) -> T:
        last_answer.set(None)
        try:
            return await request
        except Exception as error:
            raise from_auth(error, last_answer.get()) from error

    def _session(self, answer: supabase_auth.types.AuthResponse) -> Session:
        session = answer.session
        if session is None or not session.access_token or not session.refresh_token:
            raise Retryable("The sign-in server's answer could not be read.", "Try again.", code="session")
        return Session(
            access_token=session.access_token,
            refresh_token=session.refresh_token,
            expires_at=self._clock.now() + timedelta(seconds=session.expires_in),
            user_id=session.user.id,
            email=session.user.email or None,
        )


def _require(email: str, password: str) -> None:
    if not email.strip() or not password:
        raise Refused("The e-mail address or the password is missing.", "Enter both.", "validation_failed")
