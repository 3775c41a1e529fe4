"""PostgreSQL's errors in PostgREST's shape and with its HTTP status.

The table is PostgREST's own (docs.postgrest.org, references/errors), unpleasant lines included: 40001 and
55000 are a 500 there, so they are one here and a client that only looks at the status is found out locally.
"""

from __future__ import annotations

import re
from typing import Any

import asyncpg

from chatdesk.localbackend.database import UNREACHABLE
from chatdesk.localbackend.failures import ReplyFailure, rest_failure

__all__ = ["DATABASE_ERRORS", "from_database", "not_supported"]

DATABASE_ERRORS: tuple[type[BaseException], ...] = (asyncpg.PostgresError, *UNREACHABLE)

_EXACT = {
    "23503": 409,
    "23505": 409,
    "25006": 405,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
    "53400": 500,
    "P0001": 400,
}
_CLASSES = {
    "08": 503,
    "09": 500,
    "0L": 403,
    "0P": 403,
    "25": 500,
    "28": 403,
    "2D": 500,
    "38": 500,
    "39": 500,
    "3B": 500,
    "40": 500,
    "53": 503,
    "54": 500,
    "55": 500,
    "57": 500,
    "58": 500,
    "F0": 500,
    "HV": 500,
    "P0": 500,
    "XX": 500,
}


def not_supported(what: str, details: str | None = None) -> ReplyFailure:
    """The refusal of something that PostgREST has and the embedded back end has not."""
    return rest_failure(400, "PGRST100", f"The embedded back end does not support {what}", details)


def from_database(error: Any, role: str) -> ReplyFailure:
    """The answer to a request that ended in ``error``, asked by ``role``."""
    if isinstance(error, asyncpg.DataError) and not isinstance(error, asyncpg.PostgresError):
        return rest_failure(400, "22023", f"A value cannot be sent to PostgreSQL: {error}")
    code = getattr(error, "sqlstate", None)
    if isinstance(error, UNREACHABLE) or code is None:
        return rest_failure(
            503,
            "PGRST001",
            "Could not query the database for the schema cache. Retrying.",
            "PostgreSQL is not reachable right now.",
        )
    return rest_failure(_status(code, role), code, error.message or str(error), error.detail, error.hint)


def _status(code: str, role: str) -> int:
    if code == "42501":
        return 401 if role == "anon" else 403
    if (chosen := re.fullmatch(r"PT(\d{3})", code)) and 400 <= int(chosen[1]) < 600:
        return int(chosen[1])
    return _EXACT.get(code) or _CLASSES.get(code[:2], 400)
