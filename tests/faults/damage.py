"""Ways in which the files of a slot come to harm, drawn from a seed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

PAGE = 4096

Harm = Callable[[Path, Random], None]


def flip_a_bit(path: Path, dice: Random) -> None:
    _flip(path, dice, 1)


def flip_many_bits(path: Path, dice: Random) -> None:
    _flip(path, dice, dice.randrange(2, 200))


def truncate(path: Path, dice: Random) -> None:
    size = _size(path)
    if size:
        os.truncate(path, dice.randrange(size))


def cut_a_page_off(path: Path, dice: Random) -> None:
    size = _size(path)
    if size:
        os.truncate(path, max(0, size - PAGE * dice.randrange(1, 4)))


def zero_a_page(path: Path, dice: Random) -> None:
    pages = _size(path) // PAGE
    if pages:
        _put(path, PAGE * dice.randrange(pages), bytes(PAGE))


def zero_a_range(path: Path, dice: Random) -> None:
    size = _size(path)
    if size:
        _put(path, dice.randrange(size), bytes(dice.randrange(1, 20_000)))


def overwrite_with_noise(path: Path, dice: Random) -> None:
    size = _size(path)
    if size:
        _put(path, dice.randrange(size), dice.randbytes(dice.randrange(1, 20_000)))


def repeat_a_page(path: Path, dice: Random) -> None:
    """A page that was written to the wrong place."""
    content = path.read_bytes() if path.is_file() else b""
    pages = len(content) // PAGE
    if pages > 1:
        source, target = dice.sample(range(pages), 2)
        _put(path, target * PAGE, content[source * PAGE : (source + 1) * PAGE])


def another_version(path: Path, dice: Random) -> None:
    _put(path, 60, dice.choice((0, 2, 99, 2**31 - 1)).to_bytes(4, "big"))


def another_programs_mark(path: Path, dice: Random) -> None:
    _put(path, 68, dice.randbytes(4))


def all_zeroes(path: Path, dice: Random) -> None:
    _replace(path, bytes(max(PAGE, _size(path))))


def empty(path: Path, dice: Random) -> None:
    _replace(path, b"")


def a_text(path: Path, dice: Random) -> None:
    _replace(path, b"This is not a database.\n" * dice.randrange(1, 2000))


def somebody_elses_database(path: Path, dice: Random) -> None:
    _replace(path, b"")
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE entries (position, id, body, digest, state, attempts, reason)")
        other.execute("INSERT INTO entries VALUES (1, 'x', '{}', 0, 'waiting', 0, NULL)")
        other.commit()


def the_other_file(path: Path, dice: Random) -> None:
    """Somebody mixed up the two files of the slot."""
    other = path.with_name("cache.db" if path.name.startswith("outbox") else "outbox.db")
    _replace(path, other.read_bytes() if other.is_file() else b"")


def a_directory(path: Path, dice: Random) -> None:
    _replace(path, b"")
    path.unlink()
    (path / "inside").mkdir(parents=True)


def a_link_to_nowhere(path: Path, dice: Random) -> None:
    _replace(path, b"")
    path.unlink()
    path.symlink_to(path.parent / "nowhere" / "at all")


BYTES: tuple[Harm, ...] = (
    flip_a_bit,
    flip_many_bits,
    truncate,
    cut_a_page_off,
    zero_a_page,
    zero_a_range,
    overwrite_with_noise,
    repeat_a_page,
)
"""What a disk does to any file."""

FILES: tuple[Harm, ...] = (
    another_version,
    another_programs_mark,
    all_zeroes,
    empty,
    a_text,
    somebody_elses_database,
    the_other_file,
    a_directory,
    a_link_to_nowhere,
)
"""What people, programs and other versions do to a database."""

COMPANION: tuple[Harm, ...] = (*BYTES, all_zeroes, empty, a_text, a_directory, a_link_to_nowhere)

PLACES: tuple[tuple[str, tuple[Harm, ...]], ...] = (
    ("outbox.db", (*BYTES, *FILES)),
    ("cache.db", (*BYTES, *FILES)),
    ("outbox.db-journal", COMPANION),
    ("cache.db-wal", COMPANION),
    ("cache.db-shm", COMPANION),
)

PAIRS: tuple[tuple[str, Harm], ...] = tuple((name, harm) for name, harms in PLACES for harm in harms)
"""Every file with everything that may happen to it."""


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _flip(path: Path, dice: Random, count: int) -> None:
    size = _size(path)
    if not size:
        return
    content = bytearray(path.read_bytes())
    for _ in range(count):
        content[dice.randrange(size)] ^= 1 << dice.randrange(8)
    path.write_bytes(content)


def _put(path: Path, offset: int, new: bytes) -> None:
    """Overwrite a part; what reaches past the end is dropped."""
    if not path.is_file():
        return
    content = bytearray(path.read_bytes())
    end = min(len(content), offset + len(new))
    content[offset:end] = new[: max(0, end - offset)]
    path.write_bytes(content)


def _replace(path: Path, content: bytes) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.write_bytes(content)
