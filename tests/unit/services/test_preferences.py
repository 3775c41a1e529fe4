"""What one instance sets, all others know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from chatdesk.config.options import SHOW_TIMES, TEXT_SIZE, THEME, Option
from chatdesk.config.preferences import FILE, Preferences
from chatdesk.services.preferences import PreferenceService


def heard(service: PreferenceService) -> list[Option[Any]]:
    told: list[Option[Any]] = []
    service.changed.connect(told.append)
    return told


def test_a_change_is_told_once_here_and_in_another_instance(qtbot: QtBot, tmp_path: Path) -> None:
    one = PreferenceService(Preferences(tmp_path / FILE))
    other = PreferenceService(Preferences(tmp_path / FILE))
    here, there = heard(one), heard(other)
    one.put(THEME, "dark")
    assert here == [THEME]
    qtbot.waitUntil(lambda: there == [THEME], timeout=30_000)
    assert other.get(THEME) == "dark"
    one.put(THEME, "dark")
    other.put(SHOW_TIMES, False)
    qtbot.waitUntil(lambda: here == [THEME, SHOW_TIMES], timeout=30_000)
    one.put(TEXT_SIZE, 125)
    qtbot.waitUntil(lambda: there == [THEME, SHOW_TIMES, TEXT_SIZE], timeout=30_000)


def test_what_was_set_elsewhere_is_told_with_the_own_change(tmp_path: Path) -> None:
    one, other = (PreferenceService(Preferences(tmp_path / FILE)) for _ in range(2))
    here = heard(one)
    other.put(THEME, "dark")
    one.put(TEXT_SIZE, 150)
    assert here == [THEME, TEXT_SIZE]


def test_a_hand_at_the_file_is_noticed(qtbot: QtBot, tmp_path: Path) -> None:
    service = PreferenceService(Preferences(tmp_path / FILE))
    service.put(TEXT_SIZE, 125)
    told = heard(service)
    with (tmp_path / FILE).open("w", encoding="utf-8") as file:
        file.write('{"theme": "contrast"}')
    qtbot.waitUntil(lambda: service.get(THEME) == "contrast", timeout=30_000)
    assert {option.key for option in told} == {"theme", "text_size"}


def test_what_cannot_be_saved_is_told_and_holds(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("")
    service = PreferenceService(Preferences(tmp_path / "no folder" / FILE))
    with qtbot.waitSignal(service.save_failed, timeout=30_000):
        service.put(THEME, "dark")
    assert service.get(THEME) == "dark"


def test_an_unsound_value_is_a_mistake() -> None:
    service = PreferenceService(Preferences())
    with pytest.raises(ValueError, match="cannot be the value"):
        service.put(TEXT_SIZE, 500)
