"""Shortcuts are chosen by pressing them: conflicts are told, nonsense is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from chatdesk.config.options import (
    SHORTCUTS,
)
from chatdesk.language.door import use
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.actions.bindings import Bindings, fault, native
from chatdesk.ui.actions.groups import GROUPS, grouped
from chatdesk.ui.actions.table import ACTIONS, ActionId
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.settings.window import SettingsWindow

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def window(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window in front: only there its shortcuts work."""
    qtbot.waitUntil(window.isActiveWindow, timeout=30_000)
    return window


@pytest.fixture(autouse=True)
def _as_it_was(qapp: QApplication) -> Iterator[None]:
    yield
    use("en")
    while (popup := qapp.activePopupWidget()) is not None:
        popup.close()


# Shortcuts


def test_defaults_are_in_no_conflict() -> None:
    bindings = Bindings()
    for which in ACTIONS:
        for keys in bindings.keys(which):
            assert bindings.user_of(keys, which) is None, (which, keys)


def test_every_action_has_a_group() -> None:
    assert {which.value.partition(".")[0] for which in ActionId} <= set(GROUPS)
    assert sorted(row.id for _title, rows in grouped() for row in rows) == sorted(ActionId)


def press(button: QPushButton, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
    QTest.mouseClick(button, LEFT)
    QTest.keyClick(button, key, modifiers)


def test_a_shortcut_is_chosen_by_pressing_it(
    settings: SettingsWindow, preferences: PreferenceService
) -> None:
    page = settings.shortcuts
    settings.open_page(page)
    row = page.rows[ActionId.NEW_CHAT]
    assert row.keys.text() == "Ctrl+N"
    assert row.reset.isHidden()
    QTest.mouseClick(row.keys, LEFT)
    assert row.keys.text() == "Press the keys…"
    QTest.keyClick(row.keys, KEY.Key_Control, CTRL)
    assert row.keys.waiting
    QTest.keyClick(row.keys, KEY.Key_J, CTRL | SHIFT)
    assert preferences.get(SHORTCUTS) == {"chat.new": ["Ctrl+Shift+J"]}
    assert row.keys.text() == "Ctrl+Shift+J"
    assert row.keys.accessibleName() == "New chat: Ctrl+Shift+J"
    row.reset.click()
    assert preferences.get(SHORTCUTS) == {}
    assert row.keys.text() == "Ctrl+N"


def test_tab_and_the_windows_own_keys_can_be_chosen(
    settings: SettingsWindow, preferences: PreferenceService
) -> None:
    page = settings.shortcuts
    settings.open_page(page)
    page.wish(ActionId.NEXT_CHAT, "")
    page.wish(ActionId.PREVIOUS_CHAT, "")
    press(page.rows[ActionId.REFRESH].keys, KEY.Key_Backtab, CTRL | SHIFT)
    assert preferences.get(SHORTCUTS)["account.refresh"] == ["Ctrl+Shift+Tab"]


def test_escape_keeps_and_backspace_removes(settings: SettingsWindow, preferences: PreferenceService) -> None:
    page = settings.shortcuts
    settings.open_page(page)
    keys = page.rows[ActionId.NEW_CHAT].keys
    press(keys, KEY.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert settings.isVisible()
    assert preferences.get(SHORTCUTS) == {}
    press(keys, KEY.Key_Backspace, Qt.KeyboardModifier.NoModifier)
    assert preferences.get(SHORTCUTS) == {"chat.new": []}
    assert keys.text() == "None"
    assert page.reset_all.isEnabled()
    page.reset_all.click()
    assert preferences.get(SHORTCUTS) == {}
    assert not page.reset_all.isEnabled()


def test_a_conflict_is_told_and_nobody_is_robbed_without_asking(
    settings: SettingsWindow, preferences: PreferenceService
) -> None:
    page = settings.shortcuts
    settings.open_page(page)
    press(page.rows[ActionId.TOGGLE_SIDEBAR].keys, KEY.Key_N, CTRL)
    assert page.bar.isVisible()
    assert page.bar_text.text() == "Ctrl+N belongs to “New chat” already."
    assert preferences.get(SHORTCUTS) == {}
    page.keep_button.click()
    assert not page.bar.isVisible()
    assert preferences.get(SHORTCUTS) == {}
    press(page.rows[ActionId.TOGGLE_SIDEBAR].keys, KEY.Key_N, CTRL)
    assert page.use_button.hasFocus()
    page.use_button.click()
    assert preferences.get(SHORTCUTS) == {"chat.new": [], "view.sidebar": ["Ctrl+N"]}
    assert page.rows[ActionId.NEW_CHAT].keys.text() == "None"
    assert (
        Bindings(preferences.get(SHORTCUTS)).user_of("Ctrl+N", ActionId.NEW_CHAT) is ActionId.TOGGLE_SIDEBAR
    )


@pytest.mark.parametrize(
    "keys", ["A", "Shift+A", "Return", "Tab", "Space", "Ctrl+C", "Ctrl+V", "Ctrl+Z", "Left"]
)
def test_what_writes_in_text_fields_is_refused(
    settings: SettingsWindow, preferences: PreferenceService, keys: str
) -> None:
    assert fault(keys)
    settings.open_page(settings.shortcuts)
    settings.shortcuts.wish(ActionId.NEW_CHAT, keys)
    assert settings.shortcuts.bar_text.text().startswith(f"{native(keys)}: ")
    assert not settings.shortcuts.use_button.isVisible()
    assert preferences.get(SHORTCUTS) == {}


@pytest.mark.parametrize("keys", ["Ctrl+T", "Alt+X", "F7", "Shift+F7", "Esc", "Ctrl+Tab", "Ctrl+Shift+."])
def test_what_is_free_is_taken(keys: str) -> None:
    assert fault(keys) == ""


@pytest.mark.parametrize(
    "chosen",
    [
        {"no.action": ["Ctrl+T"]},
        {"chat.new": "Ctrl+T"},
        {"chat.new": [3]},
        {"chat.new": ["no such key"]},
        {"chat.new": None},
        {3: ["Ctrl+T"]},
    ],
)
def test_an_odd_file_changes_no_shortcut(chosen: dict[str, object]) -> None:
    assert Bindings(chosen).keys(ActionId.NEW_CHAT) == ("Ctrl+N",)


def test_taking_one_of_two_shortcuts_leaves_the_other() -> None:
    taken = Bindings().bound(ActionId.NEW_CHAT, "Ctrl+=")
    assert taken == {"chat.new": ["Ctrl+="], "view.zoom_in": ["Ctrl++"]}


def test_a_new_shortcut_works_in_the_window_and_its_menus_at_once(
    window: MainWindow, qapp: QApplication
) -> None:
    opened: list[str] = []
    window.open_requested.connect(opened.append)
    window.settings.preferences.put(SHORTCUTS, {"chat.next": ["Ctrl+Shift+J"], "chat.rename": ["F8"]})
    QTest.keyClick(window.composer.field, KEY.Key_J, CTRL | SHIFT)
    assert len(opened) == 1
    window.verbs.open_menu(opened[0], QPoint(0, 0))
    menu = qapp.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert "Rename\tF8" in [action.text() for action in menu.actions()]
    menu.close()
