"""Profile pictures in the private bucket ``avatars``."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import TypeVar

from storage3 import AsyncStorageClient

from chatdesk.backend.auth_failures import from_storage
from chatdesk.backend.base import TokenSource
from chatdesk.backend.client import BackendClient
from chatdesk.backend.http import last_answer
from chatdesk.domain.errors import BadInput, Refused
from chatdesk.domain.ids import is_id, new_id

T = TypeVar("T")

BUCKET = "avatars"
MAX_BYTES = 2 * 1024 * 1024
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}

_PATH = re.compile(r"([0-9a-f-]{36})/[\w-]{1,100}\.(?:png|jpg|jpeg|webp)\Z", re.ASCII)


class SupabaseAvatars:
    """The ``AvatarStore`` port on Supabase Storage.

    Every upload gets a new name, so no cache shows an old picture under a new profile. Raises ``BadInput``
    for what is no picture or too large, otherwise what ``Remote`` raises.
    """

    def __init__(self, client: BackendClient, tokens: TokenSource) -> None:
        self._client = client
        self._tokens = tokens

    async def upload(self, user_id: str, image: bytes, content_type: str) -> str:
        if len(image) > MAX_BYTES:
            raise BadInput("The picture is larger than 2 MB.", "Choose a smaller one.", code="413")
        found = sniff(image)
        if found is None or found != content_type:
            raise BadInput("This is not a PNG, JPEG or WebP picture.", "Choose another one.", code="415")
        path = f"{user_id}/{new_id()}.{ENDINGS[found]}"
        bucket = (await self._storage()).from_(BUCKET)
        await self._ask(bucket.upload(path, image, {"content-type": found, "cache-control": "31536000"}))
        return path

    async def download(self, path: str) -> bytes:
        match = _PATH.match(path)
        if match is None or not is_id(match[1]):
            raise Refused("This picture's address is not valid.", "", code="path")
        image = await self._ask((await self._storage()).from_(BUCKET).download(path))
        if len(image) > MAX_BYTES or sniff(image) is None:
            raise Refused("This picture cannot be shown.", "", code="415")
        return image

    async def remove(self, path: str) -> None:
        """Remove a picture of one's own; one that is not there is no mistake."""
        await self._ask((await self._storage()).from_(BUCKET).remove([path]))

    async def _storage(self) -> AsyncStorageClient:
        address = self._client.address
        token = await self._tokens.access_token()
        return AsyncStorageClient(
            f"{address.url.rstrip('/')}/storage/v1/",
            {"apiKey": address.api_key, "Authorization": f"Bearer {token}"},
            http_client=self._client.http,
        )

    async def _ask(self, request: Awaitable[T]) -> T:
        last_answer.set(None)
        try:
            return await request
        except Exception as error:
            raise from_storage(error, last_answer.get()) from error


def sniff(image: bytes) -> str | None:
    """Tell what a picture is by its first bytes, or None; names and declared types are only claims."""
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if image.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return "image/webp"
    return None
