"""The window's parts, themed as in the application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.config.preferences import Preferences
from chatdesk.domain.message import DeliveryState
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.settings.window import SettingsWindow
from chatdesk.ui.theme.theme import Theme
from tests.support.conversation_entries import entry
from tests.ui.shell.facts import FACTS, INSTALLATION
from tests.ui.shell.heard import Heard


@pytest.fixture(scope="module")
def applied_theme(qapp: QApplication) -> Iterator[Theme]:
    """A theme put on the application, once a module: a style sheet visits every widget."""
    made = Theme("light")
    made.apply(qapp)
    yield made
    qapp.setStyleSheet("")


@pytest.fixture(autouse=True)
def _no_popup_stays(qapp: QApplication) -> Iterator[None]:
    """Close what a test left open: the next one would find it in front of its window."""
    yield
    while (popup := qapp.activePopupWidget()) is not None:
        popup.close()


@pytest.fixture
def theme(applied_theme: Theme) -> Theme:
    """The light theme."""
    applied_theme.set_mode("light")
    return applied_theme


@pytest.fixture
def conversations() -> ConversationListModel:
    """Five conversations of all kinds."""
    made = ConversationListModel()
    made.load(
        [
            entry(1, "First", hours_ago=1),
            entry(2, "Second", hours_ago=2, unread=True),
            entry(3, "Third", hours_ago=3, delivery=DeliveryState.FAILED, failure="Title too long."),
            entry(4, "Fourth", hours_ago=4, delivery=DeliveryState.PENDING),
            entry(5, "Fifth", hours_ago=50, pinned=True),
        ]
    )
    return made


@pytest.fixture
def timeline() -> QWidget:
    """What stands where the timeline goes."""
    made = QPlainTextEdit()
    made.setReadOnly(True)
    made.setAccessibleName("Messages")
    return made


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, conversations: ConversationListModel, timeline: QWidget) -> MainWindow:
    """The window on screen, no conversation open."""
    made = MainWindow(theme, conversations, timeline)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    made.composer.setFocus()
    return made


@pytest.fixture
def heard(window: MainWindow) -> Heard:
    """What the window asks for."""
    return Heard(window)


@pytest.fixture
def preferences() -> PreferenceService:
    return PreferenceService(Preferences())


@pytest.fixture
def settings(qtbot: QtBot, theme: Theme, preferences: PreferenceService) -> Iterator[SettingsWindow]:
    made = SettingsWindow(theme, preferences, INSTALLATION, FACTS)
    made.open()
    qtbot.waitExposed(made)
    yield made
    if shiboken6.isValid(made):
        shiboken6.delete(made)
