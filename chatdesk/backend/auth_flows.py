"""The ways into an account that lead through a mail or a browser: requests only, like ``AuthApi``.

Every way begins with a challenge and ends with its secret (PKCE), which only the caller keeps: a link that is
caught on its way brings nobody in.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Literal, NamedTuple, TypeVar

from supabase_auth import AsyncGoTrueClient, AsyncMemoryStorage
from supabase_auth.types import Provider

from chatdesk.backend.auth import AuthApi
from chatdesk.backend.auth_failures import provider_missing
from chatdesk.backend.failures import TRY_AGAIN
from chatdesk.domain.errors import Refused, Retryable
from chatdesk.domain.session import Session
from chatdesk.domain.sign_in import MailPurpose, Offers

T = TypeVar("T")

PROVIDERS: dict[str, tuple[Provider, str]] = {"github": ("github", "GitHub"), "google": ("google", "Google")}
"""Auth's name -> (the same, typed; what people call it)."""

_TYPES: dict[MailPurpose, Literal["signup", "email", "recovery", "email_change"]] = {
    MailPurpose.SIGN_UP: "signup",
    MailPurpose.SIGN_IN: "email",
    MailPurpose.NEW_PASSWORD: "recovery",
    MailPurpose.NEW_ADDRESS: "email_change",
}
_NO_REFRESH_TOKEN = "kept-by-sessions"
"""The library wants one to act for somebody; it is never sent while the access token is good."""


class Started(NamedTuple):
    """``session`` where the server needed no mail; ``verifier`` is the secret for the code that comes."""

    session: Session | None
    verifier: str


class AuthFlows(AuthApi):
    """Raises what ``AuthApi`` raises. ``redirect_to`` is a listener's address, or None for no way back."""

    async def offers(self) -> Offers | None:
        """Tell what the project allows; None when it does not say."""
        address = self._client.address
        answer = await self._ask(
            self._client.http.get(
                f"{address.url.rstrip('/')}/auth/v1/settings", headers={"apikey": address.api_key}
            )
        )
        try:
            body = answer.json()
            external = body["external"]
            return Offers(
                providers=frozenset(name for name in PROVIDERS if external.get(name) is True),
                sign_up=body.get("disable_signup") is not True,
                confirms=body.get("mailer_autoconfirm") is not True,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    async def start_sign_up(self, email: str, password: str, redirect_to: str | None) -> Started:
        """Make an account. Asked again while it waits for its confirmation, the mail is sent again."""
        auth, kept = self._with_secret()
        answer = await self._ask(
            auth.sign_up({"email": email.strip(), "password": password, "options": _back(redirect_to)})
        )
        if answer.session is not None:
            return Started(self._session(answer), "")
        if answer.user is not None and answer.user.identities == []:
            # Auth hides that an address is known behind a made-up user without identities.
            raise Refused(
                "There is already an account with this e-mail address.", "Sign in instead.", "email_exists"
            )
        return Started(None, await _secret(auth, kept))

    async def send_code(self, email: str, create: bool, redirect_to: str | None) -> str:
        """Have a code and a link sent to sign in with; returns the secret."""
        auth, kept = self._with_secret()
        options: Any = {**_back(redirect_to), "should_create_user": create}
        await self._ask(auth.sign_in_with_otp({"email": email.strip(), "options": options}))
        return await _secret(auth, kept)

    async def send_reset(self, email: str, redirect_to: str | None) -> str:
        """Have a code and a link sent to choose a new password with; returns the secret."""
        auth, kept = self._with_secret()
        options: Any = {"redirect_to": redirect_to} if redirect_to else {}
        await self._ask(auth.reset_password_for_email(email.strip(), options))
        return (await _secret(auth, kept)).partition("/")[0]

    async def verify(self, email: str, code: str, purpose: MailPurpose) -> Session | None:
        """Trade a code of a mail for a session; None when another address has to confirm as well."""
        answer = await self._ask(
            self._auth().verify_otp(
                {"email": email.strip(), "token": "".join(code.split()), "type": _TYPES[purpose]}
            )
        )
        if answer.session is None and purpose is MailPurpose.NEW_ADDRESS:
            return None
        return self._session(answer)

    async def provider_page(self, provider: str, redirect_to: str) -> tuple[str, str]:
        """Return (address for the browser, secret); ``Refused`` where the project does not offer it."""
        if provider not in PROVIDERS:
            raise provider_missing(provider)
        name, called = PROVIDERS[provider]
        offered = await self.offers()
        if offered is not None and provider not in offered.providers:
            raise provider_missing(called)
        auth, kept = self._with_secret()
        options: Any = {"redirect_to": redirect_to}
        answer = await self._ask(auth.sign_in_with_oauth({"provider": name, "options": options}))
        return answer.url, await _secret(auth, kept)

    async def exchange(self, code: str, verifier: str) -> Session:
        """Trade the code that a browser brought for a session."""
        answer = await self._ask(
            self._auth().exchange_code_for_session({"auth_code": code, "code_verifier": verifier})
        )
        return self._session(answer)

    async def change_email(self, access_token: str, email: str) -> bool:
        """Ask for another address; returns whether it counts at once, without a mail."""
        auth = await self._acting(access_token)
        answer = await self._ask(auth.update_user({"email": email.strip()}))
        return (answer.user.email or "").lower() == email.strip().lower()

    async def change_password(self, access_token: str, password: str, nonce: str = "") -> None:
        """Choose another password; the user's other sessions end. ``nonce``: the code of ``send_nonce``."""
        auth = await self._acting(access_token)
        code = "".join(nonce.split())
        if code:
            await self._ask(auth.update_user({"password": password, "nonce": code}))
        else:
            await self._ask(auth.update_user({"password": password}))

    async def send_nonce(self, access_token: str) -> None:
        """Have a code sent that proves that it is still the same person."""
        auth = await self._acting(access_token)
        await self._ask(auth.reauthenticate())

    async def _ask(self, request: Awaitable[T]) -> T:
        try:
            return await super()._ask(request)
        except Retryable as failure:
            if failure.next_step == TRY_AGAIN:  # nobody does: a person is waiting for it
                failure.next_step = "Check your connection, then try again."
            raise

    def _with_secret(self) -> tuple[AsyncGoTrueClient, AsyncMemoryStorage]:
        kept = AsyncMemoryStorage()
        return self._auth(kept), kept

    async def _acting(self, access_token: str) -> AsyncGoTrueClient:
        """The library on behalf of a token that is good; it never gets the one that renews it."""
        auth = self._auth()
        await self._ask(auth.set_session(access_token, _NO_REFRESH_TOKEN))
        return auth


def _back(redirect_to: str | None) -> Any:
    """Options for the library, which has a type of its own for each request."""
    return {"email_redirect_to": redirect_to} if redirect_to else {}


async def _secret(auth: AsyncGoTrueClient, kept: AsyncMemoryStorage) -> str:
    return await kept.get_item(f"{auth._storage_key}-code-verifier") or ""
