"""The files of a session: which one counts when a writer stood still and went on much later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatdesk.app.session_files import SealedSession, forget_session
from chatdesk.backend.session_lock import PLACES
from chatdesk.domain.errors import StoreDamaged
from chatdesk.domain.session import Session

KEY = b"k" * 32
START = datetime(2026, 1, 1, tzinfo=UTC)


def session(number: int) -> Session:
    return Session(f"a{number}", f"r{number}", START + timedelta(hours=number), "ada")


def stored(directory: Path) -> SealedSession:
    storage = SealedSession(directory, KEY)
    storage.save(session(0))
    return storage


def test_a_writer_that_stood_still_replaces_nothing_newer(tmp_path: Path) -> None:
    stored(tmp_path)
    late, awake = SealedSession(tmp_path, KEY), SealedSession(tmp_path, KEY)
    assert late.load() == session(0)
    for number in (1, 2, 3):
        awake.load()
        awake.save(session(number), place=1)
    late.save(session(1), place=0)
    for storage in (late, awake, SealedSession(tmp_path, KEY)):
        assert storage.load() == session(3)


def test_the_next_holder_of_the_first_place_goes_on_after_the_last(tmp_path: Path) -> None:
    storage = stored(tmp_path)
    for number, place in enumerate((1, 2, 0, 1, 0, 0), start=1):
        storage.load()
        storage.save(session(number), place)
        assert SealedSession(tmp_path, KEY).load() == session(number)


def test_there_is_a_file_for_every_place_of_the_lock(tmp_path: Path) -> None:
    storage = stored(tmp_path)
    for place in range(PLACES):
        storage.save(session(place), place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["session", "session.1", "session.2"]
    with pytest.raises(IndexError):
        storage.save(session(9), PLACES)


def test_a_damaged_file_hides_no_good_one_and_is_told_when_it_is_alone(tmp_path: Path) -> None:
    storage = stored(tmp_path)
    (tmp_path / "session").write_bytes(b"noise")
    with pytest.raises(StoreDamaged):
        storage.load()
    storage.save(session(4), place=1)
    assert SealedSession(tmp_path, KEY).load() == session(4)


@pytest.mark.parametrize("how", ["clear", "forget"])
def test_nothing_is_left_after_signing_out(tmp_path: Path, how: str) -> None:
    storage = stored(tmp_path)
    storage.save(session(1), place=1)
    (tmp_path / "session.1.damaged-20260101T000000").touch()
    if how == "clear":
        storage.clear()
        assert storage.load() is None
    else:
        forget_session(tmp_path)
        assert list(tmp_path.iterdir()) == []
