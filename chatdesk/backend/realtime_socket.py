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
- ``close`` cancels its tasks without waiting for them and forgets the timers of pushes; ``shut`` does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import websockets
from realtime import AsyncRealtimeChannel, AsyncRealtimeClient, RealtimeChannelOptions
from realtime.message import ChannelCloseMessage, ChannelErrorMessage, Message, ReplyMessage, ServerMessage
from realtime.types import PHOENIX_CHANNEL

from chatdesk.backend.http import is_loopback, tls_context
from chatdesk.domain.session import BackendAddress

MAX_FRAME = 8 * 1024 * 1024
"""Bytes; the largest broadcast of any plan is 3,000 KB, a self-hosted server stops at 5 MB."""

_CLOSE_SECONDS = 2.0

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
