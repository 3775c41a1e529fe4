"""Objects and buckets as JSON, and the folder view of a bucket."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from chatdesk.localbackend.failures import storage_failure

__all__ = ["bucket_json", "folder_view", "info_json", "object_json"]


def _shown(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parsed(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def bucket_json(row: Any) -> dict[str, Any]:
    """A bucket as ``storage3.types.BaseBucket`` reads it."""
    return {**row, "created_at": _shown(row["created_at"]), "updated_at": _shown(row["updated_at"])}


def object_json(row: Any, name: str | None = None) -> dict[str, Any]:
    """An object in a list; ``name`` is its name seen from the folder."""
    return {
        "name": name if name is not None else row["name"],
        "id": row["id"],
        "bucket_id": row["bucket_id"],
        "owner_id": row["owner_id"],
        "updated_at": _shown(row["updated_at"]),
        "created_at": _shown(row["created_at"]),
        "last_accessed_at": _shown(row["last_accessed_at"]),
        "metadata": _parsed(row["metadata"]),
    }


def info_json(row: Any) -> dict[str, Any]:
    """Everything about one object."""
    metadata = _parsed(row["metadata"]) or {}
    return {
        "id": row["id"],
        "name": row["name"],
        "bucket_id": row["bucket_id"],
        "version": row["version"],
        "size": metadata.get("size"),
        "content_type": metadata.get("mimetype"),
        "cache_control": metadata.get("cacheControl"),
        "etag": metadata.get("eTag"),
        "metadata": _parsed(row["user_metadata"]) or {},
        "last_modified": _shown(row["updated_at"]),
        "created_at": _shown(row["created_at"]),
    }


def folder_view(rows: Iterable[Any], prefix: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """What lies directly below ``prefix``: objects, and folders (with id null). Honours search, sortBy, limit
    and offset of ``wanted``; raises a 400 failure for others."""
    unknown = wanted.keys() - {"prefix", "limit", "offset", "sortBy", "search"}
    sort = wanted.get("sortBy") or {}
    column = sort.get("column", "name")
    if unknown or column not in ("name", "created_at", "updated_at", "last_accessed_at"):
        what = ", ".join(sorted(unknown)) or f"sortBy {column!r}"
        raise storage_failure(400, "InvalidRequest", f"The embedded back end cannot list with {what}")
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        rest = row["name"][len(prefix) :]
        name, slash, _ = rest.partition("/")
        if str(wanted.get("search") or "").lower() not in name.lower():
            continue
        if slash:
            found.setdefault(name, {key: None for key in object_json(row, name)} | {"name": name})
        else:
            found[name] = object_json(row, name)
    entries = sorted(
        found.values(),
        key=lambda entry: (entry[column] or "", entry["name"]),
        reverse=sort.get("order") == "desc",
    )
    offset, limit = int(wanted.get("offset") or 0), int(wanted.get("limit") or 100)
    return entries[offset : offset + limit]
