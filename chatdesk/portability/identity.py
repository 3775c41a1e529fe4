"""Ids for what comes from a file: the same file gives the same ids, so a second import finds itself done."""

from __future__ import annotations

import uuid

from chatdesk.portability.source import Format

_SPACE = uuid.UUID("5f0c1c1e-9d0b-5e57-8b6e-2f5a7b1c9d44")


def conversation_id(user_id: str, source: Format, key: str, copy: int = 0) -> str:
    """Return the id of an imported conversation.

    It belongs to one account, so that two people may import one file. ``copy`` counts up when the id before
    was deleted here, because a tombstone stays for ever.
    """
    return str(uuid.uuid5(_SPACE, f"{user_id}\n{source.value}\n{copy}\n{key}"))


def message_id(conversation: str, key: str) -> str:
    """Return the id of a message of an imported conversation."""
    return str(uuid.uuid5(uuid.UUID(conversation), key))


def provider_id(user_id: str, key: str) -> str:
    """Return the id that a provider of another account gets in this one; a key in a keyring stays behind."""
    return str(uuid.uuid5(_SPACE, f"{user_id}\nprovider\n{key}"))
