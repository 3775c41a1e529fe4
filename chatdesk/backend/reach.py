"""Whether anybody is there: a TCP handshake and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit

LOOK = 2.0
"""Seconds a look may take."""


async def listens(url: str) -> bool:
    """Tell whether a socket is accepted at the host and port of ``url``.

    Costs the server no more than the handshake: no TLS, no request, no database. Where a proxy has to be used
    the answer is always no.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
    try:
        async with asyncio.timeout(LOOK):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
