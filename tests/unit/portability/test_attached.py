"""Files inside an export: what is whole comes back, what is not is counted and holds up nothing."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from chatdesk.portability import attached, native
from chatdesk.portability.attached import FileRecord, Gathering, is_kind, picture_kind
from chatdesk.portability.reading import FileReading
from chatdesk.portability.records import MessageRecord, Piece, Skipped

PICTURE = FileRecord("cat.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"x" * (2 * attached.PART), 12, 34)
NOTE = FileRecord("note.txt", "text/plain", "Grüße".encode())
HEADING = b'{"format":"chatdesk-export","version":1}\n'
CHAT = {"conversation": {"id": "c", "title": "Cats"}}


def read(*lines: str) -> list[Any]:
    whole = BytesIO("".join([native.line(CHAT), *lines, native.line({"end": {}})]).encode())
    return list(native.read_lines(whole.readline))


def test_files_come_back_in_their_order() -> None:
    first = MessageRecord("1", "user", "Look.", files=(PICTURE, NOTE))
    second = MessageRecord("2", "user", "And?", parent="1", files=(NOTE,))
    lines = [*native.message_lines(first), *native.message_lines(second)]
    assert max(map(len, lines)) < 1_100_000
    (piece,) = read(*lines)
    assert isinstance(piece, Piece)
    assert [message.files for message in piece.messages] == [(PICTURE, NOTE), (NOTE,)]


def test_one_that_was_not_at_hand_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    lost = FileRecord("gone.png", "image/png", None)
    found = read(*native.message_lines(MessageRecord("1", "user", "Look.", files=(lost, NOTE))))
    assert [each.reason for each in found if isinstance(each, Skipped)] == [
        "A file of a message is missing or damaged."
    ]
    (piece,) = [each for each in found if isinstance(each, Piece)]
    assert piece.messages[0].files == (NOTE,)


@pytest.mark.parametrize(
    "described",
    [
        {"name": "a", "media_type": "text/html", "size": 1, "content": "QQ=="},
        {"name": "a", "media_type": "image/png", "size": 1, "content": "QQ=="},
        {"name": "a", "media_type": "text/plain", "size": 2, "content": "QQ=="},
        {"name": "a", "media_type": "text/plain", "size": 1, "content": "no base64!"},
        {"name": "a", "media_type": "text/plain", "content": "/w=="},
        {"name": "a", "media_type": ["text/plain"], "size": 1, "content": "QQ=="},
        {"name": "a"},
        {},
    ],
)
def test_what_is_no_file_is_left_out(described: dict[str, Any]) -> None:
    gathering = Gathering([described])
    assert gathering.files() == ()
    assert gathering.lost == 1


@pytest.mark.parametrize("described", [None, 3, "text", {"a": 1}])
def test_any_other_thing_is_no_list_of_files(described: object) -> None:
    gathering = Gathering(described)
    gathering.take(0, "QQ==")
    assert (gathering.files(), gathering.lost) == ((), 0)


def test_a_file_takes_no_more_than_a_message_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "MAX_BYTES", 8)
    gathering = Gathering([{"name": "a", "media_type": "text/plain", "size": 12}])
    for _ in range(4):
        gathering.take(0, "QUFB")
    assert gathering.files() == ()
    assert gathering._size <= 12
    assert len(gathering._parts[0]) == 2


def test_a_name_leads_nowhere() -> None:
    gathering = Gathering([{"name": "../../etc/passwd", "media_type": "text/plain", "content": "QQ=="}])
    assert [each.name for each in gathering.files()] == ["passwd"]


def test_pictures_are_known_by_their_beginning() -> None:
    assert picture_kind(b"GIF89a...") == "image/gif"
    assert picture_kind(b"<html>") is None
    assert is_kind(b"\xff\xd8\xff\xe0", "image/jpeg")
    assert not is_kind(b"\xff\xd8\xff\xe0", "image/png")


def asked_with(*pointers: str) -> dict[str, Any]:
    """A conversation of ChatGPT's with one message that shows pictures."""
    parts = [
        {"content_type": "image_asset_pointer", "asset_pointer": each, "width": 3, "height": 4}
        for each in pointers
    ]
    content = {"content_type": "multimodal_text", "parts": [*parts, "What is it?"]}
    message = {"author": {"role": "user"}, "content": content}
    return {"id": "c", "title": "Cats", "mapping": {"m": {"message": message, "parent": None}}}


@pytest.mark.parametrize("files", [True, False])
def test_chatgpts_pictures_come_out_of_its_archive(tmp_path: Path, files: bool) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        talk = asked_with("file-service://file-One", "sediment://file_Two", "sediment://file_Gone")
        archive.writestr("conversations.json", json.dumps([talk]))
        archive.writestr("file-One-my cat.png", PICTURE.content or b"")
        archive.writestr("user-1/file_Two-sanitized.dat", b"\xff\xd8\xff\xe0 a picture")
        archive.writestr("file-OneMore.png", b"not asked for")
    reading = FileReading(path, files=files)
    reading.open()
    piece = reading.next()
    reading.close()
    assert isinstance(piece, Piece)
    (message,) = piece.messages
    brought = [(each.name, each.media_type, each.width) for each in message.files]
    if files:
        assert brought == [("file-One.png", "image/png", 3), ("file_Two.jpg", "image/jpeg", 3)]
        assert message.content == "*[image]*\n\nWhat is it?", "a word stands for the one that is not there"
    else:
        assert brought == []
