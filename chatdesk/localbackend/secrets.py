"""Everything secret of one installation, derived from the one key that lives in the user's vault."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["KEY_BYTES", "LOGIN_ROLES", "Secrets", "decode_key", "derive"]

KEY_BYTES = 32
LOGIN_ROLES = (
    "supabase_admin",
    "postgres",
    "authenticator",
    "supabase_auth_admin",
    "supabase_storage_admin",
)
_SALT = b"ChatDesk embedded back end, version 1"


@dataclass(frozen=True, slots=True)
class Secrets:
    """``jwt`` signs tokens, ``storage`` signs addresses of files (32 bytes each); ``passwords`` by role name.

    The same key gives the same secrets in every run, so nothing of it is ever written down. Not shown by
    ``repr``, which ends up in logs.
    """

    jwt: bytes = field(repr=False)
    storage: bytes = field(repr=False)
    passwords: Mapping[str, str] = field(repr=False)


def derive(install_key: bytes) -> Secrets:
    """Derive every secret from the 32-byte key of the installation with HKDF-SHA256 (RFC 5869)."""
    if len(install_key) != KEY_BYTES:
        raise ValueError(f"The install key has {KEY_BYTES} bytes.")
    return Secrets(
        jwt=_hkdf(install_key, b"jwt"),
        storage=_hkdf(install_key, b"storage url"),
        passwords={role: _text(_hkdf(install_key, b"password " + role.encode())) for role in LOGIN_ROLES},
    )


def decode_key(line: str) -> bytes:
    """Read the install key from base64url, padded or not; raises ``ValueError`` without quoting it."""
    text = line.strip()
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"The install key must be {KEY_BYTES} bytes in base64url.")
    return key


def _text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode("ascii").rstrip("=")


def _hkdf(key: bytes, purpose: bytes, salt: bytes = _SALT, length: int = 32) -> bytes:
    extracted = hmac.digest(salt, key, hashlib.sha256)
    block, output, counter = b"", b"", 1
    while len(output) < length:
        block = hmac.digest(extracted, block + purpose + bytes([counter]), hashlib.sha256)
        output += block
        counter += 1
    return output[:length]
