"""The supabase client, set up so that it keeps nothing and does nothing by itself.

No stored session, no refresh timer, no automatic retries: the session belongs to ``sessions``, repetition to
the sync engine. Importing this module imports supabase (about half a second): the composition root does that
in a thread, after the first paint.
"""

from __future__ import annotations

import httpx
from supabase import AsyncClient, AsyncClientOptions

from chatdesk.backend.http import create_http
from chatdesk.backend.library_logs import quieten
from chatdesk.domain.errors import Misconfigured
from chatdesk.domain.session import BackendAddress


class BackendClient:
    """One back end: the supabase client and the HTTP client under it.

    Raises ``Misconfigured`` for an address that supabase itself refuses. ``close`` ends every connection; the
    supabase client has no close of its own.
    """

    def __init__(self, address: BackendAddress) -> None:
        quieten()
        self.address = address
        self.http: httpx.AsyncClient = create_http(address.url)
        options = AsyncClientOptions(
            auto_refresh_token=False,
            persist_session=False,
            httpx_client=self.http,
            postgrest_client_retry=False,
        )
        try:
            self.supabase = AsyncClient(address.url, address.api_key, options)
        except Exception as error:
            raise Misconfigured(
                "The address or the key of the project is not usable.", "Check both.", code="address"
            ) from error

    async def close(self) -> None:
        """Close every connection; safe to call twice."""
        await self.http.aclose()
