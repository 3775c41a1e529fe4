"""The sidebar comes and goes at once, or in motion where the system wants that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatdesk.ui.main_window import MainWindow

CTRL = Qt.KeyboardModifier.ControlModifier

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def motion() -> Iterator[None]:
    before = QApplication.isEffectEnabled(Qt.UIEffect.UI_General)
    QApplication.setEffectEnabled(Qt.UIEffect.UI_General, True)
    yield
    QApplication.setEffectEnabled(Qt.UIEffect.UI_General, before)


def test_without_motion_it_is_gone_at_once(window: MainWindow) -> None:
    QApplication.setEffectEnabled(Qt.UIEffect.UI_General, False)
    wide = window.sidebar.width()
    QTest.keyClick(window.composer.field, Qt.Key.Key_B, CTRL)
    assert window.sidebar.isHidden()
    QTest.keyClick(window.composer.field, Qt.Key.Key_B, CTRL)
    assert window.sidebar.isVisible()
    assert window.sidebar.width() == wide


def test_with_motion_it_slides_and_ends_where_it_was(window: MainWindow, motion: None, qtbot: QtBot) -> None:
    wide, least = window.sidebar.width(), window.sidebar.minimumWidth()
    QTest.keyClick(window.composer.field, Qt.Key.Key_B, CTRL)
    assert window.sidebar.isVisible()
    assert not window.state().sidebar_shown
    qtbot.waitUntil(window.sidebar.isHidden, timeout=30_000)
    assert window.sidebar.minimumWidth() == least
    QTest.keyClick(window.composer.field, Qt.Key.Key_B, CTRL)
    assert window.state().sidebar_shown
    qtbot.waitUntil(lambda: window.sidebar.minimumWidth() == least, timeout=30_000)
    assert abs(window.sidebar.width() - wide) <= 1


def test_changing_ones_mind_on_the_way_leaves_it_shown(
    window: MainWindow, motion: None, qtbot: QtBot
) -> None:
    wide, least = window.sidebar.width(), window.sidebar.minimumWidth()
    QTest.keyClick(window.composer.field, Qt.Key.Key_B, CTRL)
    QTest.keyClick(window.composer.field, Qt.Key.Key_B, CTRL)
    qtbot.waitUntil(lambda: window.sidebar.minimumWidth() == least, timeout=30_000)
    assert window.sidebar.isVisible()
    assert abs(window.sidebar.width() - wide) <= 1
