"""The file of options: typed, shared by all instances, and never in the way."""

from __future__ import annotations

import json
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chatdesk.config.options import (
    LANGUAGE,
    OPTIONS,
    SEND_KEY,
    SHORTCUTS,
    SHOW_TIMES,
    TEXT_SIZE,
    THEME,
    WINDOW,
    Option,
    Scope,
)
from chatdesk.config.preferences import FILE, Preferences


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE


def test_every_default_is_sound_and_every_key_is_its_own() -> None:
    assert len(OPTIONS) == 17
    for key, option in OPTIONS.items():
        assert option.key == key
        assert option.sound(option.default)
        assert option.text


def test_without_a_file_the_defaults_hold_and_none_is_made(path: Path) -> None:
    preferences = Preferences(path)
    assert preferences.get(THEME) == "system"
    assert preferences.get(TEXT_SIZE) == 100
    assert preferences.get(SHOW_TIMES) is True
    assert not path.exists()
    assert preferences.recovered == ""


def test_a_value_is_there_for_the_next_instance(path: Path) -> None:
    Preferences(path).put(THEME, "contrast")
    Preferences(path).put(SHORTCUTS, {"chat.new": ["Ctrl+T"]})
    other = Preferences(path)
    assert other.get(THEME) == "contrast"
    assert other.get(SHORTCUTS) == {"chat.new": ["Ctrl+T"]}
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir() if each.suffix == ".new"] == []


def test_two_instances_do_not_undo_each_other(path: Path) -> None:
    one, other = Preferences(path), Preferences(path)
    one.put(THEME, "dark")
    other.put(TEXT_SIZE, 150)
    one.reload()
    assert one.get(TEXT_SIZE) == 150
    assert (Preferences(path).get(THEME), Preferences(path).get(TEXT_SIZE)) == ("dark", 150)


def test_many_at_once_leave_a_whole_file(path: Path) -> None:
    options: list[tuple[Option[Any], Any]] = [
        (THEME, "dark"),
        (TEXT_SIZE, 125),
        (SEND_KEY, "ctrl_enter"),
        (LANGUAGE, "de"),
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda pair: Preferences(path).put(*pair), options * 5))
    whole = Preferences(path)
    assert [whole.get(option) for option, _value in options] == [value for _option, value in options]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"theme": "\xff"}', b"[" * 100_000, b" " * 1_000_001]
)
def test_a_damaged_file_is_set_aside(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    preferences = Preferences(path)
    assert preferences.get(THEME) == "system"
    assert "set aside" in preferences.recovered
    kept = [each for each in path.parent.iterdir() if ".damaged-" in each.name]
    assert [each.read_bytes() for each in kept] == [content]
    preferences.put(THEME, "dark")
    assert Preferences(path).get(THEME) == "dark"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (THEME, "purple"),
        (THEME, 3),
        (TEXT_SIZE, 79),
        (TEXT_SIZE, 201),
        (TEXT_SIZE, True),
        (TEXT_SIZE, "100"),
        (TEXT_SIZE, 100.0),
        (SHOW_TIMES, 1),
        (SHORTCUTS, []),
        (LANGUAGE, None),
    ],
)
def test_an_unsound_value_counts_as_not_set(path: Path, option: Option[Any], value: object) -> None:
    path.write_text(json.dumps({option.key: value, "send_key": "ctrl_enter"}), "utf-8")
    preferences = Preferences(path)
    assert preferences.get(option) == option.default
    assert preferences.get(SEND_KEY) == "ctrl_enter"
    with pytest.raises(ValueError, match="cannot be the value"):
        preferences.put(option, value)


def test_what_a_newer_version_wrote_stays(path: Path) -> None:
    path.write_text('{"holograms": {"on": true}}', "utf-8")
    Preferences(path).put(THEME, "light")
    assert json.loads(path.read_text("utf-8")) == {"holograms": {"on": True}, "theme": "light"}


def test_an_option_of_an_instance_is_not_the_devices() -> None:
    assert WINDOW.scope is Scope.INSTANCE
    with pytest.raises(ValueError, match="cannot be the value"):
        Preferences().put(WINDOW, "anything")


def test_a_value_holds_although_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("")
    preferences = Preferences(tmp_path / "no folder" / FILE)
    with pytest.raises(OSError, match="no folder"):
        preferences.put(THEME, "dark")
    assert preferences.get(THEME) == "dark"
