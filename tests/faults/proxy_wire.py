"""The little of HTTP/1.1 and of websockets that the proxy must read and write."""

from __future__ import annotations

import asyncio
import os
import struct
from dataclasses import dataclass, replace

TEXT = 0x1
CLOSE = 0x8
_LARGEST_HEAD = 64 * 1024


@dataclass(frozen=True)
class Message:
    """A whole request or answer: its first line, its headers as they came, its body without chunks."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def method(self) -> str:
        return self.start.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.start.split(" ")[1]

    def header(self, name: str) -> str:
        """Return the first header of that name, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def wants_websocket(self) -> bool:
        return self.header("upgrade").lower() == "websocket"

    def addressed(self, port: int) -> Message:
        """The same request, meant for this port of this computer."""
        kept = tuple((key, value) for key, value in self.headers if key.lower() != "host")
        return replace(self, headers=(("Host", f"127.0.0.1:{port}"), *kept))

    def encoded(self) -> bytes:
        """The bytes, with a length instead of chunks."""
        headers = self.headers
        if self.header("transfer-encoding"):
            kept = tuple((key, value) for key, value in headers if key.lower() != "transfer-encoding")
            headers = (*kept, ("Content-Length", str(len(self.body))))
        head = "".join([self.start, "\r\n", *(f"{key}: {value}\r\n" for key, value in headers), "\r\n"])
        return head.encode("latin-1") + self.body


async def read_message(reader: asyncio.StreamReader, answers: str | None = None) -> Message | None:
    """Read a request, or the answer to a request of the method ``answers``; None at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise EOFError from end
        return None
    start, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = tuple((line.partition(":")[0], line.partition(":")[2].strip()) for line in lines)
    message = Message(start, headers)
    if answers is not None and (answers == "HEAD" or start.split(" ")[1] in ("101", "204", "304")):
        return message
    if "chunked" in message.header("transfer-encoding").lower():
        return replace(message, body=await _chunks(reader))
    length = message.header("content-length")
    return replace(message, body=await reader.readexactly(int(length))) if length else message


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass
    return bytes(body)


@dataclass(frozen=True)
class Frame:
    """One websocket frame, unmasked."""

    kind: int
    payload: bytes
    final: bool = True

    def encoded(self, *, masked: bool = False) -> bytes:
        """The bytes; a client's frames are masked."""
        size, mark = len(self.payload), 0x80 if masked else 0
        head = bytes([self.kind | (0x80 if self.final else 0)])
        if size < 126:
            head += bytes([mark | size])
        elif size < 65536:
            head += bytes([mark | 126]) + struct.pack(">H", size)
        else:
            head += bytes([mark | 127]) + struct.pack(">Q", size)
        if not masked:
            return head + self.payload
        key = os.urandom(4)
        return head + key + _masked(self.payload, key)


def close_frame(code: int) -> Frame:
    """The frame that ends a websocket with this code."""
    return Frame(CLOSE, struct.pack(">H", code))


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """Read a frame; None at the end."""
    try:
        first, second = await reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", await reader.readexactly(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", await reader.readexactly(8))[0]
        key = await reader.readexactly(4) if second & 0x80 else b""
        payload = await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        return None
    return Frame(first & 0x0F, _masked(payload, key) if key else payload, bool(first & 0x80))


def _masked(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")
