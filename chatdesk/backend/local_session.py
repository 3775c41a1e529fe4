"""Signing in on the embedded back end without a password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from chatdesk.backend.http import create_http
from chatdesk.backend.local_server import LocalServer
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import Offline, Refused, Retryable
from chatdesk.domain.session import Session


async def request_session(server: LocalServer, clock: Clock) -> Session:
    """Ask ``server`` for a session of its owner, with the control token as the proof.

    Raises ``Offline``, ``Retryable`` (the server has trouble) or ``Refused`` (another program answers there).
    """
    # httpx's own transport would bring httpcore, anyio and h2 for this one request.
    async with create_http(server.url) as client:
        try:
            answer = await client.post(
                f"{server.url}/local/v1/session",
                json={},
                headers={"Authorization": f"Bearer {server.control_token}", "apikey": server.anon_key},
            )
        except httpx.HTTPError as error:
            raise Offline(
                "The back end on this computer does not answer.", "Try again in a moment."
            ) from error
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Retryable(
            "The back end on this computer has trouble.",
            "Try again in a moment.",
            code=str(answer.status_code),
        )
    if not answer.is_success:
        raise Refused(
            "The back end on this computer did not accept this window.",
            "Close all windows of ChatDesk and start it again.",
            code=str(answer.status_code),
        )
    try:
        return _session(answer.json(), clock.now())
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(
            "The back end on this computer answered with something that is not a session.",
            "Close all windows of ChatDesk and start it again.",
        ) from error


def _session(body: Any, now: datetime) -> Session:
    ends = body.get("expires_at")
    expires_at = (
        datetime.fromtimestamp(int(ends), UTC) if ends else now + timedelta(seconds=int(body["expires_in"]))
    )
    email = body["user"].get("email")
    return Session(
        access_token=str(body["access_token"]),
        refresh_token=str(body["refresh_token"]),
        expires_at=expires_at,
        user_id=str(body["user"]["id"]),
        email=str(email) if email else None,
    )
