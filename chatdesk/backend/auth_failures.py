"""What Auth and Storage raise, as domain errors."""

from __future__ import annotations

import re

from storage3.exceptions import StorageApiError
from supabase_auth.errors import (
    AuthApiError,
    AuthError,
    AuthRetryableError,
    AuthUnknownError,
    AuthWeakPasswordError,
)

from chatdesk.backend import failures
from chatdesk.backend.failures import SIGN_IN_AGAIN, TRY_AGAIN
from chatdesk.backend.http import Answer
from chatdesk.domain.errors import (
    BadInput,
    ChatDeskError,
    Misconfigured,
    NeedsSignIn,
    Offline,
    Refused,
    Retryable,
)

SESSION_OVER = frozenset(
    {
        "refresh_token_already_used",
        "refresh_token_not_found",
        "session_not_found",
        "session_expired",
        "user_not_found",
        "user_banned",
        "bad_jwt",
        "no_authorization",
        "invalid_grant",
    }
)
"""Auth codes after which a session cannot be renewed."""

_REFUSALS = {
    "invalid_credentials": ("The e-mail address or the password is wrong.", "Check both and try again."),
    "email_not_confirmed": (
        "This e-mail address is not confirmed yet.",
        "Open the link in the message that was sent to it, then sign in.",
    ),
    "user_already_exists": ("There is already an account with this e-mail address.", "Sign in instead."),
    "email_exists": ("There is already an account with this e-mail address.", "Sign in instead."),
    "signup_disabled": ("This project does not take new accounts.", "Ask its owner for an invitation."),
    "email_provider_disabled": ("This project does not allow passwords.", "Ask its owner how to sign in."),
    "email_address_invalid": ("This is not an e-mail address the project accepts.", "Check it."),
    "email_address_not_authorized": (
        "The project may not send messages to this e-mail address.",
        "Ask its owner to set up its own mail server.",
    ),
    "validation_failed": ("The e-mail address or the password is not valid.", "Check both and try again."),
    "otp_expired": ("This code is wrong, was used or is too old.", "Check it, or have a new one sent."),
    "otp_disabled": ("There is no account with this e-mail address.", "Check it, or create an account."),
    "same_password": ("This is the password that you have already.", "Choose another one."),
    "reauthentication_needed": (
        "The project wants to know that it is still you.",
        "Enter the code that was sent to your e-mail address.",
    ),
    "reauthentication_not_valid": (
        "This code is wrong, was used or is too old.",
        "Check it, or have a new one sent.",
    ),
    "flow_state_not_found": (
        "This way through the browser was gone to its end already.",
        "Start the sign-in once more.",
    ),
    "flow_state_expired": ("The way through the browser took too long.", "Start the sign-in once more."),
    "bad_code_verifier": ("This was not the answer to your sign-in.", "Start the sign-in once more."),
    "captcha_failed": (
        "This project asks for a captcha, which ChatDesk cannot show.",
        "Ask its owner to turn it off for the app.",
    ),
}


_FROM_BROWSER = {
    "access_denied": ("You were not signed in: it was refused in the browser.", "Start once more."),
    "otp_expired": ("The link in the message was used or is too old.", "Have a new one sent."),
    "provider_email_needs_verification": (
        "The provider has not confirmed your e-mail address.",
        "Confirm it there, then start once more.",
    ),
    "signup_disabled": ("This project does not take new accounts.", "Ask its owner for an invitation."),
    "user_banned": ("This account is locked in the project.", "Ask its owner."),
}

_SECONDS = re.compile(r"after (\d{1,5}) seconds")


def from_browser(error: str, error_code: str) -> Refused:
    """Say what Auth gave the browser along instead of a code."""
    code = error_code if error_code in _FROM_BROWSER else error
    sentence, step = _FROM_BROWSER.get(
        code, ("The provider could not sign you in.", "Try again, or choose another way.")
    )
    return Refused(sentence, step, code=error_code or error)


def provider_missing(name: str) -> Refused:
    """Say that the project does not sign in with this provider."""
    return Refused(
        f"Signing in with {name} is not switched on in this project.",
        "Choose another way, or ask its owner to switch it on.",
        code="provider_disabled",
    )


def from_auth(error: Exception, answer: Answer | None) -> ChatDeskError:
    """Translate what a request to Auth raised; ``answer`` is the HTTP answer if there was one."""
    if isinstance(error, ChatDeskError):
        return error
    if isinstance(error, AuthRetryableError):
        if error.status == 0:
            return failures.from_transport(error.__cause__ or error)
        return failures.from_status(error.status, answer)
    if isinstance(error, AuthWeakPasswordError):
        return Refused(
            "The project does not accept this password: it is too weak.",
            "Choose a longer one with letters and digits.",
            code="weak_password",
        )
    if isinstance(error, AuthApiError):
        return _from_api(error, answer)
    if isinstance(error, AuthUnknownError) and answer is not None and answer.status >= 300:
        return _not_final(failures.from_status(answer.status, answer))
    if not isinstance(error, AuthError) and failures.is_transport(error):
        return failures.from_transport(error)
    return Retryable(
        "The sign-in server's answer could not be read.",
        "Check the address of the project, then try again.",
        code=type(error).__name__,
    )


def from_storage(error: Exception, answer: Answer | None) -> ChatDeskError:
    """Translate what a request to Storage raised."""
    if isinstance(error, ChatDeskError):
        return error
    if isinstance(error, StorageApiError):
        try:
            status = int(error.status)
        except ValueError:
            status = answer.status if answer else 500
        # Storage answers 400 to everything and keeps the real status in the body; an expired token is "403".
        if error.code in ("InvalidJWT", "Unauthorized") and "jwt" in error.message.lower():
            return NeedsSignIn("The server did not accept the session.", SIGN_IN_AGAIN, code="InvalidJWT")
        if status == 413:
            return BadInput("The picture is larger than 2 MB.", "Choose a smaller one.", code="413")
        if status in (401, 403, 404):
            return Refused("This picture is not there, or not for you.", "", code=str(status))
        if status in (415, 422):
            return BadInput("This is not a PNG, JPEG or WebP picture.", "Choose another one.", str(status))
        return failures.from_status(status, answer)
    if failures.is_transport(error):
        return failures.from_transport(error)
    return Retryable("The picture store's answer could not be read.", TRY_AGAIN, code=type(error).__name__)


def _from_api(error: AuthApiError, answer: Answer | None) -> ChatDeskError:
    code = error.code or ""
    message = error.message.lower() if isinstance(error.message, str) else ""
    if code == "over_email_send_rate_limit":
        seconds = _SECONDS.search(message)
        wait = int(seconds[1]) if seconds else 60
        return Retryable(
            f"A message was sent a moment ago; the next one can go in {wait} seconds.",
            "Look into your inbox meanwhile.",
            code=code,
            retry_after=float(wait),
        )
    if code == "over_request_rate_limit":
        wait_step = "Wait five minutes, then try again."
        return Retryable("Too many attempts were made in a short time.", wait_step, code=code)
    if error.status == 429:
        return failures.from_status(429, answer)
    if code in SESSION_OVER:
        return NeedsSignIn("The session has ended.", SIGN_IN_AGAIN, code=code)
    if not code and "refresh token" in message:  # Auth servers of before 2024 send no codes.
        used = "refresh_token_already_used" if "already used" in message else "refresh_token_not_found"
        return NeedsSignIn("The session has ended.", SIGN_IN_AGAIN, code=used)
    if not code and "invalid login credentials" in message:
        code = "invalid_credentials"
    if code in _REFUSALS:
        sentence, step = _REFUSALS[code]
        return Refused(sentence, step, code=code)
    if "api key" in message or "apikey" in message:
        return Misconfigured(
            "The project does not know this key.",
            "Copy the publishable (anon) key from the project's API settings.",
            code="api_key",
        )
    return _not_final(failures.from_status(error.status, answer), code or str(error.status))


def _not_final(error: ChatDeskError, code: str | None = None) -> ChatDeskError:
    """Keep an unknown answer from ending a session: only a code of ``SESSION_OVER`` may."""
    if isinstance(error, NeedsSignIn):
        return Retryable("The sign-in server did not accept the request.", TRY_AGAIN, code or error.code)
    if isinstance(error, Refused):
        return Refused(
            "The sign-in server did not accept the request.",
            "Check the address of the project and what you entered.",
            code=code or error.code,
        )
    if isinstance(error, Retryable) and not isinstance(error, Offline) and error.code == "404":
        return Misconfigured(
            "There is no sign-in server at this address.", "Check the address of the project.", code="404"
        )
    return error
