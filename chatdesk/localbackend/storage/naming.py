"""Names of objects, and the tokens of signed addresses."""

from __future__ import annotations

import time
from urllib.parse import quote

import jwt

from chatdesk.localbackend.failures import storage_failure

__all__ = ["Signer", "checked_name", "quoted_path"]

_LONGEST = 1024
_LONGEST_VALIDITY = 365 * 24 * 3600


def checked_name(name: str) -> str:
    """``name`` as an object may be called; raises a 400 ``InvalidKey`` failure otherwise."""
    parts = name.split("/")
    harmless = all(part and part not in (".", "..") for part in parts)
    printable = all(letter >= " " and letter not in "\x7f\\" for letter in name)
    try:
        short = len(name.encode()) <= _LONGEST
    except UnicodeEncodeError:
        short = False
    if not (harmless and printable and short):
        raise storage_failure(400, "InvalidKey", f"Invalid key: {name!r}")
    return name


def quoted_path(bucket: str, name: str) -> str:
    """Bucket and name as part of an address."""
    return f"{quote(bucket, safe='')}/{quote(name)}"


class Signer:
    """Signs an object's address for a while with the storage secret (HMAC)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, bucket: str, name: str, seconds: object) -> str:
        """The token; ``seconds`` may come as text, as storage3 sends it."""
        try:
            validity = int(str(seconds))
        except ValueError:
            validity = 0
        if not 0 < validity <= _LONGEST_VALIDITY:
            raise storage_failure(400, "InvalidRequest", "expiresIn must be a positive number of seconds")
        now = int(time.time())
        claims = {"url": f"{bucket}/{name}", "iat": now, "exp": now + validity}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def check(self, token: str, bucket: str, name: str) -> None:
        """Raises a 400 ``InvalidJWT`` failure unless ``token`` is for this object and still good."""
        try:
            claims = jwt.decode(
                token, self._secret, algorithms=["HS256"], options={"require": ["exp", "url"]}
            )
        except jwt.ExpiredSignatureError as expired:
            raise storage_failure(400, "InvalidJWT", '"exp" claim timestamp check failed') from expired
        except jwt.PyJWTError as refused:
            raise storage_failure(400, "InvalidJWT", str(refused) or "The token is none") from refused
        if claims["url"] != f"{bucket}/{name}":
            raise storage_failure(400, "InvalidSignature", "The signature is for another object")
