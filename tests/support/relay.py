"""A cable between a client and a server on this computer that can be pulled out and put back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

PIECE = 256 * 1024


class Relay:
    """Carries bytes from its own fixed port to ``target``, a port of 127.0.0.1.

    ``cut`` ends every connection and refuses new ones until ``heal``. The embedded server answers only to its
    own address, so the Host line of each request is rewritten on the way.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.websockets = 0
        """Websockets open now."""
        self.most_websockets = 0
        """The most at a time, looked at whenever one is opened."""
        self._listener: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._runs: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def heal(self) -> None:
        """Listen, at the same port as before."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = int(self._listener.sockets[0].getsockname()[1])

    async def cut(self) -> None:
        """End every connection at once and refuse new ones."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for end in tuple(self._ends):
            end.transport.abort()
        if self._runs:
            await asyncio.wait(self._runs)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._runs.add(task)
        self._ends.add(writer)
        is_websocket = False
        try:
            there, onward = await asyncio.open_connection("127.0.0.1", self.target)
            self._ends.add(onward)
            head = await reader.read(PIECE)
            is_websocket = b"upgrade: websocket" in head.lower()
            if is_websocket:
                self.websockets += 1
                self.most_websockets = max(self.most_websockets, self.websockets)
            onward.write(self._addressed(head))
            back = asyncio.ensure_future(self._carry(there, writer))
            await self._carry(reader, onward, requests=not is_websocket)
            await back
        except OSError:
            pass
        finally:
            self.websockets -= is_websocket
            for end in (writer, onward) if "onward" in locals() else (writer,):
                self._ends.discard(end)
                end.close()
            self._runs.discard(task)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, requests: bool = False
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                writer.write(self._addressed(piece) if requests else piece)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.write_eof()

    def _addressed(self, piece: bytes) -> bytes:
        return re.sub(
            rb"(?i)(\r\nhost: 127\.0\.0\.1:)%d\r\n" % self.port, rb"\g<1>%d\r\n" % self.target, piece
        )


@asynccontextmanager
async def relay_to(target: int) -> AsyncIterator[Relay]:
    """A relay that listens, and ends with the test."""
    relay = Relay(target)
    await relay.heal()
    try:
        yield relay
    finally:
        await relay.cut()
