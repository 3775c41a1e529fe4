"""JSON Web Tokens with HMAC-SHA256 (RFC 7519, 7515), the one algorithm of this server.

Both ends are this process, so no library for all algorithms is needed; PyJWT loads cryptography with it,
which was a tenth of the server's start. Tokens are those that PyJWT would make, byte by byte.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import orjson

__all__ = ["NotSigned", "read", "sign"]

_HEADER = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}')


class NotSigned(ValueError):
    """A token that is none, or not ours; the text says why and quotes nothing of it."""


def sign(claims: Mapping[str, Any], secret: bytes) -> str:
    """``claims`` as a token."""
    signed = _HEADER.rstrip(b"=") + b"." + urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=")
    return (signed + b"." + _signature(signed, secret)).decode("ascii")


def read(token: str, secret: bytes) -> dict[str, Any]:
    """The claims of a token that ``secret`` has signed with HS256; ``exp`` is the caller's to check.

    Raises ``NotSigned`` for anything else: another key, another algorithm or none, a header that wants more
    than this reads (``crit``), a token that is not good yet (``nbf``), or one that is no token.
    """
    parts = token.encode("utf-8", "replace").split(b".")
    if len(parts) != 3:
        raise NotSigned("Not enough segments" if len(parts) < 3 else "Too many segments")
    header, body, signature = parts
    wanted = _object(header)
    if wanted.get("alg") != "HS256" or "crit" in wanted:
        raise NotSigned("The specified alg value is not allowed")
    # As texts, so that a signature has one spelling only.
    if not hmac.compare_digest(signature, _signature(header + b"." + body, secret)):
        raise NotSigned("JWSInvalidSignature")
    claims = _object(body)
    not_before = claims.get("nbf", 0)
    if not isinstance(not_before, int | float) or not_before > time.time():
        raise NotSigned("The token is not yet valid (nbf)")
    return claims


def _signature(signed: bytes, secret: bytes) -> bytes:
    return urlsafe_b64encode(hmac.digest(secret, signed, hashlib.sha256)).rstrip(b"=")


def _object(part: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, dict):
        raise NotSigned("The token is not a valid JWT")
    return found
