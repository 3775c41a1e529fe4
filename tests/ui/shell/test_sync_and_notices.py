"""The badge, its panel, and the notices."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.session import LinkState, SyncState
from chatdesk.ui.dialogs.sync_panel import SyncPanel
from chatdesk.ui.notices import NoticeStack, Toast
from chatdesk.ui.sync_badge import SyncBadge
from chatdesk.ui.sync_face import sync_face
from chatdesk.ui.theme.theme import Theme
from tests.support.conversation_entries import NOON

LEFT = Qt.MouseButton.LeftButton
LINK = LinkState

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.mark.parametrize(
    ("state", "text", "colour"),
    [
        (SyncState(LINK.STARTING), "Starting…", "text_muted"),
        (SyncState(LINK.CONNECTING), "Connecting…", "text_muted"),
        (SyncState(LINK.CATCHING_UP), "Catching up…", "accent"),
        (SyncState(LINK.CONNECTED), "In sync", "success"),
        (SyncState(LINK.CONNECTED, pending=3), "Sending…", "accent"),
        (SyncState(LINK.OFFLINE), "Offline", "warning"),
        (SyncState(LINK.OFFLINE, pending=2), "Offline · 2 waiting", "warning"),
        (SyncState(LINK.CONNECTING, pending=1200), "Connecting · 1,200 waiting", "text_muted"),
        (SyncState(LINK.NEEDS_SIGN_IN), "Sign in again", "warning"),
        (SyncState(LINK.STOPPED), "Not connected", "text_muted"),
        (SyncState(LINK.CONNECTED, failed=1), "1 not sent", "danger"),
        (SyncState(LINK.OFFLINE, pending=2, failed=1), "1 not sent", "danger"),
    ],
)
def test_each_state_has_its_face(
    theme: Theme, qtbot: QtBot, state: SyncState, text: str, colour: str
) -> None:
    badge = SyncBadge(theme)
    qtbot.addWidget(badge)
    badge.set_state(state)
    assert badge.text() == text
    assert text in badge.accessibleName()
    assert badge.toolTip() == sync_face(state).sentence
    assert badge.toolTip().endswith(".")
    assert sync_face(state).colour == colour
    assert not badge.icon().isNull()


def test_offline_since_when_and_why() -> None:
    since = NOON - timedelta(minutes=14)
    state = SyncState(LINK.OFFLINE, "nothing answers.", since, pending=2)
    clock = since.astimezone().strftime("%H:%M")
    sentence = sync_face(state, NOON).sentence
    assert sentence.startswith(f"Offline since {clock}. Nothing answers.")
    assert "2 waiting" in sentence
    assert since.astimezone().strftime("%d %b") in sync_face(state, NOON + timedelta(days=3)).sentence


@pytest.fixture
def host(qtbot: QtBot, theme: Theme) -> QWidget:
    made = QWidget()
    made.resize(700, 500)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_the_panel_copies_its_report(host: QWidget, qtbot: QtBot) -> None:
    panel = SyncPanel(host)
    panel.set_state(SyncState(LINK.OFFLINE, "no route"))
    panel.set_diagnostics({"outbox": "2 waiting", "cursor": 7})
    with qtbot.waitSignal(panel.diagnostics_requested, timeout=30_000):
        panel.open_above(host.mapToGlobal(QPoint(10, 480)))
    assert panel.isVisible()
    QTest.mouseClick(panel.copy_button, LEFT)
    copied = QGuiApplication.clipboard().text()
    assert "Offline" in copied
    assert "outbox: 2 waiting\ncursor: 7" in copied
    assert panel.copy_button.text() == "Copied"
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert not panel.isVisible()


def test_the_panel_offers_signing_in_where_that_is_due(host: QWidget, qtbot: QtBot) -> None:
    panel = SyncPanel(host)
    panel.set_state(SyncState(LINK.NEEDS_SIGN_IN))
    panel.open_above(host.mapToGlobal(QPoint(10, 480)))
    assert panel.refresh_button.isHidden()
    with qtbot.waitSignal(panel.sign_in_requested, timeout=30_000):
        QTest.mouseClick(panel.sign_in_button, LEFT)
    assert not panel.isVisible()


def test_notices_stack_the_newest_on_top_and_no_sentence_twice(host: QWidget, theme: Theme) -> None:
    notices = NoticeStack(host, theme)
    for text in ("one", "two", "two", "three", "four"):
        notices.tell(f"Notice {text}.", "Do this.")
    assert notices.shown == ("Notice four.", "Notice three.", "Notice two.")
    toasts = [toast for toast in host.findChildren(Toast) if toast.isVisible()]
    tops = {toast.text: toast.y() for toast in toasts}
    assert tops["Notice four."] < tops["Notice three."] < tops["Notice two."]
    assert all(toast.geometry().right() < host.width() for toast in toasts)
    host.resize(360, 500)
    assert all(toast.geometry().right() < 360 for toast in toasts)


def test_a_notice_can_be_closed_and_acted_on(host: QWidget, theme: Theme) -> None:
    notices = NoticeStack(host, theme)
    done: list[str] = []
    notices.tell("It failed.", "Try again.", "error", ("Try again", lambda: done.append("again")))
    (toast,) = host.findChildren(Toast)
    button = toast.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    QTest.mouseClick(button, LEFT)
    assert done == ["again"]
    assert notices.shown == ()
    notices.tell("It failed again.", level="warning")
    close = next(toast for toast in host.findChildren(Toast) if toast.isVisible()).findChild(QToolButton)
    assert isinstance(close, QToolButton)
    QTest.mouseClick(close, LEFT)
    assert notices.shown == ()


def test_errors_stay_and_the_rest_goes_by_itself(host: QWidget, theme: Theme) -> None:
    notices = NoticeStack(host, theme)
    notices.tell("An error.", level="error")
    notices.tell("Told once.", stays=True)
    notices.tell("A hint.")
    timers = {toast.text: toast._timer.isActive() for toast in host.findChildren(Toast)}
    assert timers == {"An error.": False, "Told once.": False, "A hint.": True}
    hint = next(toast for toast in host.findChildren(Toast) if toast.text == "A hint.")
    hint._timer.timeout.emit()
    assert list(notices.shown) == ["Told once.", "An error."]
    notices.clear()
    assert list(notices.shown) == []
