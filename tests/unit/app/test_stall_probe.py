"""The probe finds the gap, its length, and who made it."""

from __future__ import annotations

import time

from pytestqt.qtbot import QtBot

from chatdesk.app.stall_probe import StallProbe


def dawdle() -> None:
    """Hold up the loop the way slow code does."""
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        pass


def test_a_gap_is_measured_and_what_made_it_is_named(qtbot: QtBot) -> None:
    probe = StallProbe()
    probe.start()
    qtbot.waitUntil(lambda: len(probe._late) > 5, timeout=30_000)
    dawdle()
    qtbot.waitUntil(lambda: bool(probe._slow), timeout=30_000)
    taken = probe.take()
    longest = taken["max"]
    assert isinstance(longest, float)
    assert longest >= 250
    assert isinstance(taken["slow"], list)
    ms, busy, *doing = max(taken["slow"])
    assert ms >= 250
    assert 0 < busy <= ms + 50
    assert "dawdle" in doing[0]
    assert probe.take()["slow"] == []


def test_nothing_measured_is_nothing_told(qtbot: QtBot) -> None:
    taken = StallProbe().take()
    assert (taken["beats"], taken["p50"], taken["p99"], taken["max"], taken["slow"]) == (0, 0.0, 0.0, 0.0, [])
