"""Foreign exceptions become the right kind of domain error, with words for a person."""

from __future__ import annotations

import ssl
from typing import Any, cast

import aiohttp
import httpx
import pytest
from postgrest.exceptions import APIError
from storage3.exceptions import StorageApiError
from supabase_auth.errors import (
    AuthApiError,
    AuthRetryableError,
    AuthUnknownError,
    AuthWeakPasswordError,
)

from chatdesk.backend import failures
from chatdesk.backend.auth_failures import from_auth, from_storage
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

PLACES = [
    ("22P05", 400, BadInput),
    ("22021", 400, BadInput),
    ("22001", 400, BadInput),
    ("22023", 400, BadInput),
    ("54000", 400, BadInput),
    ("23505", 409, Refused),
    ("23503", 409, Refused),
    ("23514", 400, Refused),
    ("42501", 403, Refused),
    ("42501", 401, NeedsSignIn),
    ("55000", 400, Refused),
    ("P0001", 400, Refused),
    ("42804", 400, Refused),
    ("40P01", 500, Retryable),
    ("40001", 500, Retryable),
    ("08006", 503, Retryable),
    ("53300", 503, Retryable),
    ("55P03", 400, Retryable),
    ("57014", 500, Retryable),
    ("XX000", 500, Retryable),
    ("42883", 404, Retryable),
    ("42P01", 404, Retryable),
    ("PGRST000", 503, Retryable),
    ("PGRST003", 504, Retryable),
    ("PGRST102", 400, Refused),
    ("PGRST202", 404, Retryable),
    ("PGRST301", 401, NeedsSignIn),
    ("PGRST303", 401, NeedsSignIn),
    ("PGRSTX00", 500, Retryable),
    (None, 500, Retryable),
    (None, 401, NeedsSignIn),
    ("503", 503, Retryable),
    ("429", 429, Retryable),
    ("413", 413, BadInput),
    ("418", 418, Refused),
]


@pytest.mark.parametrize(("code", "status", "kind"), PLACES)
def test_rest_errors_are_sorted_by_code(code: str | None, status: int, kind: type[ChatDeskError]) -> None:
    error = failures.from_request(
        APIError({"message": "permission denied for table secrets", "code": code}),
        Answer(status, True, None),
    )
    assert type(error) is kind
    assert error.message.endswith(".")
    assert "secrets" not in str(error)


def test_the_sentences_of_our_own_functions_are_shown() -> None:
    own = APIError({"message": 'The user name "ada" is taken.', "code": "23505"})
    assert failures.from_request(own, Answer(409, True, None)).message == 'The user name "ada" is taken.'
    foreign = APIError({"message": "duplicate key value violates unique constraint", "code": "23505"})
    assert failures.from_request(foreign, Answer(409, True, None)).message == "This is already taken."


@pytest.mark.parametrize("status", [302, 307, 403, 404, 511])
def test_a_page_of_html_is_somebody_in_between(status: int) -> None:
    error = APIError({"message": "Found", "code": str(status), "details": "<html>"})
    assert type(failures.from_request(error, Answer(status, False, None))) is Offline


def test_the_server_may_say_how_long_to_wait() -> None:
    error = failures.from_request(APIError({"code": "429"}), Answer(429, False, 7.0))
    assert isinstance(error, Retryable)
    assert error.retry_after == 7.0


def test_a_key_that_is_not_known_any_more_loses_no_text() -> None:
    error = failures.from_request(APIError({"message": "Invalid API key"}), Answer(401, True, None))
    assert isinstance(error, NeedsSignIn)
    assert error.code == "api_key"


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("no route"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("Server disconnected"),
        httpx.ReadError("reset"),
        ConnectionResetError(),
        TimeoutError(),
        OSError("no route"),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError("cut"),
    ],
)
def test_no_answer_is_offline(error: Exception) -> None:
    assert type(failures.from_request(error, None)) is Offline


def test_a_certificate_that_is_not_trusted_says_so() -> None:
    error = httpx.ConnectError("handshake")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    assert "certificate" in failures.from_request(error, None).message


def test_text_that_utf8_cannot_hold_is_the_texts_fault() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        "\ud800".encode()
    assert type(failures.from_request(caught.value, None)) is BadInput


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), RuntimeError("x")])
def test_whatever_else_happens_loses_nothing(error: Exception) -> None:
    assert type(failures.from_request(error, None)) is Retryable
    assert type(from_auth(error, None)) is Retryable
    assert type(from_storage(error, None)) is Retryable


def api(status: int, code: str) -> AuthApiError:
    """The library's list of codes is shorter than the server's."""
    return AuthApiError("x", status, cast(Any, code))


AUTH = [
    (AuthApiError("x", 400, "invalid_credentials"), Refused),
    (AuthApiError("Invalid login credentials", 400, None), Refused),
    (AuthApiError("x", 400, "email_not_confirmed"), Refused),
    (AuthApiError("x", 422, "user_already_exists"), Refused),
    (AuthWeakPasswordError("x", 422, ["length"]), Refused),
    (api(400, "refresh_token_already_used"), NeedsSignIn),
    (api(400, "refresh_token_not_found"), NeedsSignIn),
    (AuthApiError("Invalid Refresh Token: Already Used", 400, None), NeedsSignIn),
    (AuthApiError("x", 403, "session_not_found"), NeedsSignIn),
    (AuthApiError("x", 403, "bad_jwt"), NeedsSignIn),
    (AuthApiError("x", 429, "over_request_rate_limit"), Retryable),
    (AuthApiError("Invalid API key", 401, None), Misconfigured),
    (AuthApiError("x", 401, None), Retryable),
    (AuthApiError("x", 400, None), Refused),
    (AuthApiError("x", 500, "unexpected_failure"), Retryable),
    (AuthApiError("no such page", 404, None), Misconfigured),
    (AuthRetryableError("x", 0), Offline),
    (AuthRetryableError("x", 503), Retryable),
    (AuthUnknownError("x", ValueError()), Retryable),
]


@pytest.mark.parametrize(("error", "kind"), AUTH, ids=range(len(AUTH)))
def test_auth_errors_are_sorted_by_code(error: Exception, kind: type[ChatDeskError]) -> None:
    status = getattr(error, "status", 0) or 200
    assert type(from_auth(error, Answer(status, True, None))) is kind


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 500, 502])
def test_html_instead_of_auth_never_ends_a_session(status: int) -> None:
    error = from_auth(AuthUnknownError("x", ValueError()), Answer(status, False, None))
    assert not isinstance(error, NeedsSignIn)


STORAGE = [
    (StorageApiError("jwt expired", "InvalidJWT", 403), NeedsSignIn),
    (StorageApiError("The object exceeded the maximum allowed size", "Payload too large", "413"), BadInput),
    (StorageApiError("mime type text/plain is not supported", "invalid_mime_type", "415"), BadInput),
    (StorageApiError("Object not found", "not_found", "404"), Refused),
    (StorageApiError("new row violates row-level security policy", "Unauthorized", "403"), Refused),
    (StorageApiError("x", "InternalError", "500"), Retryable),
    (StorageApiError("x", "InternalError", "odd"), Retryable),
    (httpx.ConnectError("x"), Offline),
]


@pytest.mark.parametrize(("error", "kind"), STORAGE, ids=range(len(STORAGE)))
def test_storage_errors_are_sorted_by_status(error: Exception, kind: type[ChatDeskError]) -> None:
    assert type(from_storage(error, None)) is kind


def test_domain_errors_pass_as_they_are() -> None:
    error = Refused("No.")
    for translate in (failures.from_request, from_auth, from_storage):
        assert translate(error, None) is error
