"""All joined channels by topic: who gets a frame, who is present."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable
from typing import Any

from chatdesk.localbackend.realtime.channel import Channel
from chatdesk.localbackend.realtime.feed import DatabaseMessage
from chatdesk.localbackend.realtime.frames import PREFIX, database_broadcast, encode
from chatdesk.localbackend.realtime.socket import text_frame

__all__ = ["Hub"]

_Meta = dict[str, Any]


class Hub:
    """Fans texts out. Each is encoded and framed once, and no client can make another one wait."""

    def __init__(self) -> None:
        self._channels: dict[str, dict[Channel, None]] = {}  # in the order of joining
        self._present: dict[str, dict[Channel, _Meta]] = {}
        self._marks = itertools.count(1)
        self._mark = secrets.token_hex(4)

    @property
    def topics(self) -> int:
        """How many topics have somebody who joined."""
        return len(self._channels)

    @property
    def channels(self) -> int:
        """How many joins there are."""
        return sum(len(joined) for joined in self._channels.values())

    def enter(self, channel: Channel) -> None:
        """From now on the channel gets what is sent on its topic."""
        self._channels.setdefault(channel.topic, {})[channel] = None

    def leave(self, channel: Channel) -> None:
        """The channel gets nothing more, and those present are told if it was shown."""
        joined = self._channels.get(channel.topic)
        if joined is None or channel not in joined:
            return
        del joined[channel]
        if not joined:
            del self._channels[channel.topic]
        self.untrack(channel)

    def deliver(self, messages: Iterable[DatabaseMessage]) -> None:
        """Broadcasts from the database, in the order in which their transactions were committed."""
        for message in messages:
            topic = PREFIX + message.topic
            joined = self._channels.get(topic)
            if joined is None:
                continue
            text = database_broadcast(topic, message.event, message.payload, message.id)
            framed = text_frame(text)
            for channel in joined:
                if channel.rights.hear:
                    channel.socket.send_framed(text, framed)

    def broadcast(self, sender: Channel, text: bytes) -> None:
        """A client's broadcast, to everybody who may hear it, to the sender only if it wants that."""
        framed = text_frame(text)
        for channel in self._channels.get(sender.topic, ()):
            if channel.rights.hear and (channel is not sender or sender.hears_itself):
                channel.socket.send_framed(text, framed)

    def presence_state(self, topic: str) -> dict[str, dict[str, list[_Meta]]]:
        """Everybody who is shown on ``topic``, by key."""
        return _grouped(self._present.get(topic, {}).items())

    def track(self, channel: Channel, payload: dict[str, Any]) -> None:
        """Show the channel with ``payload``; a newer payload is a leave of the old and a join of the new."""
        present = self._present.setdefault(channel.topic, {})
        before = present.get(channel)
        meta = {**payload, "phx_ref": f"{self._mark}{next(self._marks):x}"}
        joined = dict(meta)
        if before is not None:
            joined["phx_ref_prev"] = before["phx_ref"]
        present[channel] = meta
        channel.tracked = payload
        self._tell(channel.topic, [(channel, joined)], [(channel, before)] if before is not None else [])

    def untrack(self, channel: Channel) -> None:
        """Show the channel no longer."""
        present = self._present.get(channel.topic, {})
        before = present.pop(channel, None)
        channel.tracked = None
        if before is None:
            return
        if not present:
            del self._present[channel.topic]
        self._tell(channel.topic, [], [(channel, before)])

    def _tell(
        self, topic: str, joins: Iterable[tuple[Channel, _Meta]], leaves: Iterable[tuple[Channel, _Meta]]
    ) -> None:
        text = encode(topic, "presence_diff", {"joins": _grouped(joins), "leaves": _grouped(leaves)})
        framed = text_frame(text)
        for channel in self._channels.get(topic, ()):
            if channel.presence_enabled and channel.rights.see_presence:
                channel.socket.send_framed(text, framed)


def _grouped(metas: Iterable[tuple[Channel, _Meta]]) -> dict[str, dict[str, list[_Meta]]]:
    found: dict[str, dict[str, list[_Meta]]] = {}
    for channel, meta in metas:
        found.setdefault(channel.presence_key, {"metas": []})["metas"].append(meta)
    return found
