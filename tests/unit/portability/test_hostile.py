"""Files that nobody should make: each ends in a sentence or a skipped conversation, and in little memory."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatdesk.domain.errors import BadInput
from chatdesk.portability import limits, native
from chatdesk.portability.json_array import ArrayReader
from chatdesk.portability.reading import examine
from tests.unit.portability.files import line_of, messages, read, skipped, troubles

EARLY = "The file ends early; it may be damaged or incomplete."


def archive(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(
                name.replace("__", "/").replace("_json", ".json").replace("_html", ".html"), content
            )
    return path


def refused(path: Path) -> str:
    with pytest.raises(BadInput) as failure:
        read(path)
    assert failure.value.next_step
    return failure.value.message


def test_an_archive_is_read_whatever_lies_beside(tmp_path: Path) -> None:
    whole = json.dumps([line_of("1")]).encode()
    other = json.dumps([line_of("2")]).encode()
    path = archive(tmp_path / "e.zip", chat_html=b"<html>", x__conversations_json=whole, user_json=b"{}")
    assert [each.content for each in messages(read(path))] == ["1"]
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as made:
        for number, content in ((10, other), (9, whole)):
            made.writestr(f"conversations-{number:03}.json", content)
    assert [each.content for each in messages(read(tmp_path / "s.zip"))] == ["1", "2"]


def test_an_archive_without_conversations(tmp_path: Path) -> None:
    path = archive(tmp_path / "e.zip", other_json=b"[]")
    assert refused(path) == "There are no conversations in this archive."


def test_a_damaged_archive(tmp_path: Path) -> None:
    whole = json.dumps([line_of("x" * 9_000 + str(number)) for number in range(30)]).encode()
    path = archive(tmp_path / "e.zip", conversations_json=whole)
    raw = bytearray(path.read_bytes())
    raw[200:260] = b"\xff" * 60
    path.write_bytes(raw)
    assert refused(path) == "The archive is damaged or protected by a password."
    path.write_bytes(raw[:300])
    assert refused(path) == "The archive is damaged or protected by a password."


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatdesk.portability.source.RATIO_FREE", 1_000_000)
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made,
        made.open("conversations.json", "w", force_zip64=True) as inside,
    ):
        inside.write(b"[")
        for _ in range(100):
            inside.write(b" " * 1_000_000)
    assert path.stat().st_size < 200_000
    assert refused(path) == "The archive unpacks to far more than an export holds."


def test_a_line_without_end_costs_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gigabyte of it behaves as these 40 MB do: what is too long is dropped as it is read."""
    monkeypatch.setattr("chatdesk.portability.native.MAX_LINE", 1_000_000)
    monkeypatch.setattr("chatdesk.portability.source.MAX_LINE", 1_000_000)
    top = json.dumps({"format": native.EVERYTHING, "version": 1}) + "\n"
    talk = json.dumps({"conversation": {"id": "c", "title": "Bridges"}}) + "\n"
    path = tmp_path / "e.jsonl"
    with path.open("w") as file:
        file.write(top + talk + '{"message": {"content": "')
        for _ in range(40):
            file.write("x" * 1_000_000)
        file.write('"}}\n')
        file.write(json.dumps({"message": {"id": "m", "role": "user", "content": "After"}}) + "\n")
        file.write('{"end": {}}\n')
    tracemalloc.start()
    found = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
    assert skipped(found) == [("Bridges", "A message is too long.")]
    assert [each.content for each in messages(found)] == ["After"]


def test_a_conversation_without_end_costs_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatdesk.portability.source.MAX_ELEMENT", 1_000_000)
    path = tmp_path / "c.json"
    with path.open("w") as file:
        file.write("[" + json.dumps(line_of("1")) + ', {"title": "')
        for _ in range(40):
            file.write("x" * 1_000_000)
        file.write('"}, ' + json.dumps(line_of("2")) + "]")
    tracemalloc.start()
    found = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
    assert skipped(found) == [("2", "It is too large.")]
    assert [each.content for each in messages(found)] == ["1", "2"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "This is no export of a chat program."),
        (b"   ", "This is no export of a chat program."),
        (b"<html>", "This is no export of a chat program."),
        (b"{}", "This is no export of a chat program."),
        (b'{"a": ', "The file cannot be imported."),
        (b"{" * 60_000, "The file cannot be imported."),
        ('[{"title": "x"}]'.encode("utf-16"), "The file is not written in UTF-8."),
        ('[{"title": "x"}]'.encode("utf-32-le"), "The file is not written in UTF-8."),
        (b'{"mapping": {}, "title": "\xe9"}', "The file cannot be imported."),
        (b'{"format": "chatdesk-export", "version": 2}\n', "This export was made by a newer ChatDesk."),
        (b'{"format": "chatdesk-export", "version": "1"}\n', "The version of this export cannot be read."),
        (b'{"format": "chatdesk-conversation", "version": 9}', "The file cannot be imported."),
        (b"PK\x03\x04 nothing", "The archive is damaged or protected by a password."),
    ],
)
def test_what_is_no_export_is_said_in_a_sentence(tmp_path: Path, raw: bytes, reason: str) -> None:
    path = tmp_path / "f"
    path.write_bytes(raw)
    with pytest.raises(BadInput) as failure:
        read(path)
    assert failure.value.message.startswith(reason)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    assert refused(tmp_path / "none") == "The file cannot be read."
    assert refused(tmp_path) == "The file cannot be read."


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (b"3", "It has no messages."),
        (b'"\xe9"', "It is not written in UTF-8."),
        (b"[" * 3_000 + b"]" * 3_000, "It is not valid JSON."),
        (b"1" * 5_000, "It is not valid JSON."),
        (b"nonsense", "It is not valid JSON."),
    ],
)
def test_a_bad_element_harms_only_itself(tmp_path: Path, element: bytes, reason: str) -> None:
    path = tmp_path / "c.json"
    good = json.dumps(line_of("1")).encode()
    path.write_bytes(b"\xef\xbb\xbf [" + good + b"," + element + b"," + good + b"]")
    found = read(path)
    assert skipped(found) == [("2", reason)]
    assert len(messages(found)) == 2
    assert troubles(found) == []


def test_a_file_that_was_cut_off_gives_what_it_has(tmp_path: Path) -> None:
    whole = json.dumps([line_of("1"), line_of("2")]).encode()
    path = tmp_path / "c.json"
    path.write_bytes(whole[:-20])
    found = read(path)
    assert [each.content for each in messages(found)] == ["1"]
    assert troubles(found) == [EARLY]


def test_a_preview_counts_and_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps([line_of("1", "2"), 3, line_of("3") | {"conversation_id": "c-2"}]))
    preview = examine(path, "me", (), lambda _count: True)
    assert preview is not None
    assert (preview.conversations, preview.messages, preview.here) == (2, 3, 0)
    assert preview.problems.count == 1
    assert preview.oldest is not None
    assert examine(path, "me", (), lambda count: count < 1) is None


def test_only_so_many_problems_are_named(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps([1] * 1_000))
    preview = examine(path, "me", (), lambda _count: True)
    assert preview is not None
    assert preview.problems.count == 1_000
    assert len(preview.problems.named) == limits.NAMED_PROBLEMS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(values=st.lists(JSON, max_size=6), indent=st.sampled_from([None, 1]), chunk=st.integers(1, 9))
@settings(max_examples=200, deadline=None)
def test_any_array_is_taken_apart_wherever_it_is_cut(
    values: list[object], indent: int | None, chunk: int
) -> None:
    raw = json.dumps(values, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")
    pieces = (raw[place : place + chunk] for place in range(0, len(raw), chunk))
    reader = ArrayReader(pieces, 10_000)
    found = [json.loads(each.raw.decode("utf-8", "surrogatepass")) for each in reader if each.raw is not None]
    assert found == values
    assert reader.complete


@given(raw=st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_bytes_bring_it_down(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    for start in (b"", b"[", b"{", b'{"format":"chatdesk-export","version":1}\n', b"PK\x03\x04"):
        path.write_bytes(start + raw)
        with suppress(BadInput):
            read(path)
