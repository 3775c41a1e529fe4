"""Notifications on a real session bus: shown, replaced, clicked, withdrawn; and whatever a desktop lacks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from jeepney import DBusAddress, new_method_return, new_signal
from jeepney.io.asyncio import DBusConnection

from chatdesk.notifications import session_bus as client
from chatdesk.notifications.address import bus_address
from chatdesk.notifications.desktop import SERVICE, DesktopNotifications
from chatdesk.runtime.tasks import TaskScope
from tests.support.notification_service import notification_service, session_bus

SECONDS = 30
PLACE = DBusAddress("/org/freedesktop/Notifications", SERVICE, SERVICE)


@pytest.fixture
def address() -> Iterator[str]:
    with session_bus() as found:
        yield found


class Reader:
    """Who clicks."""

    def __init__(self) -> None:
        self.chosen: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def take(self, subject: str, token: str) -> None:
        self.chosen.put_nowait((subject, token))


@pytest.fixture
async def reader() -> Reader:
    return Reader()


@pytest.fixture
async def desktop(address: str, reader: Reader) -> AsyncIterator[DesktopNotifications]:
    made = DesktopNotifications(address, Path("/icon.svg"), reader.take)
    yield made
    await made.close()


async def test_a_click_names_what_it_was_about(
    address: str, desktop: DesktopNotifications, reader: Reader
) -> None:
    async with asyncio.timeout(SECONDS), notification_service(address) as service:
        assert await desktop.tell("Bread", "2 < 3 & more", "c-1", action="Open the chat")
        assert await desktop.tell("Tea", "The reply is ready.", "c-2", action="Open the chat")
        bread, tea = await service.notified.get(), await service.notified.get()
        assert (bread.heading, bread.text) == ("Bread", "2 &lt; 3 &amp; more")
        assert bread.actions == ("default", "Open the chat")
        assert bread.hints["desktop-entry"] == ("s", "chatdesk")
        assert bread.number != tea.number
        await service.click(bread.number, token="let-me-in")
        assert await reader.chosen.get() == ("c-1", "let-me-in")
        await service.click(tea.number)
        assert await reader.chosen.get() == ("c-2", "")


async def test_the_newer_one_of_a_chat_takes_the_place_of_the_older(
    address: str, desktop: DesktopNotifications
) -> None:
    async with asyncio.timeout(SECONDS), notification_service(address) as service:
        for _ in range(2):
            await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
        first, second = await service.notified.get(), await service.notified.get()
        assert (first.replaces, second.replaces) == (0, first.number)


async def test_it_goes_when_its_reader_is_there_and_only_once(
    address: str, desktop: DesktopNotifications
) -> None:
    async with asyncio.timeout(SECONDS), notification_service(address) as service:
        await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
        shown = await service.notified.get()
        await desktop.withdraw("c-2")
        await desktop.withdraw("c-1")
        await desktop.withdraw("c-1")
        assert await service.closed.get() == shown.number
        assert service.closed.empty()


async def test_one_that_is_dismissed_is_not_replaced(
    address: str, desktop: DesktopNotifications, reader: Reader
) -> None:
    async with asyncio.timeout(SECONDS), notification_service(address) as service:
        await desktop.tell("Bread", "One.", "c-1", action="Open")
        await desktop.tell("Tea", "One.", "c-2", action="Open")
        bread, tea = await service.notified.get(), await service.notified.get()
        await service.dismiss(bread.number)
        await service.click(tea.number)  # The bus keeps the order: once this is here, that was.
        assert await reader.chosen.get() == ("c-2", "")
        await desktop.tell("Bread", "Two.", "c-1", action="Open")
        assert (await service.notified.get()).replaces == 0


async def test_a_plain_service_gets_plain_words_and_no_action(
    address: str, desktop: DesktopNotifications
) -> None:
    async with asyncio.timeout(SECONDS), notification_service(address, []) as service:
        assert await desktop.tell("Bread", "2 < 3", "c-1", action="Open")
        shown = await service.notified.get()
        assert (shown.heading, shown.text, shown.actions) == ("Bread: 2 < 3", "", ())


async def test_a_click_on_somebody_elses_notification_is_nothing(
    address: str, desktop: DesktopNotifications, reader: Reader
) -> None:
    async with asyncio.timeout(SECONDS), notification_service(address) as service:
        await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
        shown = await service.notified.get()
        await service.click(shown.number + 5)
        await service.click(shown.number)
        assert await reader.chosen.get() == ("c-1", "")
        assert reader.chosen.empty()


async def test_without_a_service_it_is_said_and_tried_again(
    address: str, desktop: DesktopNotifications
) -> None:
    async with asyncio.timeout(SECONDS):
        assert not await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
        async with notification_service(address) as service:
            assert await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
            service.refuses = True
            assert not await desktop.tell("Bread", "The reply is ready.", "c-2", action="Open")
        assert not await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
        async with notification_service(address) as service:
            assert await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
            assert (await service.notified.get()).replaces == 0, "the new service never heard of the old one"


async def test_a_service_that_says_nothing_holds_up_nobody(
    address: str, desktop: DesktopNotifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asyncio.timeout(SECONDS), notification_service(address) as service:
        await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
        monkeypatch.setattr(client, "ANSWER_SECONDS", 0.05)
        service.silent = True
        assert not await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")


async def test_a_bus_that_ends_and_comes_back(tmp_path: Path, reader: Reader) -> None:
    with session_bus() as gone:
        desktop = DesktopNotifications(gone, Path("/icon.svg"), reader.take)
        async with asyncio.timeout(SECONDS), notification_service(gone):
            assert await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
    async with asyncio.timeout(SECONDS):
        assert not await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
        await desktop.withdraw("c-1")
        await desktop.close()


@pytest.mark.parametrize("address", ["", "nonsense", "tcp:host=127.0.0.1", "unix:path=/nowhere/at/all"])
async def test_no_bus_is_no_failure(address: str, reader: Reader) -> None:
    desktop = DesktopNotifications(address, Path("/icon.svg"), reader.take)
    assert not await desktop.tell("Bread", "The reply is ready.", "c-1", action="Open")
    await desktop.withdraw("c-1")
    await desktop.close()


def test_where_the_bus_is(tmp_path: Path) -> None:
    assert bus_address({}) == ""
    assert bus_address({"XDG_RUNTIME_DIR": str(tmp_path)}) == ""
    assert bus_address({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}) == "unix:path=/x"


async def test_a_click_in_the_same_breath_as_the_answer_is_not_missed() -> None:
    """A window that was busy reads both at once: the answer is taken in before the click is heard."""
    ours, theirs = socket.socketpair()
    scope = TaskScope("test")
    known: list[int] = []
    heard: asyncio.Queue[tuple[str, list[int]]] = asyncio.Queue()

    def take(member: str, _arguments: object) -> None:
        heard.put_nowait((member, list(known)))

    here = DBusConnection(*await asyncio.open_connection(sock=ours))
    there = DBusConnection(*await asyncio.open_connection(sock=theirs))
    bus = client.SessionBus(here, scope, on_signal=take, on_lost=lambda: None)

    async def ask() -> None:
        known.extend(await bus.call(PLACE, "Notify"))

    async with asyncio.timeout(SECONDS):
        asking = scope.start(ask(), "ask")
        answer = new_method_return(await there.receive(), "u", (7,))
        click = new_signal(PLACE, "ActionInvoked", "us", (7, "default"))
        there.writer.write(answer.serialise(1) + click.serialise(2))
        assert await heard.get() == ("ActionInvoked", [7])
        await asking
    await bus.close()
    await there.close()
    await scope.close()
