"""A browser as far as a sign-in needs one: it goes where it is sent, with no key and no cookie."""

from __future__ import annotations

from urllib.parse import urljoin

import aiohttp

_MOST = 8


async def browse(url: str) -> tuple[str, str]:
    """Open an address and follow it to its end; returns the last address and the page there."""
    async with aiohttp.ClientSession() as http:
        for _ in range(_MOST):
            headers = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
            async with http.get(url, headers=headers, allow_redirects=False) as answer:
                page = await answer.text()
                if answer.status not in (302, 303):
                    return url, page
                url = urljoin(url, answer.headers["Location"])
    raise AssertionError("the browser is sent round in circles")
