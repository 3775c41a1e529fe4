"""Signing out and signing in again, as questions; the panel's honesty."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.session import Account, BackendKind, LinkState, SyncState
from chatdesk.ui.dialogs.sign_in_again import SignInAgainDialog
from chatdesk.ui.dialogs.sign_out import SignOutDialog
from chatdesk.ui.dialogs.sync_panel import SyncPanel
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.sync_face import sync_face
from chatdesk.ui.theme.theme import Theme

LEFT = Qt.MouseButton.LeftButton
CONNECTED = SyncState(LinkState.CONNECTED)
ANNA = Account("supabase-1-u", "u", BackendKind.SUPABASE, "https://a.supabase.co", "anna@example.org")
LOCAL = Account("local", "u", BackendKind.LOCAL, "")

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def host(qtbot: QtBot, theme: Theme) -> QWidget:
    made = QWidget()
    made.resize(700, 500)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def leaving(host: QWidget, theme: Theme, state: SyncState, devices: bool = True) -> SignOutDialog:
    dialog = SignOutDialog(theme, host, state, devices=devices)
    dialog.open()
    return dialog


@pytest.mark.parametrize("everywhere", [False, True])
def test_signing_out_is_here_or_everywhere(
    host: QWidget, theme: Theme, qtbot: QtBot, everywhere: bool
) -> None:
    dialog = leaving(host, theme, CONNECTED)
    assert dialog.yes_button.isDefault()
    assert not dialog.wait_button.isVisible()
    dialog.everywhere_box.setChecked(everywhere)
    with qtbot.waitSignal(dialog.sign_out_requested, timeout=30_000) as told:
        QTest.mouseClick(dialog.yes_button, LEFT)
    assert told.args == [everywhere]


def test_this_computers_own_account_has_no_other_devices(host: QWidget, theme: Theme) -> None:
    assert not leaving(host, theme, CONNECTED, devices=False).everywhere_box.isVisible()


def test_what_would_be_lost_is_said_and_waiting_is_offered_first(host: QWidget, theme: Theme) -> None:
    dialog = leaving(host, theme, SyncState(LinkState.OFFLINE, pending=2, failed=1))
    assert "2 changes are not sent yet and 1 change was refused" in dialog.explained.text()
    assert "no connection" in dialog.explained.text()
    assert dialog.wait_button.isDefault()
    assert dialog.yes_button.text() == "Sign out now"
    dialog.set_state(SyncState(LinkState.OFFLINE, pending=1))
    assert "1 change is not sent yet" in dialog.explained.text()
    dialog.set_state(SyncState(LinkState.CONNECTED, failed=1))
    assert not dialog.wait_button.isVisible()
    assert dialog.cancel_button.isDefault()
    dialog.set_state(CONNECTED)
    assert "lose" not in dialog.explained.text()
    assert dialog.yes_button.isDefault()


def test_waiting_signs_out_when_the_last_change_is_sent(host: QWidget, theme: Theme) -> None:
    dialog = leaving(host, theme, SyncState(LinkState.OFFLINE, pending=2))
    told: list[bool] = []
    dialog.sign_out_requested.connect(told.append)
    dialog.everywhere_box.setChecked(True)
    QTest.mouseClick(dialog.wait_button, LEFT)
    dialog.set_state(SyncState(LinkState.CONNECTED, pending=1))
    assert "Waiting until it is sent" in dialog.explained.text()
    assert told == []
    dialog.set_state(CONNECTED)
    assert told == [True]


def test_waiting_can_be_given_up(host: QWidget, theme: Theme) -> None:
    dialog = leaving(host, theme, SyncState(LinkState.OFFLINE, pending=2))
    told: list[bool] = []
    dialog.sign_out_requested.connect(told.append)
    QTest.mouseClick(dialog.wait_button, LEFT)
    QTest.mouseClick(dialog.cancel_button, LEFT)
    assert told == []


def test_signing_in_again_asks_only_for_the_password(host: QWidget, qtbot: QtBot) -> None:
    dialog = SignInAgainDialog(ANNA, host)
    dialog.open()
    assert dialog.email.isReadOnly()
    QTest.mouseClick(dialog.button, LEFT)
    assert dialog.error.isVisible()
    QTest.keyClicks(dialog.password, "a good password")
    with qtbot.waitSignal(dialog.submitted, timeout=30_000) as told:
        QTest.keyClick(dialog.password, Qt.Key.Key_Return)
    assert told.args == ["anna@example.org", "a good password"]
    assert not dialog.button.isEnabled()
    dialog.show_failure("The password is wrong.")
    assert dialog.button.isEnabled()
    assert dialog.password.text() == "a good password"
    assert dialog.error.text() == "The password is wrong."


def test_the_window_asks_once_and_closes_the_question_itself(window: MainWindow, qtbot: QtBot) -> None:
    told: list[tuple[str, str]] = []
    window.account.sign_in_again_requested.connect(lambda *args: told.append(args))
    window.account.set_account(ANNA)
    window.account.set_state(SyncState(LinkState.NEEDS_SIGN_IN))
    window.account.open_panel()
    QTest.mouseClick(window.account.panel.sign_in_button, LEFT)
    asked = window.account.sign_in
    assert asked is not None
    window.account.open_sign_in()
    assert window.account.sign_in is asked
    with qtbot.waitSignal(asked.accepted, timeout=30_000):
        window.account.signed_in_again()
    assert told == []
    assert not window.account.show_sign_in_failure("Nobody asks any more.")


def test_this_computers_own_account_needs_no_password(window: MainWindow) -> None:
    told: list[tuple[str, str]] = []
    window.account.sign_in_again_requested.connect(lambda *args: told.append(args))
    window.account.set_account(LOCAL)
    window.account.open_sign_in()
    assert told == [("", "")]
    assert window.account.sign_in is None


SINCE = datetime(2026, 6, 1, 12, 2, tzinfo=UTC)
EVERY_STATE = [
    SyncState(link, reason, SINCE, pending, failed)
    for link in LinkState
    for reason in (None, "the server has a problem of its own.")
    for pending in (0, 2)
    for failed in (0, 1)
]


@pytest.mark.parametrize("state", EVERY_STATE, ids=lambda state: f"{state.link}-{bool(state.reason)}")
def test_every_state_has_a_truthful_sentence(state: SyncState) -> None:
    face = sync_face(state, SINCE)
    assert face.text
    assert face.sentence.endswith(".")
    healthy = state.link is LinkState.CONNECTED and not (state.reason or state.pending or state.failed)
    assert ("Everything is in sync" in face.sentence) is (face.text == "In sync") is healthy
    if state.pending:
        assert "2 waiting" in face.sentence
    if state.failed:
        assert face.text == "1 not sent"
        assert "1 could not be saved" in face.sentence
    if state.reason and state.link in (
        LinkState.OFFLINE,
        LinkState.CONNECTING,
        LinkState.CATCHING_UP,
        LinkState.CONNECTED,
        LinkState.NEEDS_SIGN_IN,
    ):
        assert "The server has a problem of its own." in face.sentence
    if state.link is LinkState.OFFLINE:
        clock = SINCE.astimezone().strftime("%H:%M")
        assert f"Offline since {clock}" in face.sentence
        assert state.failed or face.text.startswith(f"Offline since {clock}")


def test_the_panel_shows_subscriptions_by_their_names_and_leads_to_what_failed(
    host: QWidget, theme: Theme, qtbot: QtBot
) -> None:
    panel = SyncPanel(host)
    panel.set_state(CONNECTED)
    assert panel.failed_button.isHidden()
    panel.set_state(SyncState(LinkState.CONNECTED, failed=2))
    panel.set_diagnostics({"subscriptions": {"profile-changes": "joined", "messages-7": "joining"}})
    panel.open_above(host.mapToGlobal(QPoint(10, 480)))
    QTest.mouseClick(panel.copy_button, LEFT)
    copied = QGuiApplication.clipboard().text()
    assert "subscriptions:\n  profile-changes: joined\n  messages-7: joining" in copied
    with qtbot.waitSignal(panel.failed_requested, timeout=30_000):
        QTest.mouseClick(panel.failed_button, LEFT)
    assert not panel.isVisible()


CANARIES = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ",
    "sb_secret_canarycanarycanary",
    "sk-canarycanarycanary123",
    "canary-bearer-token-1234",
)


def test_copied_diagnostics_hold_no_secret(host: QWidget, theme: Theme) -> None:
    """Not even one that a server wrote into its answer."""
    panel = SyncPanel(host)
    token, secret, key, bearer = CANARIES
    panel.set_state(SyncState(LinkState.OFFLINE, f"bad token {token} for apikey={secret}"))
    panel.set_diagnostics(
        {"reason": f"Bearer {bearer} refused", "channels": {"user:1": key}, "trouble": token}
    )
    panel.open_above(host.mapToGlobal(QPoint(10, 480)))
    QTest.mouseClick(panel.copy_button, LEFT)
    copied = QGuiApplication.clipboard().text()
    assert "[secret]" in copied
    for canary in CANARIES:
        assert canary not in copied
