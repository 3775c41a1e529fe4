"""Small things this slot remembers, such as the conversation that was open."""

from __future__ import annotations

import json

from chatdesk.store.connection import Database
from chatdesk.store.rows import decoding


def read_setting(cache: Database, key: str) -> str | None:
    row = cache.row("SELECT body FROM settings WHERE key = ?", (key,))
    with decoding():
        return None if row is None else str(json.loads(row[0]))


def write_setting(cache: Database, key: str, value: str) -> None:
    """Store a value; as JSON, which keeps every text."""
    with cache.transaction():
        cache.execute(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body",
            (key, json.dumps(value)),
        )
