"""Files as released versions wrote them: ``python -m tests.faults.released`` makes them, once per version.

A file that is kept here is never made again: it stands for those on people's disks. The maker uses nothing of
ChatDesk's store, so that it goes on writing what version 1 wrote.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parent / "released_files"
OUTBOX_1 = KEPT / "outbox-1.db"

USER = "10000000-0000-4000-8000-000000000001"
TALK = "01920000-0000-7000-8000-00000000000a"
FIRST = "01920000-0000-7000-8000-00000000000b"
SECOND = "01920000-0000-7000-8000-00000000000c"
REFUSED = "01920000-0000-7000-8000-00000000000d"
TEXT = "Äpfel, 日本語, 🧵, ' ; -- %s {}\r\n\u202eright to left"
DRAFT = "half a th\u00f6ught"
REASON = "The message is longer than the server takes."

_TABLES = (
    "CREATE TABLE entries (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL,"
    " digest INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, reason TEXT)",
    "CREATE TABLE drafts (conversation_id TEXT PRIMARY KEY, body TEXT NOT NULL)",
)
_APPLICATION = 0x43444B4F


def entries() -> list[dict[str, Any]]:
    """What waits in the outbox, as the bodies of its entries."""

    def send(key: str, parent: str | None, text: str) -> dict[str, Any]:
        args = {"p_id": key, "p_conversation_id": TALK, "p_parent_id": parent, "p_role": "user"}
        return {"kind": "send_message", "lane": TALK, "entity_id": key, "args": {**args, "p_content": text}}

    changes: list[dict[str, Any]] = [
        {
            "kind": "create_conversation",
            "lane": TALK,
            "entity_id": TALK,
            "args": {"p_id": TALK, "p_title": "Before the upgrade", "p_model": None},
        },
        send(FIRST, None, TEXT),
        send(SECOND, FIRST, "second"),
        send(REFUSED, SECOND, "poison"),
        {
            "kind": "update_conversation",
            "lane": TALK,
            "entity_id": TALK,
            "args": {"p_id": TALK, "p_updates": {"title": "Renamed before the upgrade"}},
        },
        {
            "kind": "update_membership",
            "lane": TALK,
            "entity_id": TALK,
            "args": {"p_conversation_id": TALK, "p_updates": {"pinned": True}},
        },
        {
            "kind": "update_profile",
            "lane": "profile",
            "entity_id": USER,
            "args": {"p_updates": {"display_name": "Anna of version 1"}},
        },
    ]
    return [
        {
            "id": f"01920000-0000-7000-8000-1000000000{number:02}",
            "user_id": USER,
            "created_at": f"2026-11-22T12:00:{number:02}.000000+00:00",
            **change,
        }
        for number, change in enumerate(changes)
    ]


def make_outbox_1(path: Path) -> None:
    """Write an outbox as schema version 1 did, with every field of it in use."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = truncate").fetchall()
        for statement in _TABLES:
            connection.execute(statement)
        for position, entry in enumerate(entries(), start=1):
            order = ("id", "kind", "lane", "entity_id", "user_id", "args", "created_at")
            body = json.dumps({name: entry[name] for name in order})
            refused = entry["entity_id"] == REFUSED
            state, reason = ("failed", json.dumps(REASON)) if refused else ("waiting", None)
            row = (position, entry["id"], body, zlib.crc32(body.encode()), state, int(refused), reason)
            connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO drafts VALUES (?, ?)", (TALK, json.dumps(DRAFT)))
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute("PRAGMA user_version = 1")

        connection.execute("PRAGMA journal_mode = delete").fetchall()  # no empty journal beside a kept file


if __name__ == "__main__":
    KEPT.mkdir(exist_ok=True)
    if not OUTBOX_1.exists():
        make_outbox_1(OUTBOX_1)
