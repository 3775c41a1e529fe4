"""The supabase client, set up so that it keeps nothing and does nothing by itself.

No stored session, no refresh timer, no automatic retries: the session belongs to ``sessions``, repetition to
the sync engine. Importing this module imports supabase with all its parts, for requests, accounts and files;
the composition root does that in a thread, last of all.
"""

from __future__ import annotations

import httpx
from supabase import AsyncClient, AsyncClientOptions

from chatdesk.domain.session import BackendAddress


def quiet_client(address: BackendAddress, http: httpx.AsyncClient) -> AsyncClient:
    """Make the client for one back end; it has nothing to close but ``http``."""
    options = AsyncClientOptions(
        auto_refresh_token=False,
        persist_session=False,
        httpx_client=http,
        postgrest_client_retry=False,
    )
    return AsyncClient(address.url, address.api_key, options)
