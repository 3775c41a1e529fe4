"""realtime's client and channel with the traps taken out; nothing else in ChatDesk touches their inner parts.

What version 2.34.1 does by itself, and why that is changed here:

- ``connect`` cannot be given a frame limit (websockets' 1 MiB closes the socket with 1009, again and again
  for the same frame), takes the system's proxy even for this computer, trusts other authorities than httpx,
  and may be called anew by ``subscribe``. Here: 8 MiB, no proxy on loopback, our TLS, once per client.
- A lost connection is logged as an ERROR, by way of attributes that websockets deprecates. Here it is not.
- An exception inside a channel ends the reading task for good while everything looks connected. Here it is
  counted and the reading goes on.
- ``phx_close`` is taken for the topic's newest channel, whatever join it belongs to, so a late one kills the
  channel that was joined after it. Its ref is the ref of its join (Phoenix.Socket); here they are compared.
- Heartbeats are sent but their replies are looked at by nobody. ``pulse`` sends one with a ref and waits for
  the ``phx_reply`` with the same ref on the topic ``phoenix``.
- A push without acknowledgement leaves a timer task of 10 s; ``send_event`` sends the frame only.
- Every frame is tried on nine shapes by pydantic and written out twice, text and all, for a log that takes
  nothing below INFO: two thirds of what a change costs the thread that paints. Here a broadcast, which nearly
  every frame is, is read as JSON and handed on; whatever is not plainly one goes the library's way.
- ``close`` cancels its tasks without waiting for them and forgets the timers of pushes; ``shut`` does not.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import websockets
from realtime import AsyncRealtimeChannel, AsyncRealtimeClient, RealtimeChannelOptions
from realtime.message import (
    ChannelCloseMessage,
    ChannelErrorMessage,
    Message,
    ReplyMessage,
    ServerMessage,
    ServerMessageAdapter,
)
from realtime.types import PHOENIX_CHANNEL, BroadcastPayload

from chatdesk.backend.http import is_loopback, tls_context
from chatdesk.domain.session import BackendAddress

MAX_FRAME = 8 * 1024 * 1024
"""Bytes; the largest broadcast of any plan is 3,000 KB, a self-hosted server stops at 5 MB."""

_CLOSE_SECONDS = 2.0

_log = logging.getLogger("realtime._async.client")
"""The library's own: what cannot be parsed is cut and counted as if it had said it (``library_logs``)."""

FaultListener = Callable[[Exception], None]


class GuardedChannel(AsyncRealtimeChannel):
    """A channel that cannot end the reading task and ignores the end of an earlier join of its topic."""

    on_fault: FaultListener

    def _handle_message(self, message: ServerMessage) -> None:
        if isinstance(message, ChannelCloseMessage | ChannelErrorMessage) and message.ref not in (
            None,
            self.join_push.ref,
        ):
            return
        try:
            super()._handle_message(message)
        except Exception as fault:
            self.on_fault(fault)

    def hear(self, payload: BroadcastPayload) -> None:
        """Take a broadcast."""
        try:
            for callback in self.broadcast_callbacks:
                callback(payload)
        except Exception as fault:
            self.on_fault(fault)

    def tasks(self) -> list[asyncio.Task[Any]]:
        """Every task this channel has started and that may still run."""
        pushes = [self.join_push, *self.messages_waiting_for_ack.values(), *self._push_buffer]
        timers = [push.timeout_task for push in pushes] + [self.rejoin_timer.timer]
        return [task for task in [*timers, *self._background_tasks] if task is not None]


class PulseChannel(GuardedChannel):
    """Stands for the topic ``phoenix``, where the server answers heartbeats; it is never joined.

    As it stays registered, leaving the last real channel does not close the socket either.
    """

    on_reply: Callable[[str], None]

    def _handle_message(self, message: ServerMessage) -> None:
        if isinstance(message, ReplyMessage) and message.ref is not None:
            self.on_reply(message.ref)


class RealtimeSocket(AsyncRealtimeClient):
    """One websocket for one connection: opened once, thrown away when it breaks.

    ``deadline`` is in seconds and holds for connecting, joining and every answer. ``connect`` raises what
    websockets raises, ``ConnectionError`` the second time.
    """

    def __init__(self, address: BackendAddress, deadline: float, on_fault: FaultListener) -> None:
        super().__init__(
            f"{address.url.rstrip('/')}/realtime/v1",
            token=address.api_key,
            auto_reconnect=False,
            timeout=deadline,  # type: ignore[arg-type]  # Annotated int, only ever slept for.
        )
        self.deadline = deadline
        self._proxied = not is_loopback(address.url)
        self._used = False
        self._on_fault = on_fault
        self._pulses: dict[str, asyncio.Future[None]] = {}
        pulse = PulseChannel(self, PHOENIX_CHANNEL)
        pulse.on_fault = on_fault
        pulse.on_reply = self._answered
        self.channels[PHOENIX_CHANNEL] = pulse

    async def connect(self) -> None:
        if self._used:
            raise ConnectionError("This socket is not opened twice.")
        self._used = True
        connection = await websockets.connect(
            self.endpoint_url(),
            open_timeout=self.deadline,
            close_timeout=_CLOSE_SECONDS,
            max_size=MAX_FRAME,
            proxy=True if self._proxied else None,
            ssl=tls_context() if self.url.startswith("wss://") else None,
        )
        self._ws_connection = connection
        await self._on_connect()

    def channel(self, topic: str, params: RealtimeChannelOptions | None = None) -> GuardedChannel:
        """Make a new channel; the caller saw to it that the topic's last one is gone."""
        channel = GuardedChannel(self, f"realtime:{topic}", params)
        channel.on_fault = self._on_fault
        self.channels[channel.topic] = channel
        return channel

    @property
    def listener(self) -> asyncio.Task[None] | None:
        """The task that reads; once it has ended nothing arrives, whatever ``is_connected`` says."""
        return self._listen_task

    async def _listen(self) -> None:
        connection = self._ws_connection
        if connection is None:
            return
        try:
            async for frame in connection:
                self._take(frame)
        except websockets.ConnectionClosedError as lost:
            await self._on_connect_error(lost)
        else:
            # Closed by the server with 1000 or 1001; whoever closes it here has taken it away before.
            if self._ws_connection is connection:
                self._ws_connection = None
                self._set_channels_errored(connection.protocol.close_exc)

    def _take(self, frame: str | bytes) -> None:
        heard = _broadcast(frame)
        if heard is not None:
            topic, payload = heard
            channel = self.channels.get(topic)
            if isinstance(channel, GuardedChannel):
                channel.hear(payload)
            return
        try:
            message = ServerMessageAdapter.validate_json(frame)
        except ValueError:
            _log.error("Unrecognized message format")
            return
        if (channel := self.channels.get(message.topic)) is not None:
            channel._handle_message(message)

    async def _on_connect_error(self, e: websockets.ConnectionClosedError) -> None:
        self._ws_connection = None
        self._set_channels_errored(e)

    async def send_event(self, channel: AsyncRealtimeChannel, event: str, payload: Mapping[str, Any]) -> None:
        """Send one frame of a joined channel and expect no answer; lost if the connection is down."""
        message = Message(
            topic=channel.topic,
            event=event,
            payload=payload,
            ref=self._make_ref(),
            join_ref=channel.join_push.ref,
        )
        if self.is_connected:
            async with asyncio.timeout(self.deadline):
                await self.send(message)

    async def pulse(self) -> None:
        """Send a heartbeat and wait for its reply; raises ``TimeoutError`` or ``ConnectionError``."""
        listener = self._listen_task
        if not self.is_connected or listener is None or listener.done():
            raise ConnectionError("Nothing reads from the socket.")
        ref = self._make_ref()
        reply: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pulses[ref] = reply
        try:
            async with asyncio.timeout(self.deadline):
                await self.send(Message(topic=PHOENIX_CHANNEL, event="heartbeat", payload={}, ref=ref))
                await asyncio.wait({reply, listener}, return_when=asyncio.FIRST_COMPLETED)
            if not reply.done():
                raise ConnectionError("The connection ended.")
        finally:
            del self._pulses[ref]
            reply.cancel()

    async def shut(self) -> None:
        """Close the socket, end every task of the client and its channels, and wait until they have ended."""
        self._used = True
        tasks = [task for task in (self._listen_task, self._heartbeat_task) if task is not None]
        await self.close()
        for channel in self.channels.values():
            if isinstance(channel, GuardedChannel):
                tasks += channel.tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.channels.clear()
        self.send_buffer.clear()

    def _answered(self, ref: str) -> None:
        reply = self._pulses.get(ref)
        if reply is not None and not reply.done():
            reply.set_result(None)


def _broadcast(frame: str | bytes) -> tuple[str, BroadcastPayload] | None:
    """Return topic and payload of a frame that is plainly a broadcast, None for any other."""
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.get("event") != "broadcast" or message.get("ref") is not None:
        return None
    topic, payload = message.get("topic"), message.get("payload")
    if not isinstance(topic, str) or not isinstance(payload, dict):
        return None
    event, content = payload.get("event"), payload.get("payload")
    if not isinstance(event, str) or not isinstance(content, dict):
        return None
    return topic, {"event": event, "payload": content}
