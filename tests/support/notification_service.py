"""A private session bus, and on it the notification service of a desktop."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.asyncio import DBusConnection, DBusRouter, Proxy, open_dbus_connection

from chatdesk.notifications.desktop import SERVICE

_HERE = DBusAddress("/org/freedesktop/Notifications", SERVICE, SERVICE)


@dataclass(frozen=True)
class Shown:
    """One notification as a desktop gets it."""

    number: int
    replaces: int
    heading: str
    text: str
    actions: tuple[str, ...]
    hints: dict[str, Any]


@contextmanager
def session_bus() -> Iterator[str]:
    """Run a bus of its own; its address."""
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert daemon.stdout is not None
    try:
        yield daemon.stdout.readline().decode().strip()
    finally:
        daemon.terminate()
        daemon.wait(30)
        daemon.stdout.close()


class NotificationService:
    """Answers as desktops do; ``click`` and ``dismiss`` are what a user does."""

    def __init__(self, connection: DBusConnection, capabilities: Sequence[str]) -> None:
        self._connection = connection
        self._capabilities = list(capabilities)
        self._next = 1
        self.refuses = False
        self.silent = False
        self.notified: asyncio.Queue[Shown] = asyncio.Queue()
        self.closed: asyncio.Queue[int] = asyncio.Queue()

    async def serve(self) -> None:
        while True:
            call = await self._connection.receive()
            if call.header.message_type is MessageType.method_call and not self.silent:
                await self._connection.send(self._answer(call))

    async def click(self, number: int, token: str = "") -> None:
        if token:
            await self._say("ActivationToken", "us", (number, token))
        await self._say("ActionInvoked", "us", (number, "default"))
        await self.dismiss(number)

    async def dismiss(self, number: int) -> None:
        await self._say("NotificationClosed", "uu", (number, 2))

    async def _say(self, member: str, signature: str, body: tuple[Any, ...]) -> None:
        await self._connection.send(new_signal(_HERE, member, signature, body))

    def _answer(self, call: Message) -> Message:
        if self.refuses:
            return new_error(call, "org.freedesktop.DBus.Error.LimitsExceeded", "s", ("Too many.",))
        match call.header.fields[HeaderFields.member]:
            case "GetCapabilities":
                return new_method_return(call, "as", (self._capabilities,))
            case "Notify":
                _app, replaces, _icon, heading, text, actions, hints, _time = call.body
                number = replaces or self._next
                self._next = max(self._next, number + 1)
                shown = Shown(number, replaces, heading, text, tuple(actions), hints)
                self.notified.put_nowait(shown)
                return new_method_return(call, "u", (number,))
            case _:
                self.closed.put_nowait(call.body[0])
                return new_method_return(call)


@asynccontextmanager
async def notification_service(
    address: str, capabilities: Sequence[str] = ("body", "actions", "body-markup")
) -> AsyncIterator[NotificationService]:
    """Run a service on the bus at ``address``, and take it away at the end."""
    connection = await open_dbus_connection(address)
    async with DBusRouter(connection) as router:
        await Proxy(message_bus, router).RequestName(SERVICE)
    service = NotificationService(connection, capabilities)
    serving = asyncio.create_task(service.serve())
    try:
        yield service
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await connection.close()
