"""The SDK's way to a server on a unix socket, which no other user of the computer can reach."""

from __future__ import annotations

import httpx


def over_socket(path: str) -> httpx.AsyncHTTPTransport:
    """Return a transport that connects to the socket at ``path``, whatever host an address names."""
    return httpx.AsyncHTTPTransport(uds=path)
