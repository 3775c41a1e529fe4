"""What an access token says of itself: its claims, read without trusting them."""

from __future__ import annotations

import base64
import json
from typing import Any


def token_life(access_token: str) -> float | None:
    """Return the seconds that a token was made for; None when it does not say."""
    claims = _claims(access_token)
    try:
        seconds = float(claims["exp"]) - float(claims["iat"])
    except (KeyError, TypeError, ValueError):
        return None
    return seconds if seconds > 0 else None


def issued_at(access_token: str) -> float | None:
    """Return when a token was made, by the clock of the server that made it; None when it does not say."""
    try:
        return float(_claims(access_token)["iat"])
    except (KeyError, TypeError, ValueError):
        return None


def _claims(access_token: str) -> dict[str, Any]:
    try:
        body = access_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}
