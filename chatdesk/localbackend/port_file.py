"""How the processes of this OS user find the running server."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path

__all__ = ["PORT_FILE", "remove_port_file", "write_port_file"]

PORT_FILE = "server.json"


def write_port_file(home: Path, *, port: int, anon_key: str, control_token: str, version: str) -> None:
    """Write ``server.json`` (0600) in one step: whoever sees it sees all of it."""
    content = {
        "pid": os.getpid(),
        "port": port,
        "url": f"http://127.0.0.1:{port}",
        "anon_key": anon_key,
        "control_token": control_token,
        "version": version,
    }
    draft = home / f".{PORT_FILE}.{secrets.token_hex(8)}.tmp"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
    draft.replace(home / PORT_FILE)


def remove_port_file(home: Path) -> None:
    """Remove it, and the drafts of a predecessor that was killed; only the holder of the lock may."""
    with contextlib.suppress(OSError):
        (home / PORT_FILE).unlink(missing_ok=True)
    for draft in home.glob(f".{PORT_FILE}.*.tmp"):
        with contextlib.suppress(OSError):
            draft.unlink()
