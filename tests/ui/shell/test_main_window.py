"""The window as a whole: what it asks for, what it shows, keyboard path and names."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.config.options import THEME
from chatdesk.domain.profile import Profile
from chatdesk.domain.session import Account, BackendKind, LinkState, SyncState
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.ui.actions.table import ACCOUNT_MENU, ACTIONS, ActionId, conversation_menu
from chatdesk.ui.dialogs.profile import ProfileDialog, ProfileEdit
from chatdesk.ui.main_window import MainWindow
from tests.support.conversation_entries import NOON, changed, conversation_id, entry, removed
from tests.ui.shell.heard import Heard
from tests.ui.shell.popups import dialog, menu

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
ADA = Profile("ada-id", "ada", "Ada Lovelace", None, 3, NOON)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


# Opening and writing


def test_opening_shows_title_and_timeline(
    window: MainWindow, heard: Heard, conversations: ConversationListModel, timeline: QWidget
) -> None:
    assert not timeline.isVisible()
    window.sidebar.list.open_requested.emit(conversation_id(2), True)
    assert heard.asked == [("open", conversation_id(2))]
    assert timeline.isVisible()
    assert window.pane.header.title() == "Second"
    assert window.windowTitle() == "Second – ChatDesk"
    conversations.apply(changed(entry(2, "Renamed", hours_ago=2)))
    assert window.pane.header.title() == "Renamed"
    assert window.composer.field.hasFocus()


def test_being_told_what_is_open_asks_for_nothing(window: MainWindow, heard: Heard) -> None:
    window.show_conversation(conversation_id(1))
    assert heard.asked == []
    assert window.composer.conversation == conversation_id(1)


def test_new_chat_waits_for_the_first_message(window: MainWindow, heard: Heard, timeline: QWidget) -> None:
    window.show_conversation(conversation_id(1))
    QTest.mouseClick(window.sidebar.new_button, LEFT)
    assert not timeline.isVisible()
    QTest.keyClicks(window.composer.field, "hello")
    QTest.keyClick(window.composer.field, KEY.Key_Return)
    assert heard.asked == [("open", ""), ("send", "", "hello")]
    window.show_conversation(conversation_id(9))
    window.composer.accept("")
    assert window.composer.text() == ""
    window.show_conversation("")
    assert window.composer.text() == ""


def test_shortcuts(window: MainWindow, heard: Heard, conversations: ConversationListModel) -> None:
    QTest.keyClick(window.composer.field, KEY.Key_Tab, CTRL)
    QTest.keyClick(window.composer.field, KEY.Key_Tab, CTRL)
    QTest.keyClick(window.composer.field, KEY.Key_Backtab, CTRL | SHIFT)
    QTest.keyClick(window.composer.field, KEY.Key_N, CTRL)
    QTest.keyClick(window.composer.field, KEY.Key_F5)
    assert heard.asked == [
        ("open", conversation_id(5)),
        ("open", conversation_id(1)),
        ("open", conversation_id(5)),
        ("open", ""),
        ("refresh",),
    ]


def test_escape_stops_the_reply_only_while_there_is_one(window: MainWindow, heard: Heard) -> None:
    window.show_conversation(conversation_id(1))
    QTest.keyClick(window.composer.field, KEY.Key_Escape)
    assert heard.asked == []
    window.set_replying(conversation_id(1), True)
    assert window.composer.button.accessibleName() == "Stop the reply"
    QTest.keyClick(window.composer.field, KEY.Key_Escape)
    assert heard.asked == [("stop", conversation_id(1))]
    window.show_conversation(conversation_id(2))
    assert window.composer.button.accessibleName() == "Send"
    window.show_conversation(conversation_id(1))
    window.set_replying(conversation_id(1), False)
    assert window.composer.button.accessibleName() == "Send"


# One conversation


def test_f2_renames_the_open_one_in_its_row(window: MainWindow, heard: Heard, qtbot: QtBot) -> None:
    window.show_conversation(conversation_id(2))
    QTest.keyClick(window.composer.field, KEY.Key_F2)
    field = window.sidebar.list.viewport().findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setText("Better")
    QTest.keyClick(field, KEY.Key_Return)
    qtbot.waitUntil(lambda: heard.asked == [("rename", conversation_id(2), "Better")], timeout=30_000)


def test_after_the_own_delete_the_window_is_empty_and_silent(
    window: MainWindow, heard: Heard, conversations: ConversationListModel
) -> None:
    window.show_conversation(conversation_id(2))
    window.composer.field.put("about the deleted one")
    window.verbs.delete_requested.emit(conversation_id(2))
    conversations.set_leaving(frozenset({conversation_id(2)}))
    conversations.apply(removed(entry(2)))
    assert ("open", "") in heard.asked
    assert window.notices.shown == ("“Second” was deleted.",)
    assert window.composer.text() == ""
    window.show_conversation(conversation_id(2))
    assert window.composer.text() == "", "its draft went with it"


def test_deleted_elsewhere_is_told_and_the_unsent_text_stays(
    window: MainWindow, heard: Heard, conversations: ConversationListModel, timeline: QWidget
) -> None:
    window.show_conversation(conversation_id(2))
    QTest.keyClicks(window.composer.field, "unsent words")
    conversations.apply(removed(entry(2)))
    assert heard.asked == [("open", "")]
    assert window.notices.shown == ("“Second” was deleted in another window.",)
    assert window.composer.text() == "unsent words"
    assert not timeline.isVisible()


def test_the_menu_of_a_row_is_about_that_row(window: MainWindow, heard: Heard, qapp: QApplication) -> None:
    window.show_conversation(conversation_id(1))
    for text, wanted in (
        ("Pin", ("pin", conversation_id(3), True)),
        ("Try to save again", ("retry", conversation_id(3))),
        ("Discard the unsaved change", ("discard", conversation_id(3))),
    ):
        window.sidebar.list.menu_requested.emit(conversation_id(3), window.mapToGlobal(QPoint(100, 200)))
        opened = menu(qapp)
        next(action for action in opened.actions() if action.text() == text).trigger()
        opened.close()
        assert heard.asked[-1] == wanted


def test_the_menu_offers_what_applies() -> None:
    plain = conversation_menu(pinned=False, failed=False)
    assert ActionId.PIN_CHAT in plain
    assert ActionId.RETRY_CHAT not in plain
    assert ActionId.UNPIN_CHAT in conversation_menu(pinned=True, failed=True)
    assert plain[-1] is ActionId.DELETE_CHAT


# Account


def test_profile_and_account_are_shown_and_edited(window: MainWindow, heard: Heard) -> None:
    window.account.open_profile()
    assert window.findChild(ProfileDialog) is None
    window.account.set_profile(ADA, None)
    window.account.set_account(Account("k", "ada-id", BackendKind.LOCAL, "http://127.0.0.1:1"))
    assert window.sidebar.profile.accessibleName() == "Account: Ada Lovelace, On this computer"
    window.actions_table[ActionId.PROFILE].trigger()
    opened = window.account.dialog
    assert isinstance(opened, ProfileDialog)
    assert opened.isVisible()
    window.account.open_profile()
    assert window.account.dialog is opened
    opened.display_name.setText("Ada")
    QTest.mouseClick(opened.save_button, LEFT)
    assert heard.asked == [("save", ProfileEdit({"display_name": "Ada"}))]
    opened.saved()
    window.account.open_profile()
    assert window.account.dialog is not opened


def test_the_account_menu_comes_from_the_table(window: MainWindow, qapp: QApplication) -> None:
    QTest.mouseClick(window.sidebar.profile, LEFT)
    opened = menu(qapp)
    texts = [action.text() for action in opened.actions() if not action.isSeparator()]
    assert texts == [ACTIONS[which].text for which in ACCOUNT_MENU if which is not None]
    assert window.actions_table[ActionId.THEME_LIGHT].isChecked()


def test_theme_by_action(window: MainWindow) -> None:
    window.actions_table[ActionId.THEME_DARK].trigger()
    assert window.settings.preferences.get(THEME) == "dark"


def test_signing_out_warns_of_what_waits(window: MainWindow, heard: Heard) -> None:
    window.account.set_state(SyncState(LinkState.OFFLINE, pending=2))
    window.actions_table[ActionId.SIGN_OUT].trigger()
    asked = dialog(window)
    assert "2 changes" in asked.accessibleDescription()
    assert not asked.yes_button.isDefault()
    asked.yes_button.click()
    assert heard.asked == [("sign out",)]


def test_no_keyring_is_told_and_chosen(window: MainWindow, heard: Heard) -> None:
    window.ask_session_only("No keyring service is running.")
    assert "No keyring service is running." in dialog(window).accessibleDescription()
    dialog(window).yes_button.click()
    assert heard.asked == [("session only",)]


def test_the_badge_opens_the_panel(window: MainWindow) -> None:
    window.account.set_state(SyncState(LinkState.OFFLINE, pending=1))
    window.account.set_diagnostics({"outbox": "1 waiting"})
    QTest.mouseClick(window.sidebar.badge, LEFT)
    assert window.account.panel.isVisible()
    assert window.sidebar.badge.text() == "Offline · 1 waiting"
