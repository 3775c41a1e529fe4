"""Rows of storage.objects in the caller's name, and the files that belong to them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson

from chatdesk.localbackend.database import Database
from chatdesk.localbackend.failures import storage_failure
from chatdesk.localbackend.storage.files import Files
from chatdesk.localbackend.storage.upload import Upload
from chatdesk.localbackend.tokens import Caller

__all__ = ["Objects", "not_found"]

_FIELDS = """id::text, name, bucket_id, owner_id, version, metadata::text as metadata,
    user_metadata::text as user_metadata, created_at, updated_at, last_accessed_at"""
_BUCKET_FIELDS = """id, name, coalesce(owner_id, owner::text, '') as owner, coalesce(public, false) as public,
    file_size_limit, allowed_mime_types, created_at, updated_at"""
_MOST_LISTED = 10_000


def not_found() -> Exception:
    """The refusal that a stranger and a wrong name get alike."""
    return storage_failure(404, "not_found", "Object not found")


class Objects:
    """Reads and writes objects. Row-level security decides under the caller's role; all refusals are
    reply failures or PostgreSQL's 42501."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files
        # One writer at a time: the file of a replaced version can be removed without asking who reads rows.
        self._writing = asyncio.Lock()

    async def buckets(self, caller: Caller, bucket: str | None = None) -> list[Any]:
        """The buckets that the caller sees."""
        async with self._database.acting_as(caller, read_only=True) as connection:
            return list(
                await connection.fetch(
                    f"""select {_BUCKET_FIELDS} from storage.buckets
                        where $1::text is null or id = $1 order by id""",
                    bucket,
                )
            )

    async def bucket(self, bucket: str) -> Any:
        """The bucket itself, for its limits; raises 404."""
        async with self._database.admin.acquire() as connection:
            row = await connection.fetchrow(
                f"select {_BUCKET_FIELDS} from storage.buckets where id = $1", bucket
            )
        if row is None:
            raise storage_failure(404, "Bucket not found", "Bucket not found")
        return row

    async def store(self, caller: Caller, bucket: str, name: str, upload: Upload, how: str) -> str:
        """Write an object and return its id; ``how`` is insert, upsert or update."""
        version = await self._files.write(upload.content)
        old: str | None = None
        try:
            async with self._writing:
                old = await self._version(bucket, name)
                object_id = await self._write_row(caller, bucket, name, upload, how, version)
        except BaseException:
            await self._files.remove(version)
            raise
        await self._files.remove(old)
        return object_id

    async def _version(self, bucket: str, name: str) -> str | None:
        async with self._database.admin.acquire() as connection:
            version: str | None = await connection.fetchval(
                "select version from storage.objects where bucket_id = $1 and name = $2", bucket, name
            )
            return version

    async def _write_row(
        self, caller: Caller, bucket: str, name: str, upload: Upload, how: str, version: str
    ) -> str:
        metadata = {
            "eTag": f'"{hashlib.md5(upload.content, usedforsecurity=False).hexdigest()}"',
            "size": len(upload.content),
            "mimetype": upload.mime,
            "cacheControl": f"max-age={upload.cache_seconds}",
            "lastModified": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "contentLength": len(upload.content),
            "httpStatusCode": 200,
        }
        own = orjson.dumps(upload.metadata).decode() if upload.metadata is not None else None
        values = (bucket, name, caller.subject, version, orjson.dumps(metadata).decode(), own)
        insert = """insert into storage.objects as o
                    (bucket_id, name, owner, owner_id, version, metadata, user_metadata)
                    values ($1, $2, $3::text::uuid, $3::text, $4, $5::jsonb, $6::jsonb)"""
        change = """set version = $4, metadata = $5::jsonb, user_metadata = $6::jsonb, updated_at = now(),
                    owner = coalesce($3::text::uuid, o.owner), owner_id = coalesce($3::text, o.owner_id)"""
        async with self._database.acting_as(caller) as connection:
            try:
                if how == "update":
                    done = await connection.execute(
                        f"update storage.objects as o {change} where bucket_id = $1 and name = $2", *values
                    )
                    if done == "UPDATE 0":
                        raise not_found()
                elif how == "upsert":
                    await connection.execute(
                        f"{insert} on conflict (bucket_id, name) do update {change}", *values
                    )
                else:
                    await connection.execute(insert, *values)
            except asyncpg.UniqueViolationError as taken:
                raise storage_failure(409, "Duplicate", "The resource already exists") from taken
        async with self._database.admin.acquire() as connection:
            object_id: str = await connection.fetchval(
                "select id::text from storage.objects where bucket_id = $1 and name = $2", bucket, name
            )
            return object_id

    async def row(self, caller: Caller | None, bucket: str, name: str) -> Any:
        """The object's row as the caller sees it; None asks as the server (a signed address). Raises 404."""
        question = f"select {_FIELDS} from storage.objects where bucket_id = $1 and name = $2"
        if caller is None:
            async with self._database.admin.acquire() as connection:
                row = await connection.fetchrow(question, bucket, name)
        else:
            async with self._database.acting_as(caller, read_only=True) as connection:
                row = await connection.fetchrow(question, bucket, name)
        if row is None:
            raise not_found()
        return row

    async def content(self, row: Any) -> bytes:
        """The bytes of a row."""
        try:
            return await self._files.read(row["version"])
        except (FileNotFoundError, TypeError, ValueError) as missing:
            raise not_found() from missing

    async def remove(self, caller: Caller, bucket: str, names: Sequence[str]) -> list[Any]:
        """Remove what the caller may remove and return those rows."""
        async with self._writing:
            async with self._database.acting_as(caller) as connection:
                rows = await connection.fetch(
                    f"""delete from storage.objects
                        where bucket_id = $1 and name = any($2::text[]) returning {_FIELDS}""",
                    bucket,
                    list(names),
                )
            await self._files.remove(*(row["version"] for row in rows))
        return list(rows)

    async def below(self, caller: Caller, bucket: str, prefix: str) -> list[Any]:
        """The objects whose names start with ``prefix``."""
        async with self._database.acting_as(caller, read_only=True) as connection:
            return list(
                await connection.fetch(
                    f"""select {_FIELDS} from storage.objects
                        where bucket_id = $1 and starts_with(name, $2) order by name limit {_MOST_LISTED}""",
                    bucket,
                    prefix,
                )
            )
