"""Requests to Auth, whose library may not be here yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatdesk.app.slow_import import Part, imported
from chatdesk.domain.clock import Clock
from chatdesk.domain.session import Session

if TYPE_CHECKING:
    from chatdesk.backend.auth import AuthApi, SignOutScope
    from chatdesk.backend.client import BackendClient


class LazyAuth:
    """A ``SessionAuth`` that waits for the library at its first request: most starts make none."""

    def __init__(self, client: BackendClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def refresh(self, refresh_token: str) -> Session:
        return await (await self._api()).refresh(refresh_token)

    async def sign_out(self, access_token: str, scope: SignOutScope = "local") -> None:
        await (await self._api()).sign_out(access_token, scope)

    async def _api(self) -> AuthApi:
        await imported(Part.REQUESTS)
        from chatdesk.backend.auth import AuthApi

        return AuthApi(self._client, self._clock)
