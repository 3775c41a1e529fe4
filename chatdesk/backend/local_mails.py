"""The mails of the embedded back end: read with the control token, shown in ChatDesk's own window."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from chatdesk.backend.http import create_http
from chatdesk.backend.local_server import LocalServer
from chatdesk.domain.errors import Offline, Retryable
from chatdesk.domain.sign_in import LocalMail


async def request_mails(server: LocalServer) -> tuple[LocalMail, ...]:
    """Return what ``server`` has sent, newest first; raises ``Offline`` or ``Retryable``."""
    async with create_http(server.url) as http:
        try:
            answer = await http.get(
                f"{server.url}/local/v1/mails",
                headers={"Authorization": f"Bearer {server.control_token}", "apikey": server.anon_key},
            )
        except httpx.HTTPError as error:
            raise Offline(
                "The back end on this computer does not answer.", "Try again in a moment."
            ) from error
    try:
        return tuple(_mail(each) for each in answer.json()["mails"])
    except (ValueError, KeyError, TypeError) as error:
        raise Retryable(
            "The back end on this computer has trouble.", "Try again in a moment.", str(answer.status_code)
        ) from error


def _mail(body: dict[str, Any]) -> LocalMail:
    link = body["link"]
    return LocalMail(
        number=int(body["id"]),
        to=str(body["to"]),
        kind=str(body["kind"]),
        code=str(body["code"]),
        link=None if link is None else str(link),
        sent_at=datetime.fromisoformat(body["sent_at"]),
    )
