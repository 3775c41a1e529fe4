"""Small parts of the wire that need no server: frames, rates, names of files, folder views."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdesk.localbackend.failures import ReplyFailure
from chatdesk.localbackend.realtime.frames import database_broadcast, encode, parse
from chatdesk.localbackend.realtime.limits import Rate
from chatdesk.localbackend.storage.files import Files
from chatdesk.localbackend.storage.listing import folder_view
from chatdesk.localbackend.storage.naming import Signer, checked_name

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(alphabet=st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_none(raw: bytes) -> None:
    parse(raw)


@given(
    st.fixed_dictionaries(
        {}, optional={k: JSON_VALUES for k in ("topic", "event", "payload", "ref", "join_ref")}
    )
)
def test_any_object_is_a_frame_or_none(value: dict[str, Any]) -> None:
    frame = parse(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
    if frame is not None:
        assert isinstance(frame.topic, str)
        assert isinstance(frame.payload, dict)


def test_a_payload_of_the_database_is_not_parsed() -> None:
    payload = '{"big": 12345678901234567890123, "b": 1.10}'
    frame = database_broadcast("realtime:t", "e", payload, "an id")
    assert payload.encode() in frame
    assert orjson.loads(encode("t", "e", {}))["ref"] is None


def test_a_rate_counts_within_its_window() -> None:
    rate = Rate(3, seconds=1000)
    assert [rate.allows() for _ in range(5)] == [True, True, True, False, False]
    assert all(Rate(1, seconds=0).allows() for _ in range(5))


@pytest.mark.parametrize("name", ["a", "a/b c/ü.png", "...", "a/.hidden"])
def test_names_that_are_fine(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "a\0", "a\nb", "a\\b", "x" * 1025, "\udc80"]
)
def test_names_that_are_not(name: str) -> None:
    with pytest.raises(ReplyFailure) as refused:
        checked_name(name)
    assert refused.value.body["error"] == "InvalidKey"


async def test_files_are_named_by_version_only(tmp_path: Path) -> None:
    files = Files(tmp_path / "storage")
    version = await files.write(b"content")
    assert await files.read(version) == b"content"
    path = next(path for path in tmp_path.rglob("*") if path.is_file())
    assert (path.name, path.stat().st_mode & 0o777) == (version, 0o600)
    for evil in ("../../etc/passwd", "", "x"):
        with pytest.raises(ValueError, match="badly formed"):
            await files.read(evil)
    await files.remove(version, version, None, "../x")
    assert not path.exists()


def test_a_signature_is_for_one_object() -> None:
    signer = Signer(b"a secret of exactly 32 bytes.....")
    token = signer.sign("bucket", "a/b", "60")
    signer.check(token, "bucket", "a/b")
    for bucket, name in (("bucket", "a/c"), ("bucke", "t/a/b")):
        with pytest.raises(ReplyFailure):
            signer.check(token, bucket, name)
    for seconds in (0, -1, "x", None, 10**10):
        with pytest.raises(ReplyFailure):
            signer.sign("bucket", "a/b", seconds)


def test_a_folder_is_shown_once() -> None:
    now = datetime.now(UTC)
    common = {"id": "1", "bucket_id": "b", "owner_id": None, "updated_at": now, "created_at": now}
    rows = [
        {**common, "name": f"me/{name}", "last_accessed_at": now, "metadata": "{}"}
        for name in ("z", "d/1", "d/2")
    ]
    assert [entry["name"] for entry in folder_view(rows, "me/", {})] == ["d", "z"]
    with pytest.raises(ReplyFailure, match="cannot list with"):
        folder_view(rows, "me/", {"cursor": "x"})
