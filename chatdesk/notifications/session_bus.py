"""A connection to the session bus: calls that are answered, signals that are heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, message_bus, new_method_call
from jeepney.io.asyncio import DBusConnection, open_dbus_connection

from chatdesk.runtime.tasks import TaskScope

ANSWER_SECONDS = 5.0
"""A desktop that takes longer is busy with worse; the caller has another way to tell."""


class BusFailure(Exception):
    """The bus is not there, went away, or refused."""


class SessionBus:
    """Serves one caller: ``call`` waits for the answer, ``listen`` says which signals to hear.

    Nothing here blocks. ``on_signal(member, arguments)`` runs in the loop, and so does ``on_lost()`` when the
    bus went away.
    """

    def __init__(
        self,
        connection: DBusConnection,
        scope: TaskScope,
        *,
        on_signal: Callable[[str, tuple[Any, ...]], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._on_signal = on_signal
        self._on_lost = on_lost
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._reading = scope.start(self._read(), "read session bus")

    @classmethod
    async def open(
        cls,
        address: str,
        scope: TaskScope,
        *,
        on_signal: Callable[[str, tuple[Any, ...]], None],
        on_lost: Callable[[], None],
    ) -> SessionBus:
        """Connect; raises ``BusFailure``."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                connection = await open_dbus_connection(address)
        except Exception as failure:  # An address of any shape, a socket of any kind, a bus that hangs up.
            raise BusFailure(f"The session bus cannot be reached: {failure}") from failure
        return cls(connection, scope, on_signal=on_signal, on_lost=on_lost)

    async def listen(self, rule: MatchRule) -> None:
        """Have the signals that ``rule`` describes; raises ``BusFailure``."""
        await self._send(message_bus.AddMatch(rule))

    async def call(
        self, address: DBusAddress, method: str, signature: str | None = None, body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        """Call a method and return what it answers; raises ``BusFailure``."""
        return await self._send(new_method_call(address, method, signature, body))

    async def close(self) -> None:
        """Hang up."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            async with asyncio.timeout(1):
                await self._connection.close()

    async def _send(self, message: Message) -> tuple[Any, ...]:
        if self._reading.done():
            raise BusFailure("The session bus has gone.")
        serial = next(self._connection.outgoing_serial)
        waiting = self._waiting[serial] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._connection.send(message, serial=serial)
                answer = await waiting
        except (OSError, TimeoutError, EOFError) as failure:
            raise BusFailure("The session bus did not answer.") from failure
        finally:
            self._waiting.pop(serial, None)
        if answer.header.message_type is MessageType.error:
            raise BusFailure(f"The session bus refused: {answer.body}")
        return tuple(answer.body)

    async def _read(self) -> None:
        try:
            while True:
                self._take(await self._connection.receive())
                # Who waited for an answer goes on first: a click that was read with it means its number.
                await asyncio.sleep(0)
        except (OSError, EOFError, ValueError):
            self._connection.writer.close()
            self._on_lost()
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(EOFError("The session bus has gone."))

    def _take(self, message: Message) -> None:
        fields = message.header.fields
        if message.header.message_type is MessageType.signal:
            self._on_signal(str(fields.get(HeaderFields.member, "")), tuple(message.body))
        elif message.header.message_type in (MessageType.method_return, MessageType.error):
            waiting = self._waiting.get(fields.get(HeaderFields.reply_serial, -1))
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
