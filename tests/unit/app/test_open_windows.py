"""Windows of one process: opened, told of what all share, closed without a trace."""

from __future__ import annotations

import weakref

import pytest
from pytestqt.qtbot import QtBot

from chatdesk.app.application import Application
from chatdesk.app.open_window import OpenWindow
from chatdesk.config.options import HIDE_TO_TRAY, LANGUAGE, NOTIFY_REPLIES, SEND_KEY, THEME
from chatdesk.domain.errors import Offline
from chatdesk.ui.actions.table import ActionId
from tests.unit.app.conftest import bury

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


async def opened(whole: Application) -> OpenWindow:
    """One more window."""
    before = set(whole.windows.all)
    await whole.windows.open_another()
    return next(each for each in whole.windows.all if each not in before)


async def test_windows_are_numbered_from_the_lowest_free_one(whole: Application) -> None:
    second, third = await opened(whole), await opened(whole)
    assert [second.number, third.number] == [2, 3]
    second.window.close()
    await whole.windows.open_another()
    assert sorted(each.number for each in whole.windows.all) == [1, 2, 3]


async def test_the_window_in_front_gets_the_notices(whole: Application, qtbot: QtBot) -> None:
    first, second = whole.windows.active, await opened(whole)
    assert whole.windows.active is second
    whole.notices.failed(Offline("There is no network.", "Wait."))
    assert list(second.window.notices.shown) == ["There is no network."]
    assert list(first.window.notices.shown) == []
    qtbot.waitUntil(second.window.isActiveWindow, timeout=30_000)
    first.window.activateWindow()
    qtbot.waitUntil(lambda: whole.windows.active is first, timeout=30_000)
    whole.notices.tell("Something else.")
    assert list(first.window.notices.shown) == ["Something else."]


async def test_look_language_and_settings_hold_in_all(whole: Application) -> None:
    windows = [whole.windows.active, await opened(whole)]
    whole.preferences.put(THEME, "dark")
    assert whole.theme.tokens.dark
    whole.preferences.put(LANGUAGE, "de")
    whole.preferences.put(SEND_KEY, "ctrl_enter")
    for each in windows:
        assert each.window.actions_table[ActionId.NEW_CHAT].text() == "Neuer Chat"
        assert not each.window.composer.field.enter_sends


async def test_a_closed_window_is_gone_and_nothing_calls_it_any_more(whole: Application) -> None:
    second = await opened(whole)
    ghost, service = weakref.ref(second.window), weakref.ref(second.realtime)
    second.window.close()
    assert second not in whole.windows.all
    while whole.scope.count:
        await _turn()
    del second
    bury()
    assert ghost() is None
    assert service() is None
    whole.preferences.put(THEME, "light")
    whole.preferences.put(LANGUAGE, "de")
    whole.session.busy_changed.emit(True)
    whole.session.busy_changed.emit(False)
    whole.session.sign_in_failed.emit(Offline("There is no network.", "Wait."))
    whole.session.signed_out.emit()
    whole.generation.replying_changed.emit("c", "m", True)
    whole.profiles.saved.emit()
    assert whole.window.isVisible()


async def test_the_last_one_ends_the_program_unless_it_only_hides(whole: Application) -> None:
    ends: list[bool] = []
    whole.windows.last_closed.connect(lambda: ends.append(True))
    second = await opened(whole)
    second.window.close()
    assert ends == []
    whole.windows.stays = lambda: True
    whole.window.close()
    assert ends == []
    assert not whole.window.isVisible()
    whole.windows.raise_active()
    assert whole.window.isVisible()
    whole.windows.stays = lambda: False
    whole.window.close()
    assert ends == [True]


async def test_the_last_one_hides_in_the_tray_and_comes_back_from_there(whole: Application) -> None:
    whole.preferences.put(HIDE_TO_TRAY, True)
    second = await opened(whole)
    second.window.close()
    assert second not in whole.windows.all, "only the last one stays"
    whole.window.close()
    assert not whole.closed.is_set()
    assert not whole.window.isVisible()
    whole.tray.tray.open_requested.emit()
    assert whole.window.isVisible()
    whole.window.close()
    whole.tray.tray.new_chat_requested.emit()
    assert whole.window.isVisible()
    whole.tray.tray.quit_requested.emit()
    assert whole.closed.is_set()


async def test_without_a_tray_closing_the_last_one_ends_the_program(whole: Application) -> None:
    whole.preferences.put(HIDE_TO_TRAY, True)
    whole.tray.tray._available = lambda: False
    whole.window.close()
    assert whole.closed.is_set()


async def test_the_icon_is_there_while_an_option_needs_it(whole: Application) -> None:
    shown = [whole.tray.tray.shown]
    for option, value in ((NOTIFY_REPLIES, False), (HIDE_TO_TRAY, True)):
        whole.preferences.put(option, value)
        shown.append(whole.tray.tray.shown)
    assert shown == [True, False, True]


async def test_quitting_saves_all(whole: Application) -> None:
    second = await opened(whole)
    told: list[str] = []
    for each in whole.windows.all:
        each.window.state_changed.connect(lambda _state, each=each: told.append(str(each.number)))
    second.window.actions_table[ActionId.QUIT].trigger()
    assert sorted(told) == ["1", "2"]
    assert whole.closed.is_set()


async def _turn() -> None:
    import asyncio

    await asyncio.sleep(0)
