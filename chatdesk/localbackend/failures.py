"""Error answers in the four dialects that the client libraries understand.

Auth wants ``{code, message}`` and a version header, REST ``{message, code, details, hint}``, storage
``{statusCode, error, message}``, everything else ``{error, message}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

__all__ = [
    "API_VERSION",
    "ReplyFailure",
    "auth_failure",
    "json_reply",
    "local_failure",
    "rest_failure",
    "storage_failure",
]

# Without this header the auth client does not read ``code`` (supabase_auth.helpers.handle_exception).
API_VERSION: Mapping[str, str] = {"X-Supabase-Api-Version": "2024-01-01"}


class ReplyFailure(Exception):
    """A request that is answered with an error: HTTP status, JSON body, further headers."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {body.get('message', '')}")
        self.status = status
        self.body = body
        self.headers = headers

    def reply(self) -> web.Response:
        """The answer as the client gets it."""
        return json_reply(self.body, self.status, self.headers)


def json_reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """``body`` as a JSON answer."""
    return web.Response(
        body=orjson.dumps(body),
        status=status,
        headers=headers,
        content_type="application/json",
        charset="utf-8",
    )


def auth_failure(status: int, code: str, message: str, **more: Any) -> ReplyFailure:
    """An error of ``/auth/v1``; ``more`` are further keys, such as ``weak_password``."""
    return ReplyFailure(status, {"code": code, "message": message, **more}, API_VERSION)


def rest_failure(
    status: int, code: str, message: str, details: str | None = None, hint: str | None = None
) -> ReplyFailure:
    """An error of ``/rest/v1`` in PostgREST's shape."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return ReplyFailure(status, {"code": code, "message": message, "details": details, "hint": hint}, headers)


def storage_failure(status: int, error: str, message: str) -> ReplyFailure:
    """An error of ``/storage/v1``; storage3 needs all three keys."""
    return ReplyFailure(status, {"statusCode": str(status), "error": error, "message": message})


def local_failure(status: int, error: str, message: str) -> ReplyFailure:
    """An error of everything that is no Supabase service."""
    return ReplyFailure(status, {"error": error, "message": message})
