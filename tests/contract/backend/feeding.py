"""What the tests of the feed say and ask."""

from __future__ import annotations

import os
from typing import Any

from chatdesk.domain.ids import new_id
from chatdesk.domain.session import BackendAddress, BackendKind
from tests.support.phoenix import Phoenix

CONVERSATION = new_id()
ROWS = f"conversation:{CONVERSATION}:1"
LIVE = f"{ROWS}:live"
OTHER = f"user:{new_id()}"
TOKEN = "header.secret-token-of-a-user.signature"


def address(server: Phoenix) -> BackendAddress:
    return BackendAddress(BackendKind.SUPABASE, server.url, "the-publishable-key")


def descriptors() -> int:
    """How many files and sockets this process has open; where nobody can tell, always none."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def changed(revision: int = 1) -> dict[str, Any]:
    return {"conversation_id": CONVERSATION, "message_id": CONVERSATION, "revision": revision, "record": None}
