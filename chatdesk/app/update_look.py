"""Where this copy of ChatDesk asks for a newer version, and whose answer it believes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping

from chatdesk.config.environment import UPDATE_URL
from chatdesk.domain.errors import Refused
from chatdesk.domain.release import Release, is_version
from chatdesk.resources import resource
from chatdesk.services.updates import Look

_log = logging.getLogger(__name__)

FILE = "release.json"
"""Address and public key; both are empty in a source checkout and put in when a program is built."""


def update_look(environment: Mapping[str, str]) -> Look | None:
    """Return how to ask, None where there is no address or no key: what nobody signed is not asked for."""
    try:
        known = json.loads(resource(FILE).read_text("utf-8"))
        url, key = str(known["url"]), str(known["key"])
    except (OSError, ValueError, KeyError, TypeError) as failure:
        _log.warning("%s cannot be read: %s", FILE, type(failure).__name__)
        return None
    url = environment.get(UPDATE_URL.name, "").strip() or url
    return looking(url, key) if url and key else None


def looking(url: str, key: str) -> Look:
    """Return what asks at ``url`` and believes ``key``."""

    async def look() -> Release:
        return await asyncio.to_thread(_look, url, key)

    return look


def _look(url: str, key: str) -> Release:
    # In the thread: importing cryptography takes a while.
    from chatdesk.backend.release_file import fetch_release_file
    from chatdesk.credentials.signed_file import signed_text

    text = signed_text(fetch_release_file(url), key)
    try:
        told = json.loads(text)
        version, page = told["version"], told["page"]
        if not is_version(version) or not page.startswith("https://"):
            raise ValueError("no version, or no address")
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as failure:
        raise Refused(
            "The answer about new versions cannot be read by this version.",
            "Look for a new version where you got ChatDesk from.",
            type(failure).__name__,
        ) from failure
    return Release(version, page)
