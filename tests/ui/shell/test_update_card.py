"""New versions on the page about ChatDesk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from chatdesk.config.options import CHECK_UPDATES
from chatdesk.config.preferences import Preferences
from chatdesk.domain.errors import Offline
from chatdesk.domain.release import Release
from chatdesk.services.notices import NoticeService
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.updates import UpdateService, UpdateState
from chatdesk.ui.settings.about import AboutPage
from chatdesk.ui.settings.updates import UpdateCard
from chatdesk.ui.theme.theme import Theme
from tests.support.virtual_clock import VirtualClock

PAGE = "https://chatdesk.example/releases"


class Updates(UpdateService):
    """One whose state the test sets."""

    def __init__(self, preferences: PreferenceService) -> None:
        super().__init__("0.1.0", self._nobody, preferences, NoticeService(), VirtualClock())
        self.checks = 0

    async def _nobody(self) -> Release:
        raise AssertionError("nobody is asked here")

    def check(self) -> None:
        self.checks += 1
        self.now(UpdateState.ASKING)

    def now(self, state: UpdateState) -> None:
        self.state = state
        self.changed.emit()


@pytest.fixture
def preferences() -> PreferenceService:
    return PreferenceService(Preferences())


@pytest.fixture
def updates(preferences: PreferenceService) -> Updates:
    return Updates(preferences)


@pytest.fixture
def card(
    qtbot: QtBot, theme: Theme, preferences: PreferenceService, updates: Updates
) -> Iterator[UpdateCard]:
    page = AboutPage(theme, preferences, updates)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitExposed(page)
    yield page.updates
    page.close()


def test_it_can_be_turned_off(card: UpdateCard, preferences: PreferenceService) -> None:
    assert card.box.isChecked()
    QTest.keyClick(card.box, Qt.Key.Key_Space)
    assert preferences.get(CHECK_UPDATES) is False
    preferences.put(CHECK_UPDATES, True)
    assert card.box.isChecked()


def test_asking_and_the_answer(card: UpdateCard, updates: Updates) -> None:
    QTest.keyClick(card.check_button, Qt.Key.Key_Space)
    assert updates.checks == 1
    assert not card.check_button.isEnabled()
    assert card.told == "Asking …"

    updates.now(UpdateState.NEWEST)
    assert card.check_button.isEnabled()
    assert card.told == "This is the newest version."


def test_a_failure_says_what_to_do(card: UpdateCard, updates: Updates) -> None:
    updates.failure = Offline("Nothing answers.", "Try again.")
    updates.now(UpdateState.FAILED)

    assert card.failure.isVisible()
    assert card.failure.text() == "Nothing answers. Try again."
    assert card.check_button.isEnabled()


def test_a_newer_version_leads_to_its_page(
    card: UpdateCard, updates: Updates, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("chatdesk.ui.settings.updates.open_link", lambda _window, page: opened.append(page))
    updates.release = Release("0.2.0", PAGE)
    updates.now(UpdateState.NEWER)

    assert card.told == "ChatDesk 0.2.0 is out."
    assert not card.check_button.isVisible()
    card.open_button.click()
    assert opened == [PAGE]


def test_a_copy_without_an_address_says_so(
    qtbot: QtBot, theme: Theme, preferences: PreferenceService
) -> None:
    card = UpdateCard(theme, preferences, None)
    qtbot.addWidget(card)
    card.show()

    assert "no address" in card.told
    assert not card.check_button.isVisible()
    assert not card.open_button.isVisible()
    assert not card.box.isEnabled()
