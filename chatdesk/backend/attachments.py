"""Files of messages in the private bucket ``attachments``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from storage3 import AsyncStorageClient
from storage3.exceptions import StorageApiError

from chatdesk.backend import failures
from chatdesk.backend.auth_failures import from_storage
from chatdesk.backend.base import TokenSource
from chatdesk.backend.client import BackendClient
from chatdesk.backend.http import Answer, last_answer
from chatdesk.domain.attachment import ENDINGS, MAX_BYTES, is_path
from chatdesk.domain.errors import BadInput, ChatDeskError, Refused

T = TypeVar("T")

BUCKET = "attachments"

FORGET_SECONDS = 5.0
UNREADABLE = "This file is not there any more, or not for you."


class AttachmentFiles:
    """What ``Remote`` does with files, on Supabase Storage.

    A file is stored under the path that follows from its message, over whatever an earlier try left there, so
    the call can be repeated. Raises what ``Remote`` raises.
    """

    def __init__(self, client: BackendClient, tokens: TokenSource) -> None:
        self._client = client
        self._tokens = tokens

    async def put(self, path: str, content: bytes, media_type: str) -> None:
        if not is_path(path) or media_type not in ENDINGS:
            raise BadInput("This file cannot be attached.", "Remove it from the message.", "path")
        if len(content) > MAX_BYTES:
            raise _too_large()
        bucket = (await self._storage()).from_(BUCKET)
        options = {"content-type": media_type, "cache-control": "31536000", "upsert": "true"}
        await _ask(bucket.upload(path, content, options), writing=True)  # type: ignore[arg-type]  # a TypedDict

    async def get(self, path: str) -> bytes:
        if not is_path(path):
            raise Refused(UNREADABLE, "", code="path")
        content = await _ask((await self._storage()).from_(BUCKET).download(path), writing=False)
        if len(content) > MAX_BYTES:
            raise Refused("This file is larger than it may be and was not opened.", "", code="413")
        return content

    async def forget(self, conversation_id: str, message_id: str) -> None:
        """Remove the files of a message that was deleted, as far as they are the caller's own.

        Nobody can read them any more, so what cannot be removed now may stay.
        """
        folder = f"{conversation_id}/{message_id}"
        with suppress(ChatDeskError, TimeoutError):
            async with asyncio.timeout(FORGET_SECONDS):
                bucket = (await self._storage()).from_(BUCKET)
                found = await _ask(bucket.list(folder), writing=False)
                if paths := [f"{folder}/{one['name']}" for one in found]:
                    await _ask(bucket.remove(paths), writing=True)

    async def _storage(self) -> AsyncStorageClient:
        address = self._client.address
        token = await self._tokens.access_token()
        return AsyncStorageClient(
            f"{address.url.rstrip('/')}/storage/v1/",
            {"apiKey": address.api_key, "Authorization": f"Bearer {token}"},
            http_client=self._client.http,
        )


async def _ask(request: Awaitable[T], *, writing: bool) -> T:
    last_answer.set(None)
    try:
        return await request
    except Exception as error:
        raise _translated(error, last_answer.get(), writing=writing) from error


def _translated(error: Exception, answer: Answer | None, *, writing: bool) -> ChatDeskError:
    """Translate as for profile pictures, in words about files."""
    found = from_storage(error, answer)
    if not isinstance(error, StorageApiError) or not isinstance(found, Refused):
        return found
    status = found.code or ""
    if status == "413":
        return _too_large()
    if status in ("401", "403", "404"):
        if writing and "bucket" in error.message.lower():
            return failures.missing_schema(status)
        return failures.forbidden(status) if writing else Refused(UNREADABLE, "", status)
    return BadInput("The server does not take this kind of file.", "Remove it from the message.", status)


def _too_large() -> BadInput:
    return BadInput(
        "The files of this message are larger than the server takes.", "Remove one of them.", code="413"
    )
