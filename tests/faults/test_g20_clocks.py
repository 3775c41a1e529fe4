"""G20: the clock does not matter: no other order, no storm of retries, nobody signed out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from chatdesk.backend.session_text import encode_session
from chatdesk.domain.session import LinkState
from tests.faults.extent import extent, report
from tests.support.virtual_clock import EPOCH, VirtualClock
from tests.unit.backend.test_session_lease import Street
from tests.unit.sync.conftest import room_of
from tests.unit.sync.desk import Desk, Room, texts

__all__ = ["room_of"]

DAY = 86_400.0
JUMPS = (DAY, -DAY, 8 * 3600.0, 3600.0, -3600.0, 300.0, -300.0)
"""A day either way, a suspended night, daylight saving, a server that is five minutes off."""


@pytest.fixture
def skewed(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the wall clock off by so many seconds, from now on."""
    off = timedelta()

    def now(self: VirtualClock) -> datetime:
        return EPOCH + timedelta(seconds=self.monotonic()) + off

    def skew(seconds: float) -> None:
        nonlocal off
        off += timedelta(seconds=seconds)

    monkeypatch.setattr(VirtualClock, "now", now)
    return skew


async def through_jumps(room: Room, skew: Callable[[float], None], jumps: tuple[float, ...]) -> None:
    """Write before and after every jump, in two windows; all show one order, and nobody stormed."""
    talk = room.talk("first")
    desks = [await room.started(token_life=3600.0) for _ in range(2)]
    for desk in desks:
        desk.engine.open_conversation(talk)
    await room.clock.advance(2)
    expected = ["first"]
    for number, jump in enumerate(jumps):
        skew(jump)
        for desk in desks:
            desk.engine.wake()
            text = f"{number} {desks.index(desk)}"
            expected.append(text)
            await desk.engine.submit(room.send(talk, text))
            await room.clock.until(lambda desk=desk: desk.engine.state.pending == 0)  # type: ignore[misc]
        before = [_requests(desk) for desk in desks]
        await room.clock.advance(60)
        asked = [_requests(desk) - then for desk, then in zip(desks, before, strict=True)]
        assert all(count <= 20 for count in asked), "a clock that jumps starts no storm"
    for desk in desks:
        assert await texts(desk, talk) == expected
        assert LinkState.NEEDS_SIGN_IN not in desk.mirror.links
        assert len(desk.network.feeds) == 1, "nor is it a reason to connect anew"


def _requests(desk: Desk) -> int:
    return int(desk.network.requests.total())


async def test_g20_no_order_changes_and_no_storm(room: Room, skewed: Callable[[float], None]) -> None:
    random = Random(20)
    jumps = extent(JUMPS, tuple(random.choice(JUMPS) for _ in range(500)))
    await through_jumps(room, skewed, jumps)
    report("G20", jumps=len(jumps))


@pytest.fixture
async def room(room_of: Callable[[int], Room]) -> AsyncIterator[Room]:
    made = room_of(20)
    yield made
    await made.close()


async def nights(directory: Path, count: int) -> Street:
    """Jump, sleep and use the session in one of three windows, ``count`` times; return what came of it."""
    street = Street(directory)
    keepers = [await street.window() for _ in range(3)]
    random = Random(8)
    for _ in range(count):
        street.clock.wall += timedelta(seconds=random.choice(JUMPS))
        before = len(street.auth.calls)
        keeper = random.choice(keepers)
        for _ in range(5):
            await keeper.access_token()
        assert len(street.auth.calls) - before <= 1, "one jump costs one renewal at most"
        street.clock.pass_(random.uniform(1, 3600))
    return street


async def test_g20_no_jump_of_the_clock_signs_anybody_out(tmp_path: Path) -> None:
    count = extent(200, 20_000)
    street = await nights(tmp_path, count)
    report("G20", nights=count)
    assert not street.auth.dead
    assert street.drawer.content is not None


PLACES = [
    ("TZ", "Europe/Berlin"),
    ("TZ", "America/St_Johns"),
    ("TZ", "Pacific/Kiritimati"),
    ("LC_ALL", "tr_TR.UTF-8"),
]

_ELSEWHERE = """
import locale, sys, time
from datetime import UTC, datetime
from chatdesk.backend.session_text import decode_session
from chatdesk.backend import wire
from chatdesk.domain.session import LinkState, SyncState
from chatdesk.ui.sync_face import sync_face
try:
    locale.setlocale(locale.LC_ALL, "")
except locale.Error:
    pass
session = decode_session(sys.stdin.buffer.read())
print(session.expires_at.astimezone(UTC).isoformat())
print(LinkState("connecting").value, "INFO".lower(), "title".upper())
print(sync_face(SyncState(LinkState.OFFLINE, since=datetime(2026, 3, 29, 1, 30, tzinfo=UTC))).text != "")
"""


@pytest.mark.parametrize(("name", "value"), PLACES, ids=[value for _, value in PLACES])
def test_g20_no_time_zone_and_no_locale_matters(name: str, value: str, tmp_path: Path) -> None:
    """Daylight saving begins in the middle of the session; Turkish has another small I."""
    session = Street(tmp_path).auth.session()
    moment = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
    content = encode_session(type(session)("a", "r", moment, "u"))
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE],
        input=content,
        capture_output=True,
        check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", name: value},
    )
    lines = done.stdout.decode().split("\n")
    assert lines[0] == moment.isoformat()
    assert lines[1] == "connecting info TITLE"
    assert lines[2] == "True"


def test_g20_daylight_saving_leaves_the_order_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour that comes twice: times are kept in UTC, and the server's numbers order the messages."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        first = datetime(2026, 10, 25, 0, 59, tzinfo=UTC)
        later = first + timedelta(minutes=2)
        assert first.astimezone().hour == later.astimezone().hour == 2
        assert first.isoformat() < later.isoformat()
    finally:
        monkeypatch.undo()
        time.tzset()
