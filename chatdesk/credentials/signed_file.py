"""Files that whoever makes ChatDesk has signed.

Such a file is a JSON object with two strings: ``signed``, what is said, and ``signature``, base64 of the
Ed25519 signature over ``PURPOSE`` and the UTF-8 of ``signed``.
"""

from __future__ import annotations

import base64
import binascii
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chatdesk.domain.errors import Refused

PURPOSE = b"ChatDesk release file, version 1\n"
"""Comes before what is signed: the key's signature under anything else is worth nothing here."""


def signed_text(content: bytes, key: str) -> str:
    """Return what a file says, if ``key`` (base64 of the public key) signed it.

    Raises ``Refused`` for any other file, whatever is wrong with it.
    """
    try:
        file = json.loads(content)
        signed, signature = file["signed"], file["signature"]
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), PURPOSE + signed.encode("utf-8"))
    except (
        AttributeError,
        InvalidSignature,
        KeyError,
        RecursionError,
        TypeError,
        ValueError,
        binascii.Error,
    ) as failure:
        raise Refused(
            "The answer about new versions does not come from ChatDesk's makers.",
            "Look for a new version where you got ChatDesk from.",
            type(failure).__name__,
        ) from failure
    return str(signed)
