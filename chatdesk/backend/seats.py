"""One join of one topic, and what the server's reasons for ending it mean."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass

from chatdesk.backend.realtime_socket import GuardedChannel

_NOT_ALLOWED = re.compile(r"unauthorized|permission", re.IGNORECASE)
_BAD_TOKEN = re.compile(r"jwt|token|expired", re.IGNORECASE)
_LONGEST = 200


class Seat:
    """From the request to join to the server's word that it has ended.

    ``token`` is the newest one the server got for this seat; ``over`` says that the seat is of no more use,
    ``ended`` that the topic is free again on the server.
    """

    def __init__(self, topic: str, channel: GuardedChannel, token: str | None) -> None:
        self.topic = topic
        self.channel = channel
        self.token = token
        self.joined = False
        self.over = False
        self.leaving = False
        self.ended = asyncio.Event()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the server said no. ``never_in``: the join was not granted, so there is nothing to leave."""

    reason: str
    refused: bool
    bad_token: bool
    never_in: bool


def verdict(error: Exception | None) -> Verdict:
    """Read what realtime hands over: the server's payload as JSON in an exception.

    A refused join carries ``{"reason": "<Code>: text"}``, a closing system message ``{"message": text, ...}``
    (realtime_channel.ex of Supabase Realtime), a crashed channel nothing.
    """
    try:
        payload = json.loads(str(error))
        reason, message = payload.get("reason"), payload.get("message")
    except (ValueError, AttributeError):
        reason = message = None
    text = str(reason or message or "")[:_LONGEST]
    not_allowed = bool(_NOT_ALLOWED.search(text))
    bad_token = not not_allowed and bool(_BAD_TOKEN.search(text))
    return Verdict(
        reason=text or "The server ended the channel.",
        refused=not_allowed or bad_token,
        bad_token=bad_token,
        never_in=reason is not None,
    )
