"""The whole window: its pages and notices, what it remembers, and how it is used without a mouse."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.message import DeliveryState
from chatdesk.domain.profile import Profile
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.resources import resource
from chatdesk.ui.actions.table import ACTIONS, ActionId
from chatdesk.ui.main_window import USUAL_SIZE, MainWindow
from chatdesk.ui.model_notice import NO_MODEL
from chatdesk.ui.settings.window import SettingsWindow
from chatdesk.ui.theme.metrics import SIDEBAR_LEAST, SIDEBAR_MOST
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.window_state import WindowState, read_window_state
from tests.support.conversation_entries import NOON, changed, conversation_id, entry, removed
from tests.ui.shell.heard import Heard
from tests.ui.shell.names import everything_is_named
from tests.ui.shell.popups import dialog

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
ADA = Profile("ada-id", "ada", "Ada Lovelace", None, 3, NOON)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


# Pages, notices, state


@pytest.mark.parametrize("name", sorted({row.icon for row in ACTIONS.values() if row.icon}))
def test_the_icon_of_an_action_is_drawn_for_its_size(name: str) -> None:
    source = resource("icons", f"{name}.svg").read_text("utf-8")
    assert 'viewBox="0 0 24 24"' in source, "an illustration is a blot at this size"


def test_a_new_window_and_its_settings_fit_on_the_screen(
    qtbot: QtBot, theme: Theme, settings: SettingsWindow
) -> None:
    room = settings.screen().availableGeometry().size()
    assert room.width() < USUAL_SIZE.width(), "the screen of this test is a small one"
    fresh = MainWindow(theme, ConversationListModel(), QWidget())
    qtbot.addWidget(fresh)
    assert fresh.size().boundedTo(room) == fresh.size()
    assert settings.size().boundedTo(room) == settings.size()


def test_the_first_run_page_disables_what_needs_an_account(window: MainWindow, heard: Heard) -> None:
    window.show_first_run()
    assert window.first_run.isVisible()
    QTest.keyClick(window.first_run.local_button, KEY.Key_N, CTRL)
    assert heard.asked == []
    window.show_chat()
    assert not window.first_run.isVisible()
    assert window.composer.field.hasFocus()


def test_every_action_does_something(window: MainWindow, heard: Heard) -> None:
    window.account.set_profile(ADA, None)
    window.show_conversation(conversation_id(3))
    for which in ACTIONS:
        if which is not ActionId.CLOSE_WINDOW:
            window._carry_out(which)
    assert ("window",) in heard.asked
    assert ("quit",) in heard.asked
    assert window.isVisible()
    window._carry_out(ActionId.CLOSE_WINDOW)
    assert heard.asked[-1] == ("closing",)
    assert not window.isVisible()


def test_the_model_notice_leads_to_the_settings(window: MainWindow, qtbot: QtBot) -> None:
    assert not window.pane.notice.isVisible()
    window.set_model_notice(NO_MODEL)
    assert window.pane.notice.isVisible()
    with qtbot.waitSignal(window.pane.notice.set_up_requested, timeout=30_000):
        window.pane.notice.button.click()
    window.set_model_notice(None)
    assert not window.pane.notice.isVisible()


def test_the_window_remembers_its_place(
    window: MainWindow, theme: Theme, conversations: ConversationListModel, qtbot: QtBot
) -> None:
    window.resize(700, 500)
    QTest.keyClick(window.composer.field, KEY.Key_B, CTRL)
    assert not window.sidebar.isVisible()
    assert window.pane.header.sidebar_button.isVisible()
    with qtbot.waitSignal(window.state_changed, timeout=30_000) as told:
        window.resize(710, 510)
    assert isinstance(told.args[0], WindowState)
    text = told.args[0].as_text()
    other = MainWindow(theme, ConversationListModel(), QWidget())
    qtbot.addWidget(other)
    other.restore(read_window_state(text))
    other.show()
    assert (other.width(), other.height()) == (710, 510)
    assert not other.sidebar.isVisible()
    QTest.mouseClick(other.pane.header.sidebar_button, LEFT)
    assert other.sidebar.isVisible()


@pytest.mark.parametrize("text", [None, "", "no json", "[]", '{"geometry": 3}', '{"sidebar_width": "x"}'])
def test_an_unreadable_state_is_a_new_window(text: str | None) -> None:
    assert read_window_state(text) == WindowState()


def test_a_state_out_of_bounds_is_brought_back() -> None:
    narrow = WindowState("%%%", 1, True)
    assert read_window_state(narrow.as_text()).sidebar_width == SIDEBAR_LEAST
    assert read_window_state(WindowState("", 9_999).as_text()).sidebar_width == SIDEBAR_MOST
    assert narrow.geometry_bytes() == b""


def test_closing_saves_draft_and_state_first(window: MainWindow, heard: Heard) -> None:
    drafts: list[tuple[str, str]] = []
    window.composer.draft_changed.connect(lambda which, text: drafts.append((which, text)))
    window.show_conversation(conversation_id(1))
    QTest.keyClicks(window.composer.field, "later")
    window.close()
    assert drafts == [(conversation_id(1), "later")]
    assert heard.asked[-1] == ("closing",)


def test_nothing_reaches_for_a_window_that_is_gone(
    theme: Theme, conversations: ConversationListModel, qtbot: QtBot
) -> None:
    gone = MainWindow(theme, conversations, QWidget())
    gone.show()
    gone.account.set_profile(ADA, None)
    gone.notices.tell("A notice.")
    gone.show_conversation(conversation_id(1))
    gone.close()
    shiboken6.delete(gone)
    with qtbot.captureExceptions() as raised:
        theme.set_mode("dark")
        conversations.set_replying(conversation_id(1), True)
        conversations.apply(changed(entry(1, "Renamed")))
        conversations.apply(removed(entry(1)))
        conversations.load([])
    assert raised == []


# Keyboard and screen readers


def tab_round(window: MainWindow) -> list[QWidget]:
    seen: list[QWidget] = []
    for _ in range(40):
        focused = QApplication.focusWidget()
        if focused is None or focused in seen:
            break
        seen.append(focused)
        QTest.keyClick(focused, KEY.Key_Tab)
    return seen


def test_tab_goes_through_everything_in_reading_order(window: MainWindow, timeline: QWidget) -> None:
    window.show_conversation(conversation_id(1))
    window.set_model_notice(NO_MODEL)
    window.composer.field.put("text")
    window.sidebar.new_button.setFocus()
    path = tab_round(window)
    sidebar, pane = window.sidebar, window.pane
    wanted = [sidebar.new_button, sidebar.join_button, sidebar.list, sidebar.badge, sidebar.profile]
    wanted += [timeline, window.composer.field, window.composer.button]
    places = [path.index(widget) for widget in wanted]
    assert places == sorted(places)
    assert pane.header.menu_button in path


def test_an_account_without_a_name_is_not_somebody_else(window: MainWindow) -> None:
    window.account.set_profile(replace(ADA, username=None, display_name=""), None)
    assert window.sidebar.profile.accessibleName() == "Account: Your account"


def test_everything_focusable_has_a_name(window: MainWindow) -> None:
    window.show_conversation(conversation_id(3))
    window.set_model_notice(NO_MODEL)
    window.notices.tell("A notice.", "A step.", "error", ("Act", lambda: None))
    window.show_sidebar(False)
    window.show_sidebar(True)
    window.account.set_profile(ADA, None)
    window.account.open_profile()
    window.account.open_panel()
    assert everything_is_named(window) == []
    assert everything_is_named(window.account.panel) == []
    assert window.account.dialog is not None
    assert everything_is_named(window.account.dialog) == []
    window.account.panel.hide()
    window.show_first_run()
    assert everything_is_named(window) == []
    window.ask_session_only("No keyring.")
    assert everything_is_named(dialog(window)) == []


def test_the_rows_are_spoken(window: MainWindow, conversations: ConversationListModel) -> None:
    conversations.apply(changed(entry(4, "Fourth", hours_ago=4, delivery=DeliveryState.PENDING)))
    interface = QAccessible.queryAccessibleInterface(window.sidebar.list)
    assert interface is not None
    names = []
    for number in range(interface.childCount()):
        child = interface.child(number)
        assert child is not None
        names.append(child.text(QAccessible.Text.Name))
    assert "Second, 2 unread" in names
    assert "Fourth, waiting to be sent" in names
    assert "Third, not saved: Title too long." in names
