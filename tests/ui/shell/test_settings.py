"""The settings window: every control does what it says at once; the shortcuts; keyboard path and names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from chatdesk import __version__
from chatdesk.config.options import (
    HIDE_TO_TRAY,
    LANGUAGE,
    NOTIFY_REPLIES,
    SEND_KEY,
    SHORTCUTS,
    SHOW_TIMES,
    TEXT_SIZE,
    THEME,
)
from chatdesk.config.preferences import Preferences
from chatdesk.domain.session import Account, BackendKind, LinkState, SyncState
from chatdesk.language.door import use
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.account_facts import AccountFacts
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.settings.about import LIBRARIES
from chatdesk.ui.settings.installation import Installation
from chatdesk.ui.settings.window import SettingsWindow
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.zoom import SIZES, larger, smaller
from tests.ui.shell.facts import FACTS, INSTALLATION
from tests.ui.shell.names import everything_is_named

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


# The pages


def test_every_option_of_the_device_has_a_control(
    settings: SettingsWindow, preferences: PreferenceService
) -> None:
    settings.general.language.picked.emit("de")
    settings.general.look.picked.emit("contrast")
    settings.general.text_size.picked.emit(150)
    settings.chat.send_key.picked.emit("ctrl_enter")
    settings.chat.times.click()
    settings.shortcuts.wish(ActionId.NEW_CHAT, "Ctrl+T")
    assert preferences.get(LANGUAGE) == "de"
    assert preferences.get(THEME) == "contrast"
    assert preferences.get(TEXT_SIZE) == 150
    assert preferences.get(SEND_KEY) == "ctrl_enter"
    assert preferences.get(SHOW_TIMES) is False
    assert preferences.get(SHORTCUTS) == {"chat.new": ["Ctrl+T"]}


def test_the_controls_follow_what_is_set_elsewhere(
    settings: SettingsWindow, preferences: PreferenceService
) -> None:
    preferences.put(THEME, "dark")
    preferences.put(TEXT_SIZE, 137)
    preferences.put(SEND_KEY, "ctrl_enter")
    preferences.put(SHOW_TIMES, False)
    assert settings.general.look.currentText() == "Dark"
    assert settings.general.text_size.currentText() == "137 %"
    assert settings.chat.send_key.currentText() == "Ctrl+Enter"
    assert settings.chat.send_key.accessibleDescription() == "Enter starts a new line."
    assert not settings.chat.times.isChecked()


def test_notifications_and_tray_are_switched_on_the_first_page(
    settings: SettingsWindow, preferences: PreferenceService
) -> None:
    page = settings.general
    assert page.notify.isChecked()
    assert not page.tray.isChecked()
    page.notify.click()
    assert preferences.get(NOTIFY_REPLIES) is False
    preferences.put(NOTIFY_REPLIES, True)
    assert page.notify.isChecked()
    assert page.tray.isEnabled() == QSystemTrayIcon.isSystemTrayAvailable()
    if not page.tray.isEnabled():
        assert "no tray" in page.tray.accessibleDescription()
    preferences.put(HIDE_TO_TRAY, True)
    assert page.tray.isChecked()


def test_a_choice_is_made_by_keyboard_and_not_by_the_wheel(
    settings: SettingsWindow, preferences: PreferenceService, qtbot: QtBot
) -> None:
    look = settings.general.look
    look.setFocus()
    QTest.keyClick(look, KEY.Key_Down)
    assert preferences.get(THEME) == "light"
    before = look.currentIndex()
    QApplication.sendEvent(look, _wheel(look))
    assert look.currentIndex() == before


def _wheel(widget: QWidget) -> QWheelEvent:
    place = QPointF(5, 5)
    return QWheelEvent(
        place,
        widget.mapToGlobal(place),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )


def test_the_models_page_says_what_is_set_up_and_no_key(qtbot: QtBot, theme: Theme) -> None:
    for facts, texts in (
        (INSTALLATION, ("models.example.com", "first-model, second-model", "Set")),
        (Installation(), ("None yet", "None yet", "Not set")),
    ):
        made = SettingsWindow(theme, PreferenceService(Preferences()), facts, FACTS)
        qtbot.addWidget(made)
        page = made.models
        assert (page.provider.text(), page.models.text(), page.key.text()) == texts
        assert "CHATDESK_MODEL" in page.example.toPlainText()


def test_the_account_page_follows_the_facts(settings: SettingsWindow) -> None:
    page = settings.account
    assert (page.name.text(), page.line.text()) == ("Ada Lovelace", "ada@example.com")
    assert page.place.text() == "https://example.supabase.co"
    assert page.state.text() == "In sync"
    local = Account("key", "ada-id", BackendKind.LOCAL, "http://127.0.0.1:1")
    settings.show_facts(AccountFacts(local, None, None, SyncState(LinkState.OFFLINE)))
    assert page.name.text() == "Your account"
    assert "127.0.0.1" not in page.place.text()
    assert page.state.text() == "Offline"
    assert not page.edit_button.isEnabled()
    settings.show_facts(AccountFacts())
    settings.open_page(page)
    assert page.nobody.isVisible()
    assert not page.sign_out_button.isVisible()


def test_its_buttons_close_the_window_and_lead_on(settings: SettingsWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(settings.action_requested, timeout=30_000) as told:
        settings.account.sign_out_button.click()
    assert told.args == [ActionId.SIGN_OUT]
    assert not settings.isVisible()


def test_the_data_page_opens_the_folder(settings: SettingsWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    monkeypatch.setattr("chatdesk.ui.settings.files.open_folder", opened.append)
    assert settings.files.folder.text() == str(INSTALLATION.data)
    settings.files.open_button.click()
    assert opened == [INSTALLATION.data]


def test_about_names_version_licence_and_every_dependency(settings: SettingsWindow) -> None:
    import tomllib

    assert __version__ in settings.about.version.text()
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {entry.split(">")[0].split("=")[0].split(";")[0].strip() for entry in project["dependencies"]}
    assert needed == {name for name, _licence in LIBRARIES}


# In the window


def test_settings_open_once_by_key_and_follow_the_account(window: MainWindow) -> None:
    window.account.set_account(FACTS.account)
    window.account.set_profile(FACTS.profile, None)
    QTest.keyClick(window.composer.field, KEY.Key_Comma, CTRL)
    opened = window.settings.dialog
    assert opened is not None
    window.settings.open()
    assert window.settings.dialog is opened
    assert opened.account.name.text() == "Ada Lovelace"
    window.account.set_state(SyncState(LinkState.OFFLINE))
    assert opened.account.state.text() == "Offline"
    QTest.keyClick(opened, KEY.Key_Escape)
    assert window.settings.dialog is None


def test_the_sheet_shows_the_keys_in_force(window: MainWindow) -> None:
    window.settings.preferences.put(SHORTCUTS, {"chat.new": ["Ctrl+T"], "chat.rename": []})
    window.settings.preferences.put(SEND_KEY, "ctrl_enter")
    QTest.keyClick(window.composer.field, KEY.Key_Slash, CTRL)
    sheet = window.settings.sheet
    assert sheet is not None
    assert sheet.isVisible()
    assert sheet.shown["New chat"] == "Ctrl+T"
    assert "Rename" not in sheet.shown
    assert sheet.shown["Send the message"] == "Ctrl+Enter"
    assert sheet.shown["Start a new line"] == "Enter"
    assert everything_is_named(sheet) == []
    window.settings.open_sheet()
    assert window.settings.sheet is None


def test_zoom_goes_by_steps_to_the_ends(window: MainWindow) -> None:
    preferences = window.settings.preferences
    for _step in range(10):
        QTest.keyClick(window.composer.field, KEY.Key_Plus, CTRL)
    assert preferences.get(TEXT_SIZE) == SIZES[-1] == 200
    for _step in range(10):
        QTest.keyClick(window.composer.field, KEY.Key_Minus, CTRL)
    assert preferences.get(TEXT_SIZE) == SIZES[0] == 80
    QTest.keyClick(window.composer.field, KEY.Key_0, CTRL)
    assert preferences.get(TEXT_SIZE) == 100
    assert (larger(137), smaller(137)) == (150, 125)


def test_the_send_key_is_the_options(window: MainWindow) -> None:
    sent: list[str] = []
    window.composer.send_requested.connect(lambda _which, text: sent.append(text))
    window.settings.preferences.put(SEND_KEY, "ctrl_enter")
    field = window.composer.field
    QTest.keyClicks(field, "one")
    QTest.keyClick(field, KEY.Key_Return)
    QTest.keyClicks(field, "two")
    QTest.keyClick(field, KEY.Key_Return, SHIFT)
    assert sent == []
    QTest.keyClick(field, KEY.Key_Return, CTRL)
    assert [text.strip() for text in sent] == ["one\ntwo"]
    hints = [label.text() for label in window.composer.findChildren(QLabel)]
    assert "Ctrl+Enter sends, Enter starts a new line" in hints


# Keyboard and screen readers


def test_everything_has_a_name_on_every_page(settings: SettingsWindow) -> None:
    for row in range(settings.stack.count()):
        settings.navigation.setCurrentRow(row)
        assert everything_is_named(settings) == []
    settings.shortcuts.wish(ActionId.TOGGLE_SIDEBAR, "Ctrl+N")
    settings.open_page(settings.shortcuts)
    assert everything_is_named(settings) == []


def role_and_name(widget: QWidget) -> tuple[QAccessible.Role, str]:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return interface.role(), interface.text(QAccessible.Text.Name)


def test_controls_say_what_they_are(settings: SettingsWindow) -> None:
    role = QAccessible.Role
    for box, name in ((settings.general.look, "Look"), (settings.general.text_size, "Text size")):
        assert role_and_name(box)[0] == role.ComboBox
        assert box.accessibleName() == name
        # On Linux a screen reader takes the name of a box to choose from from its label.
        interface = QAccessible.queryAccessibleInterface(box)
        assert interface is not None
        labels = [
            each for each, relation in interface.relations() if relation & QAccessible.RelationFlag.Label
        ]
        assert [label.text(QAccessible.Text.Name) for label in labels] == [name]
    assert role_and_name(settings.chat.times) == (role.CheckBox, "Show the time beside messages")
    keys = settings.shortcuts.rows[ActionId.NEW_CHAT].keys
    assert role_and_name(keys) == (role.Button, "New chat: Ctrl+N")
    assert role_and_name(settings.navigation) == (role.List, "Pages of the settings")


def tab_round(window: SettingsWindow) -> list[QWidget]:
    seen: list[QWidget] = []
    for _step in range(200):
        focused = QApplication.focusWidget()
        if focused is None or focused in seen:
            break
        seen.append(focused)
        QTest.keyClick(focused, KEY.Key_Tab)
    return seen


def test_the_keyboard_reaches_everything_in_reading_order(settings: SettingsWindow) -> None:
    settings.activateWindow()
    for row, wanted in (
        (0, [settings.general.language, settings.general.look, settings.general.text_size]),
        (1, [settings.chat.send_key, settings.chat.times]),
        (
            3,
            [settings.account.edit_button, settings.account.refresh_button, settings.account.sign_out_button],
        ),
        (5, [each.keys for each in settings.shortcuts.rows.values()]),
        (6, [settings.files.folder, settings.files.open_button]),
    ):
        settings.navigation.setFocus()
        settings.navigation.setCurrentRow(row)
        path = tab_round(settings)
        places = [path.index(widget) for widget in (settings.navigation, *wanted, settings.close_button)]
        assert places == sorted(places), row


def test_the_arrow_keys_turn_the_pages(settings: SettingsWindow) -> None:
    QTest.keyClick(settings.navigation, KEY.Key_Down)
    assert settings.stack.currentWidget() is settings.chat
    QTest.keyClick(settings.navigation, KEY.Key_End)
    assert settings.stack.currentWidget() is settings.about
