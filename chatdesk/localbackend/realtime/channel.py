"""One joined topic of one socket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from chatdesk.localbackend.realtime.authority import Rights
from chatdesk.localbackend.realtime.frames import PREFIX, encode
from chatdesk.localbackend.realtime.socket import Socket
from chatdesk.localbackend.tokens import Caller

__all__ = ["Channel"]


@dataclass(eq=False, slots=True)
class Channel:
    """What was agreed at the join, and what changed since.

    ``topic`` is the wire's name with its prefix, ``name`` the one that policies see. ``tracked`` is the
    presence payload shown now.
    """

    socket: Socket
    topic: str
    join_ref: str | None
    caller: Caller
    rights: Rights
    ack: bool
    hears_itself: bool
    presence_key: str
    presence_enabled: bool
    tracked: dict[str, Any] | None = None
    expiry: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The topic as policies see it."""
        return self.topic.removeprefix(PREFIX)

    def send(self, event: str, payload: Any, ref: str | None = None) -> None:
        """A frame on this topic."""
        self.socket.send(encode(self.topic, event, payload, ref))

    def say_system_error(self, message: str) -> None:
        """What always comes before a close that the client did not ask for."""
        self.send(
            "system", {"channel": self.name, "extension": "system", "message": message, "status": "error"}
        )
