"""Keys that live in the vault."""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import secrets
from contextlib import AbstractContextManager

from chatdesk.credentials.vault import Vault

_log = logging.getLogger(__name__)

KEY_BYTES = 32


def key_from_vault(vault: Vault, name: str, guard: AbstractContextManager[object] | None = None) -> bytes:
    """Return the 32-byte key kept under ``name``, made at random on first use. Blocks.

    ``guard`` is a lock between processes, held while a key is made: without one, two instances on their very
    first start could each make a key, and one of them would seal files with the key that lost. What is
    returned is always what the vault gives back. An entry that is no key is as good as lost and is replaced.
    Raises ``VaultUnavailable``.
    """
    if (key := _read(vault, name)) is not None:
        return key
    with guard or contextlib.nullcontext():
        if (key := _read(vault, name)) is not None:
            return key
        fresh = secrets.token_bytes(KEY_BYTES)
        vault.set(name, encode_key(fresh))
        return _read(vault, name) or fresh


def encode_key(key: bytes) -> str:
    """Return a key as the vault keeps it and the embedded back end reads it: base64url without padding."""
    return base64.urlsafe_b64encode(key).decode("ascii").rstrip("=")


def _read(vault: Vault, name: str) -> bytes | None:
    text = vault.get(name)
    if text is None:
        return None
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        _log.warning("The vault's entry %s is not a key of ChatDesk; a new one takes its place.", name)
        return None
    return key
