"""New versions: asked for once a day in quiet, told of once, and never in anybody's way."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from chatdesk.config.options import CHECK_UPDATES, UPDATE_ASKED
from chatdesk.config.preferences import Preferences
from chatdesk.domain.errors import ChatDeskError, Offline
from chatdesk.domain.release import Release
from chatdesk.services.notices import Notice, NoticeService
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.updates import DAY_SECONDS, FIRST_SECONDS, LOOK_SECONDS, UpdateService, UpdateState
from tests.support.virtual_clock import VirtualClock, drain

PAGE = "https://chatdesk.example/releases"
OFFLINE = Offline("Nothing answers.", "Try again.")


pytestmark = pytest.mark.usefixtures("qapp")


class Makers:
    """What they answer, and how often they were asked."""

    def __init__(self) -> None:
        self.answer: Release | ChatDeskError = Release("0.2.0", PAGE)
        self.asked = 0

    async def look(self) -> Release:
        self.asked += 1
        if isinstance(self.answer, ChatDeskError):
            raise self.answer
        return self.answer


class Desk:
    """The service with everything around it, at the version 0.1.0."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.makers = Makers()
        self.preferences = PreferenceService(Preferences())
        self.told: list[Notice] = []
        self._notices = NoticeService()
        self._notices.noticed.connect(self.told.append)
        self.updates = self.made()

    def state(self) -> UpdateState:
        """As a call, since it changes between two looks."""
        return self.updates.state

    def failure(self) -> ChatDeskError | None:
        return self.updates.failure

    def made(self, *, nowhere: bool = False) -> UpdateService:
        look = None if nowhere else self.makers.look
        return UpdateService("0.1.0", look, self.preferences, self._notices, self.clock)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.updates.close()


async def test_a_newer_version_is_told_once(desk: Desk) -> None:
    desk.updates.start()
    await desk.clock.advance(FIRST_SECONDS - 1)
    assert desk.makers.asked == 0

    await desk.clock.advance(2)
    assert desk.state() is UpdateState.NEWER
    assert [notice.text for notice in desk.told] == ["ChatDesk 0.2.0 is out."]

    await desk.clock.advance(DAY_SECONDS + LOOK_SECONDS)
    assert desk.makers.asked == 2
    assert len(desk.told) == 1

    desk.makers.answer = Release("0.3.0", PAGE)
    await desk.clock.advance(DAY_SECONDS + LOOK_SECONDS)
    assert [notice.text for notice in desk.told][1:] == ["ChatDesk 0.3.0 is out."]


async def test_another_instance_of_the_day_does_not_ask_again(desk: Desk) -> None:
    desk.updates.start()
    await desk.clock.advance(FIRST_SECONDS + 1)
    second = desk.made()
    second.start()
    await desk.clock.advance(FIRST_SECONDS + 1)
    await second.close()

    assert desk.makers.asked == 1


async def test_a_clock_that_was_set_back_does_not_stop_it(desk: Desk) -> None:
    ahead = int(desk.clock.now().timestamp()) + 10 * DAY_SECONDS
    desk.preferences.put(UPDATE_ASKED, ahead)
    desk.updates.start()
    await desk.clock.advance(FIRST_SECONDS + 1)

    assert desk.makers.asked == 1


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9"])
async def test_the_same_or_an_older_version_is_not_told(desk: Desk, version: str) -> None:
    desk.makers.answer = Release(version, PAGE)
    desk.updates.start()
    await desk.clock.advance(FIRST_SECONDS + 1)

    assert desk.state() is UpdateState.NEWEST
    assert desk.told == []


async def test_turned_off_nobody_is_asked(desk: Desk) -> None:
    desk.preferences.put(CHECK_UPDATES, False)
    desk.updates.start()
    await desk.clock.advance(3 * DAY_SECONDS)
    assert desk.makers.asked == 0

    desk.preferences.put(CHECK_UPDATES, True)
    await desk.clock.advance(LOOK_SECONDS)
    assert desk.makers.asked == 1


async def test_without_a_network_nothing_is_said(desk: Desk) -> None:
    desk.makers.answer = OFFLINE
    desk.updates.start()
    await desk.clock.advance(FIRST_SECONDS + 1)
    assert desk.makers.asked == 1
    assert desk.told == []

    desk.makers.answer = Release("0.2.0", PAGE)
    await desk.clock.advance(DAY_SECONDS + LOOK_SECONDS)
    assert len(desk.told) == 1


async def test_who_asks_gets_an_answer_or_the_reason(desk: Desk) -> None:
    desk.preferences.put(CHECK_UPDATES, False)
    desk.makers.answer = OFFLINE
    desk.updates.check()
    assert desk.state() is UpdateState.ASKING
    desk.updates.check()
    await drain()
    assert desk.makers.asked == 1
    assert desk.state() is UpdateState.FAILED
    assert desk.failure() is OFFLINE

    desk.makers.answer = Release("0.2.0", PAGE)
    desk.updates.check()
    await drain()
    assert desk.state() is UpdateState.NEWER
    assert desk.failure() is None
    assert desk.updates.release == Release("0.2.0", PAGE)
    assert desk.told == []


async def test_without_an_address_there_is_nothing_to_do(desk: Desk) -> None:
    nowhere = desk.made(nowhere=True)
    nowhere.start()
    nowhere.check()
    await desk.clock.advance(3 * DAY_SECONDS)

    assert nowhere.state is UpdateState.NOWHERE
    assert desk.makers.asked == 0
