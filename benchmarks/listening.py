"""Hundreds of websockets in one process that do nothing but count: the load's far end.

``python -m benchmarks.listening`` takes a line of JSON: ``host``, ``port``, ``path``, ``hello`` (a text
that each socket sends first, or null) and ``count``. It says ``ready`` when each of them has had its
first frame. For every further line ``{"expect": n, "within": s}`` it waits until all have n frames more
whose content begins with a number and the moment it was sent (``"17 123456789 text"``; nanoseconds of the
monotonic clock), and answers with what came: ``received``, ``missing``, ``doubled``, ``lost_sockets`` and
200 evenly spaced quantiles of the milliseconds. Parsing rows would measure this process, so equal frames
are looked into once.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
import time
from array import array
from collections import Counter
from functools import partial
from typing import cast

import uvloop

STAMP = re.compile(rb'"content": ?"(\d+) (\d+) ')
HEARTBEAT = '{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"0"}'
BEAT = 20.0
QUANTILES = 200


def masked(text: str) -> bytes:
    """Frame a client's text; the mask may be anything."""
    payload, mask = text.encode(), os.urandom(4)
    length = len(payload)
    head = bytes((0x81, 0x80 | length)) if length < 126 else b"\x81\xfe" + length.to_bytes(2, "big")
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


def quantiles(samples: list[float], count: int = QUANTILES) -> list[float]:
    """Return evenly spaced samples of a sorted list, which have its percentiles."""
    return [samples[int(len(samples) * (place + 0.5) / count)] for place in range(count)] if samples else []


class Tally:
    """What all sockets of this process have had."""

    def __init__(self) -> None:
        self.took = array("d")
        self.ready = 0
        self.lost = 0
        self.changed = asyncio.Event()
        self._frame = b""
        self._stamp: tuple[int, int] | None = None

    def look(self, frame: bytes) -> tuple[int, int] | None:
        """Return a frame's number and when it was sent, None for one that is not counted."""
        if frame != self._frame:
            found = STAMP.search(frame)
            self._frame = frame
            self._stamp = (int(found[1]), int(found[2])) if found else None
        return self._stamp


class Listener(asyncio.Protocol):
    """One websocket; ``seen`` counts the frames by number."""

    def __init__(self, tally: Tally, request: bytes, hello: str | None) -> None:
        self.seen: Counter[int] = Counter()
        self.transport: asyncio.Transport | None = None
        self._tally = tally
        self._request = request
        self._hello = hello
        self._buffer = bytearray()
        self._open = False
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._tally.lost += 1
        self._tally.changed.set()

    def data_received(self, data: bytes) -> None:
        at, tally = time.monotonic_ns(), self._tally
        buffer = self._buffer
        buffer += data
        if not self._open:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            del buffer[: end + 4]
            self._open = True
            if self._hello is not None and self.transport is not None:
                self.transport.write(masked(self._hello))
        place = 0
        while len(buffer) - place >= 2:
            length, head = buffer[place + 1] & 127, 2
            if length > 125:
                head = 4 if length == 126 else 10
                if len(buffer) - place < head:
                    break
                length = int.from_bytes(buffer[place + 2 : place + head], "big")
            if len(buffer) - place < head + length:
                break
            frame = bytes(buffer[place + head : place + head + length])
            place += head + length
            if not self._greeted:
                self._greeted = True
                tally.ready += 1
                tally.changed.set()
            elif (stamp := tally.look(frame)) is not None:
                self.seen[stamp[0]] += 1
                tally.took.append((at - stamp[1]) / 1e6)
        if place:
            del buffer[:place]


def same(listener: Listener) -> Listener:
    return listener


async def main() -> None:
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    wish = json.loads(await lines.get())
    request = (
        f"GET {wish['path']} HTTP/1.1\r\nHost: {wish['host']}:{wish['port']}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    tally = Tally()
    sockets: list[Listener] = []
    for number in range(wish["count"]):
        listener = Listener(tally, request, wish["hello"])
        await loop.create_connection(partial(same, listener), wish["host"], wish["port"])
        sockets.append(listener)
        async with asyncio.timeout(30):
            while tally.ready <= number:  # One after the other: a rush of joins is another measure's.
                tally.changed.clear()
                await tally.changed.wait()

    def beat() -> None:
        for each in sockets:
            if each.transport is not None and wish["hello"] is not None:
                each.transport.write(masked(HEARTBEAT))
        loop.call_later(BEAT, beat)

    loop.call_later(BEAT, beat)
    say({"ready": len(sockets)})
    while line := await lines.get():
        order = json.loads(line)
        if "forget" in order:
            tally.took = array("d")
            for each in sockets:
                each.seen.clear()
            say({})
            continue
        whole, until = order["expect"] * len(sockets), time.monotonic() + order["within"]
        while len(tally.took) < whole and time.monotonic() < until:  # noqa: ASYNC110 (an event a frame costs)
            await asyncio.sleep(0.02)
        had = sum(len(each.seen) for each in sockets)
        doubled = len(tally.took) - had
        told = {"received": had, "missing": whole - had, "doubled": doubled, "lost_sockets": tally.lost}
        say({**told, "quantiles": quantiles(sorted(tally.took))})


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
