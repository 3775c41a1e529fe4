"""Rows and frames: what is believed, and what is set aside."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdesk.backend import frames, wire
from chatdesk.backend.wire import BadRow, Quarantine
from chatdesk.domain.change import EntityChanged, EntityKind, MessageChanged
from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.ephemeral import Delta, StopRequested
from chatdesk.domain.generation import GenerationState
from chatdesk.domain.message import MessageStatus, Role
from tests.unit.backend import rows
from tests.unit.backend.rows import CONVERSATION, JSON, MESSAGE, OTHER, USER

READERS: list[tuple[Callable[[object], Any], Callable[..., JSON]]] = [
    (wire.profile, rows.profile),
    (wire.conversation, rows.conversation),
    (wire.membership, rows.membership),
    (wire.message, rows.message),
    (wire.generation, rows.generation),
]
NULLABLE = {
    "username",
    "avatar_path",
    "display_name",
    "owner_id",
    "model",
    "system_prompt",
    "temperature",
    "deleted_at",
    "parent_id",
    "author_id",
    "usage",
    "error",
}
ROWS = f"conversation:{CONVERSATION}:1"
LIVE = f"{ROWS}:live"
MINE = f"user:{USER}"


def believed(read: Callable[[object], Any], value: object) -> tuple[bool, str]:
    """Tell whether ``value`` was read, else what the ``BadRow`` said; anything else fails the test."""
    try:
        read(value)
    except BadRow as fault:
        return False, str(fault)
    return True, ""


def test_rows_become_domain_types() -> None:
    moment = datetime(2026, 11, 22, 17, 34, 0, 120_000, tzinfo=UTC)
    assert wire.profile(rows.profile()).updated_at == moment
    assert wire.conversation(rows.conversation(temperature=1)).temperature == 1.0
    assert wire.membership(rows.membership()).role is MemberRole.OWNER
    message = wire.message(rows.message(usage={"tokens": 3}, status="streaming", role="assistant"))
    assert (message.role, message.status, message.usage) == (
        Role.ASSISTANT,
        MessageStatus.STREAMING,
        {"tokens": 3},
    )
    assert wire.generation(rows.generation()).state is GenerationState.RUNNING


@pytest.mark.parametrize(("read", "make"), READERS)
def test_unknown_fields_are_ignored(read: Callable[[object], Any], make: Callable[..., JSON]) -> None:
    assert read(make(reactions=[1, 2], owner={"deep": "er"})) == read(make())


@pytest.mark.parametrize(("read", "make"), READERS)
@pytest.mark.parametrize("wrong", ["missing", None, [], {}, "\ud800", "nul\0", -1, 2**63, True, 1.5, "x" * 9])
def test_a_field_of_the_wrong_kind_is_a_bad_row_that_quotes_nothing(
    read: Callable[[object], Any], make: Callable[..., JSON], wrong: object
) -> None:
    """Each field in turn; some wrong values are right for some fields, and then the row is simply read."""
    refused = 0
    for field in make():
        row = make()
        if wrong == "missing":
            del row[field]
        else:
            row[field] = wrong
        good, fault = believed(read, row)
        refused += not good
        assert good or (field in fault and "x" * 9 not in fault)
        assert not good or wrong in (True, {}, 1.5, "x" * 9) or field in NULLABLE, field
    assert refused >= 2


@pytest.mark.parametrize(
    "moment",
    ["", "yesterday", "2026-11-22", "2026-11-22T17:34:00", "infinity", "0001-01-01T00:00:00+14:00", 17],
)
def test_a_time_needs_an_offset_and_a_place_in_history(moment: object) -> None:
    with pytest.raises(BadRow):
        wire.message(rows.message(created_at=moment))


@pytest.mark.parametrize("value", [None, 1, "text", [], [{}]])
@pytest.mark.parametrize(("read", "make"), READERS)
def test_what_is_no_object_is_a_bad_row(
    read: Callable[[object], Any], make: Callable[..., JSON], value: object
) -> None:
    with pytest.raises(BadRow):
        read(value)


def test_ids_are_canonical_or_refused() -> None:
    for wrong in (MESSAGE.replace("1", "A", 1), MESSAGE.replace("-", ""), f" {MESSAGE}", "../../etc", ""):
        with pytest.raises(BadRow):
            wire.message(rows.message(id=wrong))


def test_quarantine_counts_all_and_logs_seldom(caplog: pytest.LogCaptureFixture) -> None:
    quarantine = Quarantine()
    bad = [rows.message(content=17) for _ in range(100)]
    assert quarantine.rows(wire.message, [*bad, rows.message()], "a message") == (
        wire.message(rows.message()),
    )
    assert quarantine.count == 100
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 7
    assert quarantine.rows(wire.message, None, "a message") == ()
    assert quarantine.rows(wire.message, {"no": "list"}, "a message") == ()
    assert quarantine.count == 101


def entity(**changes: Any) -> JSON:
    return {
        "kind": "conversation",
        "entity_id": CONVERSATION,
        "entity_revision": 9,
        "user_revision": 40,
        "removed": False,
        "record": rows.conversation(),
    } | changes


def test_frames_of_the_user_topic() -> None:
    change = frames.read(MINE, "entity", entity() | {"id": "added by realtime.send"})
    assert change == EntityChanged(
        EntityKind.CONVERSATION, CONVERSATION, 9, 40, False, wire.conversation(rows.conversation())
    )
    for kind, record in (("profile", rows.profile()), ("membership", rows.membership())):
        change = frames.read(MINE, "entity", entity(kind=kind, record=record))
        assert isinstance(change, EntityChanged)
        assert change.record is not None
    gone = frames.read(MINE, "entity", entity(removed=True, record=None))
    assert isinstance(gone, EntityChanged)
    assert gone.removed
    large = frames.read(MINE, "entity", entity(record=None))
    assert isinstance(large, EntityChanged)
    assert large.record is None
    hint = frames.read(MINE, "hint", entity(record=None, last_seq=12, updated_at=rows.WHEN))
    assert isinstance(hint, EntityChanged)
    assert (hint.last_seq, hint.record, hint.updated_at is not None) == (12, None, True)


def test_frames_of_the_conversation_topics() -> None:
    frame = {"conversation_id": CONVERSATION, "message_id": MESSAGE, "revision": 9, "record": rows.message()}
    assert frames.read(ROWS, "message", frame) == MessageChanged(
        CONVERSATION, MESSAGE, 9, wire.message(rows.message())
    )
    assert frames.read(ROWS, "message", frame | {"record": None}) == MessageChanged(CONVERSATION, MESSAGE, 9)
    named = {"conversation_id": CONVERSATION, "message_id": MESSAGE}
    assert frames.read(LIVE, "delta", named | {"offset": 0, "text": "Hi"}) == Delta(
        CONVERSATION, MESSAGE, 0, "Hi"
    )
    assert frames.read(LIVE, "stop", named) == StopRequested(CONVERSATION, MESSAGE)


@pytest.mark.parametrize(
    ("topic", "event", "payload"),
    [
        (ROWS, "entity", entity()),
        (ROWS, "delta", {"conversation_id": CONVERSATION, "message_id": MESSAGE, "offset": 0, "text": ""}),
        (LIVE, "message", {"conversation_id": CONVERSATION, "message_id": MESSAGE, "revision": 1}),
        (LIVE, "entity", entity()),
        (LIVE, "delta", {"conversation_id": OTHER, "message_id": MESSAGE, "offset": 0, "text": ""}),
        (
            LIVE,
            "delta",
            {"conversation_id": CONVERSATION, "message_id": MESSAGE, "offset": 0, "text": "\ud83d"},
        ),
        (LIVE, "delta", {"conversation_id": CONVERSATION, "message_id": MESSAGE, "offset": -1, "text": ""}),
        (
            LIVE,
            "delta",
            {
                "conversation_id": CONVERSATION,
                "message_id": MESSAGE,
                "offset": 0,
                "text": "x" * (frames.MAX_DELTA + 1),
            },
        ),
        (ROWS, "message", {"conversation_id": OTHER, "message_id": MESSAGE, "revision": 1}),
        (
            ROWS,
            "message",
            {"conversation_id": CONVERSATION, "message_id": OTHER, "revision": 9, "record": rows.message()},
        ),
        (
            ROWS,
            "message",
            {"conversation_id": CONVERSATION, "message_id": MESSAGE, "revision": 8, "record": rows.message()},
        ),
        (MINE, "message", {"conversation_id": CONVERSATION, "message_id": MESSAGE, "revision": 1}),
        (MINE, "entity", entity(kind="settings")),
        (MINE, "hint", entity()),
        ("conversation:x:1:live:more", "stop", {"conversation_id": "x", "message_id": MESSAGE}),
        ("other", "entity", entity()),
    ],
)
def test_what_a_topic_may_not_carry_is_a_bad_row(topic: str, event: str, payload: JSON) -> None:
    with pytest.raises(BadRow):
        frames.read(topic, event, payload)


@given(text=st.text(max_size=200_000), offset=st.integers(0, 1_000_000))
def test_a_delta_of_any_length_is_read_as_it_was_written(text: str, offset: int) -> None:
    change = Delta(CONVERSATION, MESSAGE, offset, text)
    read = [frames.read(LIVE, event, dict(payload)) for event, payload in frames.write(change)]
    deltas = [part for part in read if isinstance(part, Delta)]
    assert "".join(delta.text for delta in deltas) == text.replace("\0", "\ufffd")
    at = offset
    for delta in deltas:
        assert delta.offset == at
        at += len(delta.text)


def test_half_a_character_is_repaired_before_it_is_sent() -> None:
    [(event, payload)] = frames.write(Delta(CONVERSATION, MESSAGE, 0, "a\ud83d\0b"))
    assert (event, payload["text"]) == ("delta", "a\ufffd\ufffdb")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(topic=st.sampled_from([ROWS, LIVE, MINE, "", "::"]), event=st.text(max_size=10), payload=json_values)
def test_any_json_is_read_or_is_a_bad_row(topic: str, event: str, payload: Any) -> None:
    assert believed(lambda _: frames.read(topic, event, payload), payload)[0] in (True, False)


@given(
    field=st.sampled_from(sorted(rows.message())),
    value=json_values,
)
def test_any_value_in_any_field_is_read_or_is_a_bad_row(field: str, value: Any) -> None:
    read, fault = believed(wire.message, rows.message(**{field: value}))
    assert read or field in fault
