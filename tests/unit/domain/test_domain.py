"""Ids, text and order."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from chatdesk.domain.ids import is_id, new_id
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.text import MAX_NAME, plain_name, storable, title_from

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_ids_are_version_7_and_grow() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert ids == sorted(set(ids))
    assert all(is_id(text) for text in ids[:10])
    parsed = uuid.UUID(ids[0])
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)


def test_only_canonical_ids_count() -> None:
    assert not is_id("")
    assert not is_id("not-an-id")
    assert not is_id(new_id().upper())


@given(st.text("0123456789abcdefABCDEF-_{}:\n\u0663 ", min_size=30, max_size=40) | st.uuids().map(str))
def test_an_id_is_what_a_uuid_is_written_as(text: str) -> None:
    for each in (
        text,
        f"{text}\n",
        f"{{{text}}}",
        f"urn:uuid:{text}",
        text.replace("-", ""),
        text[:-1] + "\u0663",
    ):
        try:
            canonical = str(uuid.UUID(each)) == each
        except ValueError:
            canonical = False
        assert is_id(each) is canonical


@given(st.text(st.characters(codec=None), max_size=50))
def test_repaired_text_can_be_stored_anywhere(text: str) -> None:
    repaired = storable(text)
    repaired.encode()
    assert "\0" not in repaired
    assert storable(repaired) == repaired


def test_good_text_is_not_touched() -> None:
    text = "Grüße, 世界 👩‍👩‍👧 \u202e \x1b[31m"
    assert storable(text) is text


def test_a_split_surrogate_pair_is_joined_and_a_lone_one_replaced() -> None:
    assert storable("\ud83d\ude42") == "🙂"
    assert storable("a\ud83db") == "a\ufffdb"


@given(st.text(st.characters(codec=None), max_size=200))
def test_a_name_of_somebody_is_one_line_that_stays_in_its_place(text: str) -> None:
    name = plain_name(text)
    assert name == " ".join(name.split())
    assert len(name) <= MAX_NAME
    assert not set(name) & set(
        "\0\n\r\t\x1b\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff"
    )
    assert plain_name(name) == name


def test_a_good_name_is_not_touched() -> None:
    for name in ("Ann", "Zoë van der Berg-López", "محمد", "می‌خواهم", "👩‍👩‍👧 & Co."):
        assert plain_name(name) == name


def test_a_title_is_one_short_line() -> None:
    assert title_from("  what\nis  this ") == "what is this"
    assert len(title_from("word " * 100)) <= 60


def test_waiting_messages_come_last_by_age() -> None:
    def message(message_id: str, seq: int | None) -> Message:
        return Message(
            id=message_id,
            conversation_id="c",
            parent_id=None,
            author_id=None,
            role=Role.USER,
            content="",
            model=None,
            status=MessageStatus.COMPLETE,
            seq=seq,
            revision=0,
            created_at=NOW,
            updated_at=NOW,
        )

    rows = [message("z", None), message("b", 2), message("y", None), message("c", 1)]
    assert [row.id for row in sorted(rows, key=lambda row: row.order)] == ["c", "b", "y", "z"]
