"""The icon in the tray: there when it is wanted and can be, counting, leading back; never in the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from chatdesk.language.door import SOURCE, use
from chatdesk.ui.tray import Tray, badged
from tests.support.tray import Desktop


@pytest.fixture
def desktop() -> Desktop:
    return Desktop()


@pytest.fixture
def tray(qapp: QApplication, desktop: Desktop) -> Iterator[Tray]:
    made = Tray(make=desktop.make, available=desktop.available)
    yield made
    made.show(False)
    use(SOURCE)


def heard(signal: Signal) -> list[object]:
    """What a signal said."""
    found: list[object] = []
    signal.connect(lambda *said: found.append(said))  # type: ignore[attr-defined]  # bound by PySide
    return found


def rows(menu: QMenu | None) -> list[str]:
    assert menu is not None
    return [action.text() for action in menu.actions()]


def test_it_comes_and_goes_as_it_is_wanted(tray: Tray, desktop: Desktop) -> None:
    tray.show(True)
    tray.show(True)
    assert [icon.there for icon in desktop.icons] == [True]
    tray.show(False)
    assert not tray.shown
    assert not desktop.icons[0].there


def test_without_a_tray_nothing_happens_and_nothing_breaks(tray: Tray, desktop: Desktop) -> None:
    desktop.has_tray = False
    tray.show(True)
    tray.set_unread(3)
    assert not tray.shown
    assert not tray.alert("Title", "The reply is ready.", "c")
    assert desktop.icons == []
    tray.show(False)


def test_a_tray_that_goes_away_later_hides_no_window(tray: Tray, desktop: Desktop) -> None:
    tray.show(True)
    before = tray.shown
    desktop.has_tray = False
    assert (before, tray.shown) == (True, False)
    assert not tray.alert("Title", "The reply is ready.", "c")


def test_the_real_icon_without_a_tray(qapp: QApplication) -> None:
    tray = Tray()
    tray.show(True)
    assert tray.shown == QSystemTrayIcon.isSystemTrayAvailable()
    tray.show(False)


def test_the_menu_leads_back_starts_a_chat_and_quits(tray: Tray) -> None:
    tray.show(True)
    assert rows(tray.menu) == ["Open ChatDesk", "New chat", "Quit ChatDesk"]
    signals = (tray.open_requested, tray.new_chat_requested, tray.quit_requested)
    told = [heard(signal) for signal in signals]  # type: ignore[arg-type]  # bound by PySide
    assert tray.menu is not None
    for action in tray.menu.actions():
        action.trigger()
    assert told == [[()], [()], [()]]


def test_a_click_on_the_icon_opens(tray: Tray, desktop: Desktop) -> None:
    opened = heard(tray.open_requested)  # type: ignore[arg-type]  # bound by PySide
    tray.show(True)
    desktop.icons[0].activated.emit(QSystemTrayIcon.ActivationReason.Context)
    assert opened == []
    desktop.icons[0].activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    assert opened == [()]


def test_a_click_on_a_notification_names_its_conversation(tray: Tray, desktop: Desktop) -> None:
    chosen = heard(tray.alert_chosen)  # type: ignore[arg-type]  # bound by PySide
    tray.show(True)
    assert tray.alert("Bread", "The reply is ready.", "c-1")
    assert desktop.icons[0].told == [("Bread", "The reply is ready.")]
    desktop.icons[0].messageClicked.emit()
    assert chosen == [("c-1",)]


def test_what_is_unread_is_counted_in_the_tooltip_and_on_the_icon(
    tray: Tray, desktop: Desktop, qtbot: QtBot
) -> None:
    tray.show(True)
    icon = desktop.icons[0]
    assert icon.toolTip() == "ChatDesk"
    tray.set_unread(1)
    assert icon.toolTip() == "ChatDesk: 1 unread chat"
    tray.set_unread(2)
    use("de")
    assert tray.menu is not None
    QApplication.sendEvent(tray.menu, QEvent(QEvent.Type.LanguageChange))
    assert icon.toolTip() == "ChatDesk: 2 ungelesene Chats"
    assert rows(tray.menu) == ["ChatDesk öffnen", "Neuer Chat", "ChatDesk beenden"]
    tray.set_unread(0)
    assert icon.toolTip() == "ChatDesk"


@pytest.mark.parametrize("side", [16, 22, 32, 64])
def test_the_badge_is_red_and_another_number_is_another_picture(qapp: QApplication, side: int) -> None:
    def reds(icon: QIcon) -> int:
        image = icon.pixmap(side, side).toImage()
        colours = (QColor(image.pixel(x, y)) for x in range(image.width()) for y in range(image.height()))
        return sum(each.red() > 150 and each.green() < 90 and each.blue() < 90 for each in colours)

    assert reds(badged(0)) == 0
    assert reds(badged(3)) > side * side / 30
    if side > 16:
        assert badged(3).pixmap(side).toImage() != badged(4).pixmap(side).toImage()
        assert badged(10).pixmap(side).toImage() == badged(200).pixmap(side).toImage()
