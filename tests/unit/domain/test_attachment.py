"""What may be attached, where it lies, and what is read of a stranger's description."""

from __future__ import annotations

from typing import Any

import pytest

from chatdesk.domain.attachment import (
    MAX_BYTES,
    MAX_NAME,
    TEXT,
    Attachment,
    NewFile,
    as_record,
    attach,
    check_together,
    clean_name,
    described,
    from_records,
    is_path,
)
from chatdesk.domain.errors import BadInput

TALK = "0190c0de-0000-7000-8000-0000000000c1"
MESSAGE = "0190c0de-0000-7000-8000-0000000000e1"
OTHER = "0190c0de-0000-7000-8000-0000000000e2"


def test_the_paths_follow_from_the_message() -> None:
    files = [NewFile("größe.png", "image/png", b"1", 2, 3), NewFile("a.py", TEXT, b"print()")]
    placed = attach(files, TALK, MESSAGE)
    assert list(placed) == [f"{TALK}/{MESSAGE}/0.png", f"{TALK}/{MESSAGE}/1.txt"]
    assert attach(files, TALK, MESSAGE) == placed
    assert all(is_path(path) for path in placed)
    told = [described(path, file) for path, file in placed.items()]
    assert told[0] == Attachment("größe.png", f"{TALK}/{MESSAGE}/0.png", "image/png", 1, 2, 3)
    assert [one.is_picture for one in told] == [True, False]
    assert from_records([as_record(one) for one in told], TALK, MESSAGE) == tuple(told)


@pytest.mark.parametrize(
    "change",
    [
        {"path": f"{TALK}/{OTHER}/0.png"},
        {"path": f"{TALK}/{MESSAGE}/../0.png"},
        {"path": f"{TALK}/{MESSAGE}/0.svg"},
        {"path": f"{TALK}/{MESSAGE}/0.png\n"},
        {"path": None},
        {"media_type": "text/html"},
        {"media_type": None},
        {"size": -1},
        {"size": MAX_BYTES + 1},
        {"size": True},
        {"size": "12"},
        {"name": None},
    ],
)
def test_what_is_no_description_is_left_out(change: dict[str, Any]) -> None:
    good = {"name": "a.png", "path": f"{TALK}/{MESSAGE}/0.png", "media_type": "image/png", "size": 1}
    assert len(from_records([good], TALK, MESSAGE)) == 1
    assert from_records([good | change], TALK, MESSAGE) == ()


@pytest.mark.parametrize("records", [None, "x", {"a": 1}, 7, ["x", None, [], {}]])
def test_anything_else_means_no_files(records: object) -> None:
    assert from_records(records, TALK, MESSAGE) == ()


def test_strange_sides_are_forgotten() -> None:
    good = {"name": "a.png", "path": f"{TALK}/{MESSAGE}/0.png", "media_type": "image/png", "size": 1}
    (read,) = from_records([good | {"width": 10**9, "height": 5}], TALK, MESSAGE)
    assert (read.width, read.height) == (None, None)


def test_names_are_single_lines_without_folders() -> None:
    assert clean_name("/etc/passwd") == "passwd"
    assert clean_name("C:\\docs\\a.txt") == "a.txt"
    assert clean_name("a\nb\u202ec\0.txt") == "a b c\ufffd.txt"
    assert clean_name("///") == "file"
    long = clean_name("x" * 500 + ".json")
    assert (len(long), long[-6:]) == (MAX_NAME, "….json")


def test_what_goes_with_one_message() -> None:
    check_together([MAX_BYTES - 1, 1])
    with pytest.raises(BadInput, match="20 MB"):
        check_together([MAX_BYTES, 1])
    with pytest.raises(BadInput, match="10 files"):
        check_together([1] * 11)


@pytest.mark.parametrize("path", ["", "a/b/0.png", f"{TALK}/{MESSAGE}", f"../{MESSAGE}/0.png"])
def test_paths_that_are_none(path: str) -> None:
    assert not is_path(path)
