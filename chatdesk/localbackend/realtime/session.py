"""The conversation with one client: each of its frames, in the order in which they come."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from chatdesk.localbackend.database import UNREACHABLE
from chatdesk.localbackend.realtime.authority import Authority
from chatdesk.localbackend.realtime.channel import Channel
from chatdesk.localbackend.realtime.frames import Frame, encode, reply
from chatdesk.localbackend.realtime.hub import Hub
from chatdesk.localbackend.realtime.joining import (
    JoinRefused,
    JoinRequest,
    authorised,
    confirmed,
    read_join,
)
from chatdesk.localbackend.realtime.limits import Limits, Rate
from chatdesk.localbackend.realtime.socket import Socket
from chatdesk.localbackend.tokens import Tokens

__all__ = ["Session", "Shared"]

_LONGEST_TIMER = 300.0  # a timer sleeps through a suspended computer, so the clock is asked again


@dataclass(frozen=True, slots=True)
class Shared:
    """What all sessions use together."""

    hub: Hub
    authority: Authority
    tokens: Tokens
    limits: Limits
    joins: Rate


class Session:
    """One socket's channels. ``receive`` handles a frame to its end before the next one is read."""

    def __init__(self, socket: Socket, shared: Shared) -> None:
        self._socket = socket
        self._shared = shared
        self._hub = shared.hub
        self._limits = shared.limits
        self._channels: dict[str, Channel] = {}
        self._events = Rate(shared.limits.events_per_second)
        self._presence_calls = Rate(shared.limits.presence_calls, shared.limits.presence_seconds)

    async def receive(self, frame: Frame) -> None:
        """Handle one frame. Phoenix's rules for stray ones: lib/phoenix/socket.ex, handle_in."""
        if frame.topic == "phoenix":
            if frame.event == "heartbeat":
                self._reply(frame, "ok")
            return
        channel = self._channels.get(frame.topic)
        if frame.event == "phx_join":
            await self._join(frame)
        elif channel is None:
            if frame.event == "phx_leave":
                self._reply(frame, "ok")
            else:
                self._reply(frame, "error", reason="unmatched topic")
        elif channel.join_ref not in (frame.join_ref, None):
            return  # meant for an earlier join of the same topic
        elif frame.event == "phx_leave":
            self._reply(frame, "ok")
            self._close(channel)
        elif frame.event == "access_token":
            await self._renew(channel, frame)
        elif not self._events.allows():
            self._shut_down(channel, "Too many messages per second")
        elif frame.event == "broadcast":
            self._broadcast(channel, frame)
        elif frame.event == "presence":
            await self._presence(channel, frame)

    def end(self) -> None:
        """The socket is gone."""
        for channel in list(self._channels.values()):
            self._forget(channel)

    def _reply(self, frame: Frame, status: str, **response: str) -> None:
        self._socket.send(reply(frame.topic, frame.ref, status, dict(response)))

    async def _join(self, frame: Frame) -> None:
        older = self._channels.get(frame.topic)
        if older is not None:
            if self._limits.close_duplicate_join:
                self._close(older)
            else:
                self._forget(older)
        try:
            if not self._shared.joins.allows():
                raise JoinRefused("ClientJoinRateLimitReached: Too many joins per second")
            if len(self._channels) >= self._limits.channels_per_socket:
                raise JoinRefused("ChannelRateLimitReached: Too many channels")
            wanted = read_join(frame, self._shared.tokens.anon_key)
            channel = await self._admitted(frame, wanted)
        except JoinRefused as refused:
            if self._limits.refused_join_seconds:
                await asyncio.sleep(self._limits.refused_join_seconds)
            self._reply(frame, "error", reason=str(refused))
            return
        # No await from here on: nothing sent on the topic can come before the reply or be missed after it.
        self._channels[channel.topic] = channel
        self._hub.enter(channel)
        self._watch_expiry(channel)
        self._socket.send(encode(frame.topic, "phx_reply", _JOINED, frame.ref))
        if channel.presence_enabled and channel.rights.see_presence:
            channel.send("presence_state", self._hub.presence_state(channel.topic))

    async def _admitted(self, frame: Frame, wanted: JoinRequest) -> Channel:
        caller = confirmed(self._shared.tokens, wanted.token)
        rights = await authorised(
            self._shared.authority, caller, wanted.name, presence=wanted.presence_enabled
        )
        return Channel(
            socket=self._socket,
            topic=frame.topic,
            join_ref=frame.join_ref if frame.join_ref is not None else frame.ref,
            caller=caller,
            rights=rights,
            ack=wanted.ack,
            hears_itself=wanted.hears_itself,
            presence_key=wanted.presence_key,
            presence_enabled=wanted.presence_enabled,
        )

    def _broadcast(self, channel: Channel, frame: Frame) -> None:
        if not channel.rights.say:
            return  # silent, even with ack, like the real server
        event, payload = frame.payload.get("event"), frame.payload.get("payload")
        if not isinstance(event, str) or not isinstance(payload, dict):
            if channel.ack:
                self._reply(frame, "error", reason="A broadcast needs an event and an object as payload")
            return
        encoded = encode(channel.topic, "broadcast", {"type": "broadcast", **frame.payload})
        if len(encoded) > self._limits.payload_bytes:
            if channel.ack:
                self._reply(frame, "error", reason="payload_size_exceeded")
            return
        self._hub.broadcast(channel, encoded)
        if channel.ack:
            self._reply(frame, "ok")

    async def _presence(self, channel: Channel, frame: Frame) -> None:
        if not self._presence_calls.allows():
            self._shut_down(channel, "Client presence rate limit exceeded")
            return
        event = str(frame.payload.get("event")).lower()
        if event == "untrack":
            self._reply(frame, "ok")
            self._hub.untrack(channel)
        elif event == "track":
            await self._track(channel, frame)
        else:
            self._reply(frame, "error", reason=f"Unknown presence event {event!r}")

    async def _track(self, channel: Channel, frame: Frame) -> None:
        payload = frame.payload.get("payload", {})
        if not isinstance(payload, dict):
            self._reply(frame, "error", reason="Presence track payload must be a map")
            return
        if channel.rights.show_presence is None:
            # Presence was not asked for at the join; the first track switches it on.
            authority = self._shared.authority
            try:
                channel.rights = await authority.rights(channel.caller, channel.name, presence=True)
            except (asyncpg.PostgresError, *UNREACHABLE):
                self._reply(frame, "error", reason="Realtime was unable to connect to the project database")
                return
        if not channel.rights.show_presence:
            self._reply(frame, "error", reason="You do not have permissions to show presence on this topic")
            return
        self._reply(frame, "ok")
        if not channel.presence_enabled:
            channel.presence_enabled = True
            if channel.rights.see_presence:
                channel.send("presence_state", self._hub.presence_state(channel.topic))
        if channel.tracked != payload:
            self._hub.track(channel, payload)

    async def _renew(self, channel: Channel, frame: Frame) -> None:
        token = frame.payload.get("access_token")
        if not isinstance(token, str) or token.startswith("sb_") or token == channel.caller.token:
            return
        try:
            caller = confirmed(self._shared.tokens, token)
            rights = await authorised(
                self._shared.authority, caller, channel.name, presence=channel.presence_enabled
            )
        except JoinRefused as refused:
            self._shut_down(channel, str(refused).partition(": ")[2] or str(refused))
            return
        if channel.rights.loses(rights):
            lost = "You no longer have permission to read from this Channel topic"
            self._shut_down(channel, f"{lost}: {channel.name}")
            return
        channel.caller, channel.rights = caller, rights
        self._watch_expiry(channel)

    def _watch_expiry(self, channel: Channel) -> None:
        if channel.expiry is not None:
            channel.expiry.cancel()
        remaining = channel.caller.expires_at - time.time()
        if remaining <= 0:
            self._shut_down(channel, f"Token has expired {max(1, round(-remaining))} seconds ago")
            return
        delay = min(remaining + 0.01, _LONGEST_TIMER)
        channel.expiry = asyncio.get_running_loop().call_later(delay, self._watch_expiry, channel)

    def _shut_down(self, channel: Channel, message: str) -> None:
        channel.say_system_error(message)
        self._close(channel)

    def _close(self, channel: Channel) -> None:
        self._forget(channel)
        channel.send("phx_close", {}, channel.join_ref)

    def _forget(self, channel: Channel) -> None:
        if channel.expiry is not None:
            channel.expiry.cancel()
        if self._channels.get(channel.topic) is channel:
            del self._channels[channel.topic]
        self._hub.leave(channel)


_JOINED = {"status": "ok", "response": {"postgres_changes": []}}
