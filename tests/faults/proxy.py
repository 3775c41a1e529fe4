"""A server in front of the server, which understands HTTP/1.1 and websockets and harms both on purpose.

One ``FaultProxy`` stands between one client and the back end. The embedded server answers only to its own
address, so the Host line is rewritten on the way.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.faults.proxy_wire import CLOSE, TEXT, Frame, Message, close_frame, read_frame, read_message
from tests.faults.schedule import CLOSES, FINAL, Fault, Schedule

_REFUSALS = {
    Fault.UNAUTHORIZED: (401, "Unauthorized", {"code": "PGRST303", "message": "JWT expired"}),
    Fault.CONFLICT: (409, "Conflict", {"message": "conflict"}),
    Fault.TOO_LARGE: (413, "Payload Too Large", {"message": "too large"}),
    Fault.SLOW_DOWN: (429, "Too Many Requests", {"message": "slow down"}),
    Fault.UNAVAILABLE: (503, "Service Unavailable", {"message": "no"}),
}
_PORTAL = b"<!doctype html><title>Sign in to this network</title><form action='/login'></form>"

FRESH = 5.0
"""Seconds for which a token that a client shows is not refused."""

Edit = Callable[[str], str | None]
"""Gets the text of a frame to the client and returns what arrives instead; None swallows it."""


@dataclass(frozen=True)
class Join:
    """A request to join: the topic without its prefix, the token it showed, its number."""

    topic: str
    token: str
    ref: str | None


class Line:
    """One websocket through the proxy: both ends, and whether it is frozen."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.frozen = False

    def tell(self, frame: Frame) -> None:
        """Send a frame to the client."""
        if not self.frozen and not self.client.is_closing():
            self.client.write(frame.encoded())


class FaultProxy:
    """The way of the client ``name`` to ``target``, a port of 127.0.0.1.

    ``heard`` is every byte that was sent to the client when ``recording``. ``edit`` looks at each text frame
    to the client; ``refuse`` gives the requests whose body contains a marker a fault of their own.
    """

    def __init__(self, name: str, target: int, schedule: Schedule, *, recording: bool = False) -> None:
        self.name = name
        self.target = target
        self.schedule = schedule
        self.port = 0
        self.heard = bytearray()
        self.recording = recording
        self.edit: Edit | None = None
        self.refuse: dict[bytes, Fault] = {}
        self.frozen_at = -1e9
        """When a connection was last frozen, on ``time.monotonic``."""
        self.requests = 0
        self.frames = 0
        self.most_websockets = 0
        self.websockets = 0
        """How many were opened so far."""
        self.joins: list[Join] = []
        self.lag = 0.0
        """Seconds that every frame to the client takes."""
        self._tokens: dict[str, float] = {}
        self._lines: list[Line] = []
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[Line]:
        """The websockets that are open now and not frozen."""
        return [line for line in self._lines if not line.frozen]

    # The way itself -----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, at the same port as before."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = int(self._listener.sockets[0].getsockname()[1])

    async def cut(self) -> None:
        """Be unreachable: reset every connection and refuse new ones until ``start``."""
        self.schedule.count(Fault.OUTAGE)
        await self.close()

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for writer in tuple(self._writers):
            _reset(writer)
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close_websockets(self, code: int) -> int:
        """End every websocket as the server would, 1006 by a reset; return how many there were."""
        lines = self.lines
        for line in lines:
            self.schedule.count(CLOSES[code])
            if code == 1006:
                _reset(line.client)
            else:
                line.tell(close_frame(code))
                self._later(0.5, line.client.close)
            _reset(line.server)
        return len(lines)

    def freeze_websockets(self) -> int:
        """Let nothing through any more, either way, without a word; return how many there were."""
        lines = self.lines
        for line in lines:
            self.schedule.count(Fault.HALF_OPEN)
            line.frozen = True
            self.frozen_at = time.monotonic()
        return len(lines)

    def say(self, topic: str, event: str, payload: dict[str, Any], ref: str | None = None) -> None:
        """Tell the client something in the server's name."""
        text = json.dumps({"topic": f"realtime:{topic}", "event": event, "payload": payload, "ref": ref})
        for line in self.lines:
            line.tell(Frame(TEXT, text.encode()))

    # Connections --------------------------------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            act()

        self._run(wait())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._connection(reader, writer)
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while (request := await read_message(reader)) is not None:
                if upstream is None or upstream[0].at_eof() or upstream[1].is_closing():
                    upstream = await asyncio.open_connection("127.0.0.1", self.target)
                    self._writers.add(upstream[1])
                request = request.addressed(self.target)
                if request.wants_websocket:
                    await self._websocket(request, (reader, writer), upstream)
                    return
                self.requests += 1
                if not await self._exchange(request, writer, upstream):
                    return
        finally:
            if upstream is not None:
                self._writers.discard(upstream[1])
                upstream[1].close()

    async def _exchange(
        self,
        request: Message,
        writer: asyncio.StreamWriter,
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> bool:
        """Carry one request and its answer, or do it harm; return whether the connection may go on."""
        fault = self._fault_of(request)
        match fault:
            case Fault.DROP_REQUEST:
                _reset(writer)
                return False
            case Fault.PORTAL:
                self._answer(writer, 200, "OK", "text/html; charset=utf-8", _PORTAL)
                return True
            case Fault.FREEZE:
                self.frozen_at = time.monotonic()
                await asyncio.sleep(3600)
            case Fault.DELAY:
                await asyncio.sleep(self.schedule.delay(self.name))
            case _ if fault in _REFUSALS:
                status, reason, body = _REFUSALS[fault]
                self._answer(writer, status, reason, "application/json", json.dumps(body).encode())
                return True
        if fault is Fault.TWICE:
            self._run(self._send_again(request))
        upstream[1].write(request.encoded())
        answer = await read_message(upstream[0], answers=request.method)
        if answer is None:
            _reset(writer)
            return False
        if fault is Fault.DROP_RESPONSE:
            _reset(writer)
            return False
        encoded = answer.encoded()
        if fault is Fault.RESET:
            self._write(writer, encoded[: len(encoded) // 2])
            await writer.drain()
            _reset(writer)
            return False
        self._write(writer, encoded)
        await writer.drain()
        return True

    def _fault_of(self, request: Message) -> Fault | None:
        for marker, fault in self.refuse.items():
            if marker in request.body:
                return self.schedule.count(fault)
        drawn = self.schedule.request(self.name)
        token = request.header("authorization")
        seen = self._tokens.setdefault(token, time.monotonic())
        if drawn is Fault.UNAUTHORIZED and time.monotonic() - seen < FRESH:
            return None  # a server that refuses a fresh token too has ended the session: no fault of the way
        if drawn in FINAL and ("/rpc/pull_" in request.path or "/rpc/page_" in request.path):
            return None  # nobody refuses to be read for its size or for a conflict
        return self.schedule.count(drawn)

    async def _send_again(self, request: Message) -> None:
        """The same request on a connection of its own, at the same time; nobody waits for its answer."""
        with suppress(OSError, EOFError, ValueError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(writer)
            try:
                writer.write(request.encoded())
                await read_message(reader, answers=request.method)
            finally:
                self._writers.discard(writer)
                writer.close()

    def _answer(self, writer: asyncio.StreamWriter, status: int, reason: str, kind: str, body: bytes) -> None:
        extra = "Retry-After: 1\r\n" if status == 429 else ""
        head = (
            f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n{extra}\r\n"
        )
        self._write(writer, head.encode() + body)

    def _write(self, writer: asyncio.StreamWriter, content: bytes) -> None:
        if self.recording:
            self.heard += content
        writer.write(content)

    # Websockets ---------------------------------------------------------------------------------------------

    async def _websocket(
        self,
        request: Message,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        drawn = self.schedule.request(self.name)
        if drawn in (Fault.DROP_REQUEST, Fault.UNAVAILABLE, Fault.RESET):
            self.schedule.count(drawn)
            _reset(client[1])
            return
        server[1].write(request.encoded())
        answer = await read_message(server[0], answers="GET")
        if answer is None:
            return
        self._write(client[1], answer.encoded())
        if not answer.start.startswith("HTTP/1.1 101"):
            return
        line = Line(client[1], server[1])
        self._lines.append(line)
        self.websockets += 1
        self.most_websockets = max(self.most_websockets, len(self.lines))
        down = asyncio.get_running_loop().create_task(self._down(server[0], line))
        try:
            await self._up(client[0], line)
        finally:
            down.cancel()
            await asyncio.gather(down, return_exceptions=True)
            self._lines.remove(line)

    async def _up(self, reader: asyncio.StreamReader, line: Line) -> None:
        with suppress(OSError, EOFError):
            while (frame := await read_frame(reader)) is not None:
                if line.frozen:
                    continue
                self._note_join(frame)
                line.server.write(frame.encoded(masked=True))
                await line.server.drain()

    async def _down(self, reader: asyncio.StreamReader, line: Line) -> None:
        with suppress(OSError, EOFError):
            while (frame := await read_frame(reader)) is not None:
                self._hand_down(frame, line)
                if frame.kind == CLOSE:
                    break
        if not line.frozen:
            line.client.close()

    def _hand_down(self, frame: Frame, line: Line) -> None:
        if line.frozen:
            return
        self.frames += 1
        if frame.kind == TEXT and self.edit is not None:
            text = self.edit(frame.payload.decode())
            if text is None:
                return
            frame = Frame(TEXT, text.encode())
        if self.recording:
            self.heard += frame.payload
        fault = None
        if frame.kind == TEXT and b'"event":"broadcast"' in frame.payload:
            fault = self.schedule.frame(self.name)
        match fault:
            case Fault.DROP_FRAME:
                return
            case Fault.CUT_FRAME:
                line.tell(
                    Frame(TEXT, frame.payload[: len(frame.payload) // 2].decode(errors="ignore").encode())
                )
            case Fault.LATE_FRAME:
                self._later(self.schedule.delay(self.name), lambda: line.tell(frame))
            case Fault.REPEAT_FRAME:
                line.tell(frame)
                line.tell(frame)
            case _ if self.lag:
                self._later(self.lag, lambda: line.tell(frame))
            case _:
                line.tell(frame)

    def _note_join(self, frame: Frame) -> None:
        if frame.kind != TEXT or b"phx_join" not in frame.payload:
            return
        sent = json.loads(frame.payload)
        if sent["event"] == "phx_join":
            topic = str(sent["topic"]).removeprefix("realtime:")
            token = str(sent["payload"].get("access_token"))
            self.joins.append(Join(topic, token, sent.get("ref")))


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST, as a broken way does."""
    connection = writer.get_extra_info("socket")
    if connection is not None and not writer.is_closing():
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
