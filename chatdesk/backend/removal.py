"""Deleting an account: its files through the Storage API first, then everything else by one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from storage3 import AsyncStorageClient

from chatdesk.backend import answers
from chatdesk.backend.auth_failures import from_storage
from chatdesk.backend.base import TokenSource
from chatdesk.backend.client import BackendClient
from chatdesk.backend.http import last_answer
from chatdesk.backend.tables import SupabaseRemote
from chatdesk.domain.errors import AccountGone, Refused

AT_ONCE = 100
"""Files in one request: the Storage API refuses more than a thousand, and slow servers many less."""

ROUNDS = 200
"""Times 500 files: whoever has more is asked to start again."""


class AccountRemoval:
    """Deletes the account of the tokens' owner.

    ``run`` can be repeated whenever it was cut off: files that are gone are not listed any more, and an
    account that is gone already counts as deleted. ``told(count)``: so many files were removed so far. Raises
    what ``Remote`` raises; the account is still there then.
    """

    def __init__(self, client: BackendClient, tokens: TokenSource, remote: SupabaseRemote) -> None:
        self._client = client
        self._tokens = tokens
        self._remote = remote

    async def run(self, user_id: str, told: Callable[[int], None]) -> None:
        try:
            await self._files(told)
            await self._remote.call("delete_account", {"p_user_id": user_id})
        except AccountGone:
            return  # An earlier try came through, and only its answer did not.

    async def _files(self, told: Callable[[int], None]) -> None:
        removed = 0
        before: Sequence[tuple[str, str]] = ()
        for _ in range(ROUNDS):
            files = answers.stored_files(await self._remote.call("account_files", {}))
            if not files:
                return
            if files == before:
                break
            for bucket in sorted({bucket for bucket, _name in files}):
                names = [name for place, name in files if place == bucket]
                for start in range(0, len(names), AT_ONCE):
                    removed += await self._remove(bucket, names[start : start + AT_ONCE])
                    told(removed)
            before = files
        raise Refused(
            "Not all files of this account could be removed, so it was not deleted.",
            "Try again, or ask who looks after the project to remove the files.",
            "files_left",
        )

    async def _remove(self, bucket: str, names: list[str]) -> int:
        address = self._client.address
        token = await self._tokens.access_token()
        storage = AsyncStorageClient(
            f"{address.url.rstrip('/')}/storage/v1/",
            {"apiKey": address.api_key, "Authorization": f"Bearer {token}"},
            http_client=self._client.http,
        )
        last_answer.set(None)
        try:
            return len(await storage.from_(bucket).remove(names))
        except Exception as error:
            raise from_storage(error, last_answer.get()) from error
