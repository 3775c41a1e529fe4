"""The sidebar's search field, the archive, and the way back after deleting or archiving."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.ui.actions.table import ActionId, conversation_menu
from chatdesk.ui.main_window import MainWindow
from tests.support.conversation_entries import changed, conversation_id, entry, removed

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Services:
    """What a chat's changes lead to, without a disk."""

    def __init__(self, window: MainWindow, conversations: ConversationListModel) -> None:
        self.leaving: set[str] = set()
        self.archived: list[tuple[str, bool]] = []
        self.opened: list[str] = []
        self._conversations = conversations
        window.verbs.delete_requested.connect(self._delete)
        window.departures.undo_requested.connect(self._undo)
        window.verbs.archive_requested.connect(lambda *args: self.archived.append(args))
        window.open_requested.connect(self.opened.append)

    def _delete(self, which: str) -> None:
        self.leaving.add(which)
        self._conversations.set_leaving(frozenset(self.leaving))

    def _undo(self, which: str) -> None:
        self.leaving.discard(which)
        self._conversations.set_leaving(frozenset(self.leaving))


@pytest.fixture
def services(window: MainWindow, conversations: ConversationListModel) -> Services:
    return Services(window, conversations)


def undo_button(window: MainWindow) -> QPushButton:
    return next(each for each in window.pane.findChildren(QPushButton) if each.text() == "Undo")


# Deleting


def test_a_deleted_chat_goes_at_once_and_comes_back(
    window: MainWindow, conversations: ConversationListModel, services: Services
) -> None:
    window.show_conversation(conversation_id(2))
    window.composer.field.put("unsent")
    QTest.keyClick(window.composer.field, KEY.Key_Backspace, CTRL | SHIFT)
    assert conversations.row_of(conversation_id(2)) == -1
    assert services.opened == [""]
    assert window.composer.text() == ""
    assert window.notices.shown == ("“Second” was deleted.",)
    undo_button(window).click()
    assert conversations.row_of(conversation_id(2)) >= 0
    assert services.opened == ["", conversation_id(2)]
    assert window.composer.text() == "unsent"
    assert not window.notices.shown


def test_another_one_is_deleted_beside_the_open_one(
    window: MainWindow, conversations: ConversationListModel, services: Services
) -> None:
    window.show_conversation(conversation_id(1))
    window.verbs.carry_out(ActionId.DELETE_CHAT, conversation_id(2))
    assert (services.opened, conversations.active) == ([], conversation_id(1))
    undo_button(window).click()
    assert (services.opened, conversations.active) == ([], conversation_id(1))


def test_the_action_brings_back_one_after_the_other(window: MainWindow, services: Services) -> None:
    for number in (1, 2, 4):
        window.verbs.carry_out(ActionId.DELETE_CHAT, conversation_id(number))
    assert len(window.notices.shown) == 3
    for left in ({1, 2}, {1}, set()):
        window.actions_table[ActionId.UNDO_CHAT].trigger()
        assert services.leaving == {conversation_id(number) for number in left}
    window.actions_table[ActionId.UNDO_CHAT].trigger()


def test_the_usual_keys_bring_a_chat_back_unless_there_is_text_to_undo(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    qtbot.waitUntil(window.isActiveWindow, timeout=30_000)
    field = window.composer.field
    for number in (1, 2):
        window.verbs.carry_out(ActionId.DELETE_CHAT, conversation_id(number))
    field.setFocus()
    QTest.keyClicks(field, "words")
    QTest.keyClick(field, KEY.Key_Z, CTRL)
    assert (field.text(), len(services.leaving)) == ("", 2)
    QTest.keyClick(field, KEY.Key_Z, CTRL)
    assert services.leaving == {conversation_id(1)}
    window.sidebar.list.setFocus()
    QTest.keyClick(window.sidebar.list, KEY.Key_Z, CTRL)
    assert services.leaving == set()
    assert not window.notices.shown, "their notices offer nothing any more"


def test_two_of_one_name_have_a_notice_each(
    window: MainWindow, conversations: ConversationListModel, services: Services
) -> None:
    conversations.apply(changed(entry(1, "Same", hours_ago=1), entry(2, "Same", hours_ago=2)))
    for number in (1, 2):
        window.verbs.carry_out(ActionId.DELETE_CHAT, conversation_id(number))
    assert window.notices.shown == ("“Same” was deleted.",) * 2


def test_what_is_gone_for_good_cannot_be_brought_back(
    window: MainWindow, conversations: ConversationListModel, services: Services
) -> None:
    window.verbs.carry_out(ActionId.DELETE_CHAT, conversation_id(2))
    conversations.apply(removed(entry(2)))
    asked: list[str] = []
    window.departures.undo_requested.connect(asked.append)
    window.actions_table[ActionId.UNDO_CHAT].trigger()
    assert asked == []


def test_the_delete_key_stays_in_the_list(window: MainWindow, services: Services) -> None:
    window.show_conversation(conversation_id(2))
    window.sidebar.list.setFocus()
    QTest.keyClick(window.sidebar.list, KEY.Key_Delete)
    assert services.leaving == {conversation_id(2)}
    assert window.sidebar.list.hasFocus()


# Archiving


def test_archiving_can_be_undone_and_the_open_chat_stays(
    window: MainWindow, conversations: ConversationListModel, services: Services
) -> None:
    window.show_conversation(conversation_id(2))
    QTest.keyClick(window.composer.field, KEY.Key_E, CTRL | SHIFT)
    assert services.archived == [(conversation_id(2), True)]
    conversations.apply(changed(entry(2, "Second", hours_ago=2, archived=True)))
    assert conversations.row_of(conversation_id(2)) == -1
    assert conversations.active == conversation_id(2)
    assert window.pane.archived.isVisible()
    assert window.pane.header.title() == "Second"
    undo_button(window).click()
    assert services.archived[-1] == (conversation_id(2), False)
    conversations.apply(changed(entry(2, "Second", hours_ago=2)))
    assert not window.pane.archived.isVisible()
    assert window.notices.shown == ()


def test_the_bar_and_the_shortcut_take_it_out_again(
    window: MainWindow, conversations: ConversationListModel, services: Services
) -> None:
    conversations.apply(changed(entry(2, "Second", hours_ago=2, archived=True)))
    window.show_conversation(conversation_id(2))
    window.pane.archived.button.click()
    QTest.keyClick(window.composer.field, KEY.Key_E, CTRL | SHIFT)
    assert services.archived == [(conversation_id(2), False)] * 2


def test_the_archive_is_a_place_of_the_sidebar(
    window: MainWindow, conversations: ConversationListModel
) -> None:
    button = window.sidebar.archive_button
    assert not button.isVisible()
    conversations.apply(changed(entry(2, "Second", hours_ago=2, archived=True)))
    assert button.isVisible()
    assert button.text() == "Archive (1)"
    button.click()
    assert [conversations.entry_at(row).id for row in range(conversations.rowCount())] == [conversation_id(2)]
    assert button.text() == "Back to all chats"
    window.actions_table[ActionId.TOGGLE_ARCHIVE].trigger()
    assert conversations.rowCount() == 4
    assert button.text() == "Archive (1)"


def test_the_menu_offers_the_one_that_applies() -> None:
    assert ActionId.ARCHIVE_CHAT in conversation_menu(pinned=False, failed=False)
    assert ActionId.UNARCHIVE_CHAT in conversation_menu(pinned=False, failed=False, archived=True)


# The search field


def test_typing_narrows_the_list_and_escape_clears(
    window: MainWindow, conversations: ConversationListModel
) -> None:
    QTest.keyClick(window.composer.field, KEY.Key_F, CTRL | SHIFT)
    field = window.sidebar.field
    assert field.hasFocus()
    assert not window.sidebar.messages_button.isVisible()
    QTest.keyClicks(field, "th")
    assert conversations.rowCount() == 3, "Third, Fourth, Fifth"
    assert window.sidebar.messages_button.isVisible()
    QTest.keyClick(field, KEY.Key_Escape)
    assert conversations.rowCount() == 5
    assert field.hasFocus()
    assert not window.sidebar.messages_button.isVisible()
    QTest.keyClick(field, KEY.Key_Escape)
    assert window.composer.field.hasFocus()


def test_escape_clears_while_a_reply_is_written(window: MainWindow) -> None:
    stopped: list[str] = []
    window.composer.stop_requested.connect(stopped.append)
    window.show_conversation(conversation_id(1))
    window.set_replying(conversation_id(1), True)
    window.sidebar.field.setFocus()
    QTest.keyClicks(window.sidebar.field, "th")
    QTest.keyClick(window.sidebar.field, KEY.Key_Escape)
    assert window.sidebar.field.text() == ""
    assert stopped == []


def test_the_keys_lead_into_the_list_and_back(window: MainWindow, services: Services) -> None:
    field = window.sidebar.field
    field.setFocus()
    QTest.keyClicks(field, "i")
    QTest.keyClick(field, KEY.Key_Down)
    assert window.sidebar.list.hasFocus()
    assert services.opened == [conversation_id(5)]
    QTest.keyClick(window.sidebar.list, KEY.Key_Down)
    assert services.opened[-1] == conversation_id(1)
    QTest.keyClick(window.sidebar.list, KEY.Key_Up)
    QTest.keyClick(window.sidebar.list, KEY.Key_Up)
    assert field.hasFocus()
    QTest.keyClick(field, KEY.Key_Return)
    assert services.opened[-1] == conversation_id(5)
    assert window.composer.field.hasFocus()


def test_down_into_an_empty_list_stays(window: MainWindow) -> None:
    window.sidebar.field.setFocus()
    QTest.keyClicks(window.sidebar.field, "zzz")
    QTest.keyClick(window.sidebar.field, KEY.Key_Down)
    QTest.keyClick(window.sidebar.field, KEY.Key_Return)
    assert window.sidebar.field.hasFocus()


@pytest.mark.parametrize("by_key", [True, False])
def test_the_words_go_on_into_the_messages(window: MainWindow, by_key: bool) -> None:
    asked: list[str] = []
    window.search.search_requested.connect(asked.append)
    window.sidebar.field.setFocus()
    QTest.keyClicks(window.sidebar.field, "bread")
    if by_key:
        QTest.keyClick(window.sidebar.field, KEY.Key_Return, CTRL)
    else:
        window.sidebar.messages_button.click()
    assert window.search.palette.isVisible()
    assert window.search.palette.field.text() == "bread"
    assert asked == ["bread"]


def test_the_shortcut_shows_a_hidden_sidebar(window: MainWindow) -> None:
    window.show_sidebar(False)
    QTest.keyClick(window.composer.field, KEY.Key_F, CTRL | SHIFT)
    assert window.sidebar.isVisible()
    assert window.sidebar.field.hasFocus()


def test_recent_chats_are_offered_whatever_is_looked_for(
    window: MainWindow, conversations: ConversationListModel
) -> None:
    window.sidebar.field.setText("zzz")
    assert conversations.rowCount() == 0
    assert len(window.search._recent(10)) == 5
