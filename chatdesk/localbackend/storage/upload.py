"""The multipart body of an upload, read with the bucket's limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import BodyPartReader, web

from chatdesk.localbackend.failures import storage_failure

__all__ = ["Upload", "read_upload"]

_LARGEST = 50 * 1024 * 1024  # where a bucket sets no limit
_FIELD_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """What came: the bytes, their media type without parameters, cache seconds, the user's metadata."""

    content: bytes
    mime: str
    cache_seconds: str
    metadata: dict[str, Any] | None


async def read_upload(request: web.Request, bucket: Any) -> Upload:
    """The upload; raises 413, 415 and 400 failures. ``bucket`` is the row of storage.buckets."""
    if not request.content_type.startswith("multipart/"):
        raise storage_failure(
            400, "InvalidRequest", "The embedded back end takes uploads as multipart/form-data only"
        )
    limit = bucket["file_size_limit"] or _LARGEST
    content: bytes | None = None
    mime, cache_seconds, metadata = "application/octet-stream", "3600", None
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise storage_failure(400, "InvalidRequest", "Nested multipart bodies are not understood")
            if part.name == "cacheControl":
                cache_seconds = (await _read(part, _FIELD_LIMIT)).decode()
            elif part.name == "metadata":
                metadata = _object(await _read(part, _FIELD_LIMIT))
            elif part.filename is not None or part.name in ("file", ""):
                mime = part.headers.get("Content-Type", mime).partition(";")[0].strip().lower()
                _check_mime(mime, bucket["allowed_mime_types"])
                content = await _read(part, limit)
    except (ValueError, AssertionError) as broken:  # what aiohttp raises for a malformed body
        raise storage_failure(400, "InvalidRequest", f"The multipart body is broken: {broken}") from broken
    if content is None:
        raise storage_failure(400, "InvalidRequest", "The upload has no file part")
    return Upload(content, mime, cache_seconds if cache_seconds.isdigit() else "3600", metadata)


async def _read(part: BodyPartReader, limit: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        content += chunk
        if len(content) > limit:
            raise storage_failure(413, "Payload too large", "The object exceeded the maximum allowed size")
    return bytes(content)


def _object(text: bytes) -> dict[str, Any]:
    value = orjson.loads(text)  # JSONDecodeError is a ValueError
    if not isinstance(value, dict):
        raise ValueError("metadata must be an object")
    return value


def _check_mime(mime: str, allowed: list[str] | None) -> None:
    whole_kind = mime.partition("/")[0] + "/*"
    if allowed and not {mime, whole_kind, "*/*"} & set(allowed):
        raise storage_failure(415, "invalid_mime_type", f"mime type {mime} is not supported")
