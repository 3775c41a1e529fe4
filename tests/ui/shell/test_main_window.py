"""The window as a whole: what it asks for, what it shows, keyboard path and names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.config.options import THEME
from chatdesk.domain.message import DeliveryState
from chatdesk.domain.profile import Profile
from chatdesk.domain.session import Account, BackendKind, LinkState, SyncState
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.ui.actions.table import ACCOUNT_MENU, ACTIONS, ActionId, conversation_menu
from chatdesk.ui.dialogs.confirm import ConfirmDialog
from chatdesk.ui.dialogs.profile import ProfileDialog, ProfileEdit
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.model_notice import NO_MODEL
from chatdesk.ui.theme.metrics import SIDEBAR_LEAST, SIDEBAR_MOST
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.window_state import WindowState, read_window_state
from tests.support.conversation_entries import NOON, changed, conversation_id, entry, removed

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
ADA = Profile("ada-id", "ada", "Ada Lovelace", None, 3, NOON)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Heard:
    """What the window and its parts asked for, in order."""

    def __init__(self, window: MainWindow) -> None:
        self.asked: list[tuple[object, ...]] = []
        window.open_requested.connect(lambda which: self.asked.append(("open", which)))
        window.rename_requested.connect(lambda *args: self.asked.append(("rename", *args)))
        window.refresh_requested.connect(lambda: self.asked.append(("refresh",)))
        window.session_only_requested.connect(lambda: self.asked.append(("session only",)))
        window.closing.connect(lambda: self.asked.append(("closing",)))
        window.window_requested.connect(lambda: self.asked.append(("window",)))
        window.quit_requested.connect(lambda: self.asked.append(("quit",)))
        window.composer.send_requested.connect(lambda *args: self.asked.append(("send", *args)))
        window.composer.stop_requested.connect(lambda which: self.asked.append(("stop", which)))
        window.verbs.delete_requested.connect(lambda which: self.asked.append(("delete", which)))
        window.verbs.pin_requested.connect(lambda *args: self.asked.append(("pin", *args)))
        window.verbs.retry_requested.connect(lambda which: self.asked.append(("retry", which)))
        window.verbs.discard_requested.connect(lambda which: self.asked.append(("discard", which)))
        window.account.sign_out_requested.connect(lambda: self.asked.append(("sign out",)))
        window.account.save_requested.connect(lambda edit: self.asked.append(("save", edit)))


@pytest.fixture
def heard(window: MainWindow) -> Heard:
    return Heard(window)


@pytest.fixture(autouse=True)
def _no_popup_stays(qapp: QApplication) -> Iterator[None]:
    yield
    while (popup := qapp.activePopupWidget()) is not None:
        popup.close()


def dialog(window: MainWindow) -> ConfirmDialog:
    found = window.findChild(ConfirmDialog)
    assert isinstance(found, ConfirmDialog)
    return found


def menu(qapp: QApplication) -> QMenu:
    found = qapp.activePopupWidget()
    assert isinstance(found, QMenu)
    return found


# Opening and writing


def test_opening_shows_title_model_and_timeline(
    window: MainWindow, heard: Heard, conversations: ConversationListModel, timeline: QWidget
) -> None:
    assert not timeline.isVisible()
    window.set_model_name("default-model")
    window.sidebar.list.open_requested.emit(conversation_id(2), True)
    assert heard.asked == [("open", conversation_id(2))]
    assert timeline.isVisible()
    assert window.pane.header.title() == "Second"
    assert window.windowTitle() == "Second – ChatDesk"
    assert window.pane.header._model.text() == "default-model"
    conversations.apply(changed(entry(2, "Renamed", hours_ago=2, model="own-model")))
    assert window.pane.header.title() == "Renamed"
    assert window.pane.header._model.text() == "own-model"
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
    qtbot.waitUntil(lambda: heard.asked == [("rename", conversation_id(2), "Better")], timeout=5000)


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


# Pages, notices, state


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
    with qtbot.waitSignal(window.pane.notice.set_up_requested, timeout=10_000):
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
    with qtbot.waitSignal(window.state_changed, timeout=5000) as told:
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
    wanted = [sidebar.new_button, sidebar.list, sidebar.badge, sidebar.profile]
    wanted += [timeline, window.composer.field, window.composer.button]
    places = [path.index(widget) for widget in wanted]
    assert places == sorted(places)
    assert pane.header.menu_button in path


def nameless(interface: QAccessibleInterface) -> Iterator[str]:
    """Yield what can have the focus and has no name, below ``interface``."""
    for number in range(interface.childCount()):
        child = interface.child(number)
        if child is None or not child.isValid():
            continue
        state = child.state()
        if state.focusable and not state.invisible and not child.text(QAccessible.Text.Name).strip():
            yield f"{child.role()} {child.object()}"
        yield from nameless(child)


def everything_is_named(widget: QWidget) -> list[str]:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return list(nameless(interface))


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
    assert "Second, unread" in names
    assert "Fourth, waiting to be sent" in names
    assert "Third, not saved: Title too long." in names
