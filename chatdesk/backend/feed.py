"""The live feed: one websocket, its channels, and the truth about how they stand.

realtime's own recovery is switched off and every one of its states that is not "joined" ends the channel
here: who listens is told once, and decides. A topic is used again only after the server's word that the last
channel on it has ended, or after the deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping

import websockets
from realtime import RealtimeChannelOptions, RealtimeSubscribeStates
from realtime.types import BroadcastPayload, ChannelEvents

from chatdesk.backend import failures, frames
from chatdesk.backend.base import ChannelListener, ChannelState, FeedFactory, FrameListener
from chatdesk.backend.library_logs import quieten, scrub
from chatdesk.backend.reach import listens
from chatdesk.backend.realtime_socket import RealtimeSocket
from chatdesk.backend.seats import Seat, verdict
from chatdesk.backend.wire import BadRow, Quarantine
from chatdesk.domain.ephemeral import Broadcast
from chatdesk.domain.errors import NeedsSignIn, Offline
from chatdesk.domain.presence import Sign
from chatdesk.domain.session import BackendAddress
from chatdesk.runtime.tasks import TaskScope

_log = logging.getLogger(__name__)

DEADLINE = 10.0

ECHO = "echo"
"""The event of a word that was sent to be heard again; see ``inspection``."""

TokenListener = Callable[[str], None]


class RealtimeFeed:
    """The ``Feed`` port on realtime's client; made for one connection and thrown away with it.

    ``on_frame`` gets every change and every ephemeral that can be believed, ``on_channel`` every outcome:
    JOINED, REFUSED (this token may not) or LOST, the last two once per join. Neither can break the feed by
    raising. ``deadline`` is in seconds. ``on_bad_token`` is told of a token that the server calls invalid or
    expired although it was handed out as good (this computer's clock is wrong, the server's keys changed).
    """

    def __init__(
        self,
        address: BackendAddress,
        on_frame: FrameListener,
        on_channel: ChannelListener,
        *,
        deadline: float = DEADLINE,
        quarantine: Quarantine | None = None,
        on_bad_token: TokenListener | None = None,
    ) -> None:
        quieten()
        self._on_frame = on_frame
        self._on_channel = on_channel
        self._on_bad_token = on_bad_token
        self._deadline = deadline
        self._quarantine = quarantine or Quarantine()
        self._socket = RealtimeSocket(address, deadline, self._fault)
        self._scope = TaskScope("feed", self._task_failed)
        self._seats: dict[str, Seat] = {}
        self._closed = False
        self._closing: asyncio.Task[None] | None = None

    async def open(self, token: str) -> None:
        if self._closed:
            raise self._offline("The feed is closed.")
        self._socket.access_token = token
        try:
            await self._socket.connect()
        except websockets.InvalidStatus as error:
            if error.response.status_code in (401, 403):
                raise NeedsSignIn(
                    "The server does not know the key of this app any more.",
                    "Connect to the project again with its current publishable key.",
                    code=f"websocket {error.response.status_code}",
                ) from error
            raise self._offline("The live connection was refused.", error) from error
        except (OSError, TimeoutError) as error:
            raise failures.from_transport(error) from error
        except (websockets.WebSocketException, ValueError, ImportError) as error:
            raise self._offline("The live connection could not be opened.", error) from error
        if self._closing is not None:  # Closed while it was being opened.
            await self._socket.shut()
            raise self._offline("The feed is closed.")
        listener = self._socket.listener
        if listener is not None:
            listener.add_done_callback(self._listener_ended)

    async def join(self, topic: str) -> None:
        while (seat := self._seats.get(topic)) is not None:
            if not seat.over:
                return
            await self._vacate(seat)
        self._require_connection()
        options: RealtimeChannelOptions = {
            "config": {
                "broadcast": {"ack": False, "self": False},
                "presence": {"key": "", "enabled": frames.carries_presence(topic)},
                "private": True,
            }
        }
        seat = Seat(topic, self._socket.channel(topic, options), self._socket.access_token)
        self._seats[topic] = seat

        def frame(payload: BroadcastPayload) -> None:
            self._frame(seat, payload)

        def state(status: RealtimeSubscribeStates, error: Exception | None) -> None:
            self._state(seat, status, error)

        seat.channel.on_broadcast("*", frame)
        if frames.carries_presence(topic):
            # Before subscribing: a joined channel would be left and joined anew for it.
            seat.channel.on_presence_sync(lambda: self._presence(seat))
        self._scope.start(self._subscribe(seat, state), f"join {topic}")

    async def leave(self, topic: str) -> None:
        seat = self._seats.get(topic)
        if seat is not None:
            seat.over = True
            await self._vacate(seat)

    async def renew(self, token: str) -> None:
        self._require_connection()
        self._socket.access_token = token
        joined = [seat for seat in self._seats.values() if seat.joined and not seat.over]
        try:
            for seat in joined:
                await self._give_token(seat)
        except (TimeoutError, websockets.WebSocketException) as error:
            raise self._offline("The live connection is stuck.", error) from error

    async def send(self, topic: str, change: Broadcast) -> None:
        seat = self._seats.get(topic)
        if seat is None or not seat.joined or seat.over:
            return
        with contextlib.suppress(TimeoutError, websockets.WebSocketException):
            for event, payload in frames.write(change):
                await self._socket.send_event(
                    seat.channel,
                    ChannelEvents.broadcast,
                    {"type": "broadcast", "event": event, "payload": payload},
                )

    async def track(self, topic: str, sign: Sign | None) -> None:
        seat = self._seats.get(topic)
        if seat is None or not seat.joined or seat.over:
            return
        payload: dict[str, object] = {"type": "presence", "event": "untrack", "payload": {}}
        if sign is not None:
            payload |= {"event": "track", "payload": dict(frames.shown(sign))}
        with contextlib.suppress(TimeoutError, websockets.WebSocketException):
            await self._socket.send_event(seat.channel, ChannelEvents.presence, payload)

    async def beat(self) -> None:
        try:
            await self._socket.pulse()
        except (TimeoutError, ConnectionError, websockets.WebSocketException) as error:
            raise self._offline("The live connection does not answer.", error) from error

    async def close(self) -> None:
        self._closed = True
        if self._closing is None:
            self._closing = TaskScope("feed.close").start(self._shut(), "shut")
        await asyncio.shield(self._closing)

    def diagnostics(self) -> Mapping[str, int]:
        """Counts since the start: joined channels, frames set aside, errors the libraries logged."""
        return {
            "joined": sum(seat.joined and not seat.over for seat in self._seats.values()),
            "set_aside": self._quarantine.count,
            "library_errors": scrub.errors,
        }

    async def _shut(self) -> None:
        for seat in self._seats.values():
            seat.over = True
            seat.ended.set()
        await self._scope.close()
        await self._socket.shut()
        self._seats.clear()

    async def _subscribe(
        self, seat: Seat, state: Callable[[RealtimeSubscribeStates, Exception | None], None]
    ) -> None:
        try:
            await seat.channel.subscribe(state)
        except (TimeoutError, ConnectionError, websockets.WebSocketException) as error:
            self._end(seat, ChannelState.LOST, f"The join could not be sent ({type(error).__name__}).")

    async def _give_token(self, seat: Seat) -> None:
        seat.token = self._socket.access_token
        await self._socket.send_event(seat.channel, ChannelEvents.access_token, {"access_token": seat.token})

    async def _vacate(self, seat: Seat) -> None:
        """Leave if that was not done yet, wait for the server's word, and free the topic."""
        if not self._socket.is_connected:
            seat.ended.set()
        with contextlib.suppress(TimeoutError, websockets.WebSocketException):
            async with asyncio.timeout(self._deadline):
                if not seat.leaving and not seat.ended.is_set():
                    seat.leaving = True
                    await seat.channel.unsubscribe()
                await seat.ended.wait()
        self._free(seat)

    def _free(self, seat: Seat) -> None:
        for task in seat.channel.tasks():
            task.cancel()
        if self._socket.channels.get(seat.channel.topic) is seat.channel:
            del self._socket.channels[seat.channel.topic]
        if self._seats.get(seat.topic) is seat:
            del self._seats[seat.topic]

    def _frame(self, seat: Seat, payload: BroadcastPayload) -> None:
        """Runs inside the reading task: reads, queues, never raises."""
        if seat.over:
            return
        if payload["event"] == ECHO:
            self._echoed(payload["payload"])
            return
        try:
            change = frames.read(seat.topic, payload["event"], payload["payload"])
        except BadRow as fault:
            self._quarantine.note(fault, "a frame")
            return
        try:
            self._on_frame(change)
        except Exception as fault:
            self._fault(fault)

    def _presence(self, seat: Seat) -> None:
        """Runs inside the reading task, with the library's own list of who is there already brought up."""
        if seat.over:
            return
        metas = [meta for shown in seat.channel.presence_state().values() for meta in shown]
        try:
            self._on_frame(frames.sighting(seat.topic, metas))
        except Exception as fault:
            self._fault(fault)

    def _echoed(self, payload: object) -> None:
        """A word came back that some device of the user sent to see whether live changes arrive."""

    def _state(self, seat: Seat, status: RealtimeSubscribeStates, error: Exception | None) -> None:
        """Runs inside the reading task or a timer: turns realtime's four words into ours, never raises."""
        seat.channel.rejoin_timer.reset()
        if status is RealtimeSubscribeStates.SUBSCRIBED:
            if not seat.over:
                seat.joined = True
                self._report(seat.topic, ChannelState.JOINED, None)
                if seat.token != self._socket.access_token and not self._closed:
                    self._scope.start(self._give_token(seat), f"token {seat.topic}")
        elif status is RealtimeSubscribeStates.CLOSED:
            seat.ended.set()
            self._end(seat, ChannelState.LOST, "The server closed the channel.")
        elif status is RealtimeSubscribeStates.TIMED_OUT:
            self._end(seat, ChannelState.LOST, "The server did not answer the join in time.")
        elif not self._socket.is_connected:
            seat.ended.set()
            self._end(seat, ChannelState.LOST, "The connection ended.")
        else:
            said = verdict(error)
            if said.never_in:
                seat.ended.set()
            if said.bad_token and seat.token is not None:
                self._bad_token(seat.token)
            self._end(seat, ChannelState.REFUSED if said.refused else ChannelState.LOST, said.reason)

    def _end(self, seat: Seat, state: str, reason: str) -> None:
        """Tell once that a join has failed or a channel has ended, and clear it away."""
        if seat.over:
            return
        seat.over = True
        self._report(seat.topic, state, reason)
        if not self._closed:
            self._scope.start(self._vacate(seat), f"vacate {seat.topic}")

    def _listener_ended(self, listener: asyncio.Task[None]) -> None:
        if not listener.cancelled() and (fault := listener.exception()) is not None:
            self._fault(fault if isinstance(fault, Exception) else RuntimeError("The reading task ended."))
        if self._closed:
            return
        for seat in list(self._seats.values()):
            seat.ended.set()
            self._end(seat, ChannelState.LOST, "The connection ended.")

    def _report(self, topic: str, state: str, reason: str | None) -> None:
        try:
            self._on_channel(topic, state, reason)
        except Exception as fault:
            self._fault(fault)

    def _bad_token(self, token: str) -> None:
        if self._on_bad_token is not None:
            try:
                self._on_bad_token(token)
            except Exception as fault:
                self._fault(fault)

    def _fault(self, fault: Exception) -> None:
        self._quarantine.note(fault, "a callback's failure")

    def _task_failed(self, name: str, failure: BaseException) -> None:
        if not isinstance(failure, TimeoutError | websockets.WebSocketException):
            _log.error("Task %s failed", name, exc_info=failure)

    def _require_connection(self) -> None:
        listener = self._socket.listener
        if self._closed or not self._socket.is_connected or listener is None or listener.done():
            raise self._offline("The live connection is down.")

    def _offline(self, message: str, error: BaseException | None = None) -> Offline:
        code = None if error is None else type(error).__name__
        return Offline(message, failures.TRY_AGAIN, code=code)


def feed_factory(
    address: BackendAddress, *, on_bad_token: TokenListener | None = None, deadline: float = DEADLINE
) -> FeedFactory:
    """Return a factory that makes a new feed to ``address`` for every connection; they share one count."""
    return _Feeds(address, on_bad_token, deadline)


class _Feeds:
    """The ``FeedFactory`` of one address."""

    def __init__(self, address: BackendAddress, on_bad_token: TokenListener | None, deadline: float) -> None:
        self._address = address
        self._on_bad_token = on_bad_token
        self._deadline = deadline
        self._quarantine = Quarantine()

    def __call__(self, on_frame: FrameListener, on_channel: ChannelListener) -> RealtimeFeed:
        return RealtimeFeed(
            self._address,
            on_frame,
            on_channel,
            deadline=self._deadline,
            quarantine=self._quarantine,
            on_bad_token=self._on_bad_token,
        )

    async def reachable(self) -> bool:
        return await listens(self._address.url)
