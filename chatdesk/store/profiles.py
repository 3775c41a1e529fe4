"""The table of profiles."""

from __future__ import annotations

from chatdesk.domain.profile import Profile
from chatdesk.store.connection import Database
from chatdesk.store.rows import PROFILE_COLUMNS, decode_profile, decoding, encode_profile

_MERGE = (
    f"INSERT INTO profiles ({PROFILE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET username = excluded.username, display_name = excluded.display_name,"
    " avatar_path = excluded.avatar_path, revision = excluded.revision, updated_at = excluded.updated_at,"
    " shows_presence = excluded.shows_presence, shows_typing = excluded.shows_typing,"
    " shows_reading = excluded.shows_reading"
    " WHERE excluded.revision > profiles.revision"
)


def read_profile(cache: Database, profile_id: str) -> Profile | None:
    row = cache.row(f"SELECT {PROFILE_COLUMNS} FROM profiles WHERE id = ?", (profile_id,))
    with decoding():
        return None if row is None else decode_profile(row)


def read_profiles(cache: Database) -> list[Profile]:
    found = cache.rows(f"SELECT {PROFILE_COLUMNS} FROM profiles")
    with decoding():
        return [decode_profile(row) for row in found]


def merge_profile(cache: Database, row: Profile) -> None:
    """Store the row if it is newer than the stored one."""
    cache.execute(_MERGE, encode_profile(row))
