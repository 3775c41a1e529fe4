"""What stands between a client and a server that it should not write to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chatdesk.backend.check import SCHEMA_VERSION
from chatdesk.backend.client import BackendClient
from chatdesk.backend.tables import RenewableTokens, SupabaseRemote
from chatdesk.domain.errors import AccountGone, ChatDeskError, Offline, Retryable

NEWER = "schema_newer"
"""The code of a write that is held back because the server is newer than this ChatDesk."""

_READS = ("pull_", "page_", "list_", "schema_", "account_files", "member_marks")

Heard = Callable[[], None]


class Watchman:
    """Knows whether the account's server may be written to.

    An older ChatDesk does not know what a newer schema means by its rows, so it only reads; what was written
    waits. ``on_newer`` is called when the server turns out to be newer, ``on_gone`` when it says that the
    account was deleted. ``anew`` is called for every connection: the server may have changed meanwhile.
    """

    def __init__(self, on_newer: Heard, on_gone: Heard) -> None:
        self._on_newer = on_newer
        self._on_gone = on_gone
        self._version: int | None = None

    def anew(self) -> None:
        """Ask again before the next write."""
        self._version = None

    def gone(self) -> None:
        self._on_gone()

    async def look(self, remote: SupabaseRemote) -> None:
        """Ask the server for its number; raises what the request raises."""
        try:
            answer = await remote.call("schema_version", {})
        except Offline:
            raise
        except Retryable:
            answer = 0  # It does not know the call: older, and its own refusals say so.
        version = answer if type(answer) is int else 0
        before, self._version = self._version, version
        if version > SCHEMA_VERSION and before != version:
            self._on_newer()

    async def check(self, remote: SupabaseRemote) -> None:
        """Let a write pass; raises ``Retryable`` when this ChatDesk is too old for it."""
        if self._version is None:
            await self.look(remote)
        if (self._version or 0) > SCHEMA_VERSION:
            raise Retryable(
                "The server is newer than this ChatDesk, which may only read there.",
                "Update ChatDesk; what is written here waits until then.",
                NEWER,
            )


class GuardedRemote(SupabaseRemote):
    """Requests that ask the watchman first."""

    def __init__(self, client: BackendClient, tokens: RenewableTokens, watchman: Watchman) -> None:
        super().__init__(client, tokens)
        self._watchman = watchman

    async def put_file(self, path: str, content: bytes, media_type: str) -> None:
        await self._watchman.check(self)
        await super().put_file(path, content, media_type)

    async def look(self) -> None:
        """Learn early whether one may write; failures are left to those who have something to ask."""
        try:
            await self._watchman.look(self)
        except ChatDeskError:
            return

    async def _call(self, name: str, args: Mapping[str, Any]) -> object:
        try:
            if not name.startswith(_READS):
                await self._watchman.check(self)
            return await super()._call(name, args)
        except AccountGone:
            self._watchman.gone()
            raise
