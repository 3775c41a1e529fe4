"""The table of providers."""

from __future__ import annotations

from chatdesk.domain.provider import ProviderSettings
from chatdesk.store.connection import Database
from chatdesk.store.rows import PROVIDER_COLUMNS, decode_provider, decoding, encode_provider

_MERGE = (
    f"INSERT INTO providers ({PROVIDER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name,"
    " base_url = excluded.base_url, models = excluded.models, revision = excluded.revision,"
    " updated_at = excluded.updated_at, deleted_at = excluded.deleted_at"
    " WHERE excluded.revision > providers.revision"
)


def read_provider(cache: Database, provider_id: str) -> ProviderSettings | None:
    row = cache.row(f"SELECT {PROVIDER_COLUMNS} FROM providers WHERE id = ?", (provider_id,))
    with decoding():
        return None if row is None else decode_provider(row)


def read_providers(cache: Database) -> list[ProviderSettings]:
    """Return all of them, tombstones too."""
    found = cache.rows(f"SELECT {PROVIDER_COLUMNS} FROM providers")
    with decoding():
        return [decode_provider(row) for row in found]


def merge_provider(cache: Database, row: ProviderSettings) -> None:
    """Store the row if it is newer than the stored one."""
    cache.execute(_MERGE, encode_provider(row))
