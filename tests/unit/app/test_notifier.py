"""A finished reply is told once, the way this desktop has, and a click leads to its chat."""

from __future__ import annotations

import asyncio
import os

import pytest
from pytestqt.qtbot import QtBot

from chatdesk.app.application import Application
from chatdesk.services.reply_alerts import ReplyAlert
from tests.support.notification_service import notification_service, session_bus
from tests.support.tray import Desktop

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SECONDS = 30
ALERT = ReplyAlert("c-1", "m-1", "Bread", failed=False)


@pytest.fixture
async def asked(whole: Application, monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[bool]:
    """What the icon answered when it was asked to tell."""
    answers: asyncio.Queue[bool] = asyncio.Queue()
    alert = whole.tray.tray.alert
    monkeypatch.setattr(whole.tray.tray, "alert", lambda *words: answers.put_nowait(alert(*words)))
    return answers


async def test_the_desktop_tells_even_without_a_tray(
    whole: Application, desktop: Desktop, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    desktop.has_tray = False
    with session_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        async with asyncio.timeout(SECONDS), notification_service(address) as service:
            whole.tray.alerts.alerted.emit(ALERT)
            shown = await service.notified.get()
            assert (shown.heading, shown.text) == ("Bread", "The reply is ready.")
            assert shown.actions == ("default", "Open the chat")
            await whole.windows.open_another()
            second = whole.windows.active
            qtbot.waitUntil(second.window.isActiveWindow, timeout=SECONDS * 1000)
            first = next(each for each in whole.windows.all if each is not second)
            whole.windows.to_front(first)
            qtbot.waitUntil(first.window.isActiveWindow, timeout=SECONDS * 1000)
            # Only now: a window in front that shows the chat takes the notification away.
            second.realtime._current = "c-1"
            opened: list[str] = []
            turned = asyncio.Event()
            whole.windows.turned.connect(lambda _which: turned.set())
            monkeypatch.setattr(first.realtime, "set_current_conversation", opened.append)
            await service.click(shown.number, token="let-me-in")
            await turned.wait()
            assert whole.windows.active is second
            assert os.environ.pop("XDG_ACTIVATION_TOKEN") == "let-me-in"
            assert opened == [], "the window that shows it comes, the other stays as it is"
    assert all(icon.told == [] for icon in desktop.icons), "told once"


async def test_where_no_service_answers_the_icon_tells(
    whole: Application, desktop: Desktop, asked: asyncio.Queue[bool]
) -> None:
    whole.tray.alerts.alerted.emit(ALERT)
    async with asyncio.timeout(SECONDS):
        assert await asked.get()
    assert desktop.icons[0].told == [("Bread", "The reply is ready.")]


async def test_with_neither_nothing_breaks(
    whole: Application, desktop: Desktop, asked: asyncio.Queue[bool]
) -> None:
    desktop.has_tray = False
    whole.tray.alerts.alerted.emit(ALERT)
    async with asyncio.timeout(SECONDS):
        assert not await asked.get()
