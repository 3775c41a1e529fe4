from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdesk.config.paths import data_directory, local_backend_home

# Windows has no such modes; a profile directory is private there by its access list.
PRIVATE, OPEN, STICKY = (0o777, 0o777, 0o777) if sys.platform == "win32" else (0o700, 0o755, 0o1777)


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_directories_are_private_with_their_parents(tmp_path: Path) -> None:
    data = data_directory({"CHATDESK_DATA": str(tmp_path / "a" / "b")})
    assert data == tmp_path / "a" / "b"
    assert mode(data) == mode(tmp_path / "a") == mode(local_backend_home(data)) == PRIVATE


def test_an_open_directory_is_closed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    assert mode(data_directory({"CHATDESK_DATA": str(tmp_path / "data")})) == PRIVATE


def test_a_shared_directory_stays_shared(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    data_directory({"CHATDESK_DATA": str(shared)})
    assert mode(shared) == STICKY
    assert mode(local_backend_home(shared)) == PRIVATE


def test_the_home_directory_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    monkeypatch.setenv("HOME", str(home))
    data_directory({"CHATDESK_DATA": str(home)})
    assert mode(home) == OPEN


def test_without_a_choice_it_is_the_systems_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    data = data_directory({})
    assert data.is_relative_to(tmp_path)
    assert data.name == "ChatDesk"
