"""JSON Web Tokens: the publishable key of this installation and the access tokens of its sessions."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import orjson

__all__ = ["ROLES", "Caller", "TokenExpired", "TokenRefused", "Tokens", "make_anon_key"]

ROLES = frozenset({"anon", "authenticated", "service_role"})

_ALGORITHM = "HS256"
# Fixed, so that the same installation has the same key in every run.
_ANON_ISSUED = 1_767_225_600  # 2026-01-01
_ANON_EXPIRES = 4_102_444_800  # 2100-01-01
_REMEMBERED = 512


class TokenRefused(Exception):
    """A token that is none, is forged or lacks a claim; the text says which."""


class TokenExpired(TokenRefused):
    """A token that was good until ``seconds`` ago."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Token has expired {seconds} seconds ago")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the database role, the claims (also as the JSON that PostgreSQL gets) and their end."""

    role: str
    claims: Mapping[str, Any]
    claims_json: str
    expires_at: int
    token: str

    @property
    def subject(self) -> str | None:
        """The user's id, or None for the bare publishable key."""
        subject = self.claims.get("sub")
        return subject if isinstance(subject, str) else None


def make_anon_key(secret: bytes) -> str:
    """The publishable key: what every request shows before anybody has signed in."""
    claims = {"iss": "chatdesk-local", "role": "anon", "iat": _ANON_ISSUED, "exp": _ANON_EXPIRES}
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


class Tokens:
    """Makes and checks tokens with one secret (>= 32 bytes).

    ``lifetime`` is that of an access token in seconds; one hour, as on a hosted project.
    """

    def __init__(self, secret: bytes, lifetime: int = 3600) -> None:
        self._secret = secret
        self.lifetime = lifetime
        self.anon_key = make_anon_key(secret)
        self._known: OrderedDict[str, Caller] = OrderedDict()

    def is_anon_key(self, key: str | None) -> bool:
        """Whether ``key`` is the publishable key; takes the same time for every wrong one."""
        return key is not None and hmac.compare_digest(key.encode("utf-8", "replace"), self.anon_key.encode())

    def sign(self, claims: Mapping[str, Any]) -> str:
        """``claims`` as a signed token."""
        return jwt.encode(dict(claims), self._secret, algorithm=_ALGORITHM)

    def verify(self, token: str) -> Caller:
        """Who shows ``token``. Raises ``TokenExpired``, or ``TokenRefused`` for anything else that is wrong.

        Only HS256 is accepted: a token that names another algorithm, or none, is refused.
        """
        now = time.time()
        caller = self._known.get(token)
        if caller is None:
            caller = self._read(token)
            self._known[token] = caller
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        if caller.expires_at <= now:
            raise TokenExpired(max(1, round(now - caller.expires_at)))
        return caller

    def _read(self, token: str) -> Caller:
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_sub": False},
            )
        except jwt.InvalidSignatureError as refused:
            raise TokenRefused("JWSInvalidSignature") from refused
        except jwt.PyJWTError as refused:
            raise TokenRefused(str(refused) or "The token is not a valid JWT") from refused
        role, expires_at = claims.get("role"), claims.get("exp")
        if not isinstance(role, str) or role not in ROLES or not isinstance(expires_at, int | float):
            raise TokenRefused("Fields `role` and `exp` are required in JWT")
        return Caller(role, claims, orjson.dumps(claims).decode(), int(expires_at), token)
