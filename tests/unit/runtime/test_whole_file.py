"""A file that is replaced is whole or as it was; nothing is left beside it."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from chatdesk.runtime.whole_file import PUBLIC, put_in_place, while_shared, write_whole


def test_it_is_written_private_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    before = os.umask(0)
    try:
        write_whole(path, "Grüße")
        write_whole(path, b"more", durable=False)
        write_whole(tmp_path / "open.txt", "for all", mode=PUBLIC)
    finally:
        os.umask(before)
    assert path.read_bytes() == b"more"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["kept.json", "open.txt"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "open.txt").stat().st_mode) == 0o644


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_refuses_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "kept.json"
    write_whole(path, "old")

    def refuse(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", refuse)
    else:
        monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_it_takes_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def syncing(number: int) -> None:
        done.append("sync")
        fsync(number)

    def replacing(self: Path, target: Path) -> Path:
        done.append("replace")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", replacing)
    write_whole(tmp_path / "a", "x")
    assert done[:2] == ["sync", "replace"]
    done.clear()
    draft = tmp_path / "draft"
    draft.write_text("y")
    put_in_place(draft, tmp_path / "a", durable=False)
    assert (done, (tmp_path / "a").read_text()) == (["replace"], "y")


def test_on_windows_it_waits_for_whoever_has_the_file_open(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    tries = iter([PermissionError(), PermissionError(), None])

    def work() -> str:
        if (failure := next(tries)) is not None:
            raise failure
        return "done"

    assert while_shared(work, windows=True) == "done"
    assert len(pauses) == 2

    def never() -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        while_shared(never, windows=True)
    with pytest.raises(PermissionError):
        while_shared(never, windows=False)
