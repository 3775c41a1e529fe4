"""One back end: its HTTP client, and the supabase client over it.

A session and the live connection need no more than HTTP, so supabase is imported when the first request is to
be sent. The composition root has it imported in a thread by then.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

import httpx

from chatdesk.backend.http import create_http
from chatdesk.backend.library_logs import quieten
from chatdesk.domain.errors import Misconfigured
from chatdesk.domain.session import BackendAddress

if TYPE_CHECKING:
    from supabase import AsyncClient

_ADDRESS = re.compile(r"https?://.")


class BackendClient:
    """One back end: the supabase client and the HTTP client under it.

    Raises ``Misconfigured`` for what supabase would refuse: another address than http, an empty key.
    ``close`` ends every connection; the supabase client has no close of its own.
    """

    def __init__(self, address: BackendAddress) -> None:
        if not _ADDRESS.match(address.url) or not address.api_key:
            raise Misconfigured(
                "The address or the key of the project is not usable.", "Check both.", code="address"
            )
        quieten()
        self.address = address
        self.http: httpx.AsyncClient = create_http(address.url)

    @cached_property
    def supabase(self) -> AsyncClient:
        """The client for requests, made for the first of them."""
        from chatdesk.backend.supabase_client import quiet_client

        return quiet_client(self.address, self.http)

    async def close(self) -> None:
        """Close every connection; safe to call twice."""
        await self.http.aclose()
