from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatdesk.credentials.sealed_file import MAGIC, SealedFile
from chatdesk.domain.errors import ChatDeskError, StoreDamaged

KEY = bytes(range(32))
OTHER_KEY = bytes(reversed(range(32)))
# Windows has no such modes; a profile directory is private there by its access list.
PRIVATE_FILE, PRIVATE_DIRECTORY = (0o666, 0o777) if sys.platform == "win32" else (0o600, 0o700)


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    sealed = SealedFile(tmp_path / "session", KEY)
    assert sealed.read() is None
    sealed.write(b"first")
    sealed.write(b"second")
    assert SealedFile(tmp_path / "session", KEY).read() == b"second"
    assert [path.name for path in tmp_path.iterdir()] == ["session"]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=5000))
def test_any_bytes_come_back(tmp_path: Path, content: bytes) -> None:
    sealed = SealedFile(tmp_path / "session", KEY)
    sealed.write(content)
    assert sealed.read() == content


def test_the_file_shows_nothing_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "session"
    SealedFile(path, KEY).write(b"canary-token " * 10)
    assert b"canary" not in path.read_bytes()


@pytest.mark.usefixtures("open_umask")
def test_the_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "session"
    SealedFile(path, KEY).write(b"content")
    assert stat.S_IMODE(path.stat().st_mode) == PRIVATE_FILE
    assert stat.S_IMODE(path.parent.stat().st_mode) == PRIVATE_DIRECTORY


def test_another_key_is_told_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "session"
    SealedFile(path, KEY).write(b"content")
    with pytest.raises(StoreDamaged, match="its key has changed"):
        SealedFile(path, OTHER_KEY).read()
    assert SealedFile(path, KEY).read() == b"content"


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_any_changed_byte_is_found(tmp_path: Path, position: int, flip: int) -> None:
    path = tmp_path / "session"
    SealedFile(path, KEY).write(b"content of the file")
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= flip
    path.write_bytes(content)
    with pytest.raises(StoreDamaged):
        SealedFile(path, KEY).read()


@pytest.mark.parametrize("length", [0, 1, len(MAGIC), len(MAGIC) + 1, len(MAGIC) + 10, len(MAGIC) + 20])
def test_a_cut_file_is_found(tmp_path: Path, length: int) -> None:
    path = tmp_path / "session"
    SealedFile(path, KEY).write(b"content")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(StoreDamaged):
        SealedFile(path, KEY).read()


def test_a_later_version_is_named(tmp_path: Path) -> None:
    path = tmp_path / "session"
    path.write_bytes(MAGIC + b"\x02" + b"x" * 60)
    with pytest.raises(StoreDamaged, match="newer ChatDesk"):
        SealedFile(path, KEY).read()


def test_a_damaged_file_is_set_aside_under_its_own_name(tmp_path: Path) -> None:
    sealed = SealedFile(tmp_path / "session", KEY)
    aside = []
    for content in (b"one", b"two"):
        sealed.path.write_bytes(content)
        path = sealed.set_aside()
        assert path is not None
        aside.append(path)
    assert sealed.read() is None
    assert [path.read_bytes() for path in aside] == [b"one", b"two"]
    assert all(".damaged-" in path.name for path in aside)
    assert sealed.set_aside() is None


def test_a_failed_write_keeps_the_old_content_and_says_so(tmp_path: Path) -> None:
    target = tmp_path / "session"
    target.mkdir()
    with pytest.raises(ChatDeskError, match="could not be written"):
        SealedFile(target, KEY).write(b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["session"]


def test_deleting_twice_is_fine(tmp_path: Path) -> None:
    sealed = SealedFile(tmp_path / "session", KEY)
    sealed.write(b"content")
    sealed.delete()
    sealed.delete()
    assert sealed.read() is None


def test_readers_never_see_half_a_write(tmp_path: Path) -> None:
    sealed = SealedFile(tmp_path / "session", KEY)
    contents = [bytes([number]) * 20_000 for number in range(8)]
    sealed.write(contents[0])
    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(SealedFile(sealed.path, KEY).write, content) for content in contents * 3]
        reads = [pool.submit(sealed.read) for _ in range(60)]
        assert all(read.result() in contents for read in reads)
        for write in writes:
            write.result()


def test_a_key_of_another_length_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SealedFile(tmp_path / "session", b"short")
