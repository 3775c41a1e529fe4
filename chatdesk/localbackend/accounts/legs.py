"""Where a browser is sent when it is done, and the secret that only the asker knows."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from chatdesk.localbackend.failures import auth_failure

__all__ = ["Leg", "leg_of", "loopback_only", "matches_challenge", "with_query"]

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Leg:
    """``redirect_to`` is a loopback address or None; ``challenge`` a PKCE challenge (S256) or None."""

    redirect_to: str | None = None
    challenge: str | None = None


def leg_of(redirect_to: str | None, body: Mapping[str, Any]) -> Leg:
    """What a request says of the way back; raises a 400 ``validation_failed`` failure for a bad challenge.

    Another address than a loopback one is not an error, it is not gone to: the hosted service falls back to
    its own site in the same way.
    """
    challenge, method = body.get("code_challenge"), body.get("code_challenge_method")
    if challenge is not None or method is not None:
        known = isinstance(method, str) and method.lower() == "s256"
        if not known or not isinstance(challenge, str) or not _CHALLENGE.fullmatch(challenge):
            raise auth_failure(400, "validation_failed", "The code challenge must be one of method s256")
    return Leg(loopback_only(redirect_to), challenge)


def loopback_only(address: str | None) -> str | None:
    """``address`` if it is plain http to a literal loopback address, else None."""
    if not address or len(address) > 2000 or not address.isascii() or not address.isprintable():
        return None
    try:
        parts = urlsplit(address)
        inside = ipaddress.ip_address(parts.hostname or "").is_loopback
        parts.port  # noqa: B018  # reading it checks it
    except ValueError:
        return None
    odd = parts.username is not None or parts.fragment or "\\" in address or " " in address
    return address if inside and parts.scheme == "http" and not odd else None


def with_query(address: str, **more: str) -> str:
    """``address`` with further parameters in its query."""
    parts = urlsplit(address)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *more.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


def matches_challenge(verifier: object, challenge: str) -> bool:
    """Whether ``verifier`` is what ``challenge`` was made from."""
    if not isinstance(verifier, str) or not verifier.isascii():
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(made, challenge)
