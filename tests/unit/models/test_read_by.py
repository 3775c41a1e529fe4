"""Where each reader stands: below the last shown message they have read, never below their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from chatdesk.domain.message import DeliveryState, Message
from chatdesk.domain.profile import Profile
from chatdesk.models.message_list import MessageListModel
from chatdesk.models.roles import TimelineRole
from tests.support.messages import ANNA, CONVERSATION, ME, START, added, changed, message, messages, removed
from tests.support.model_spy import ModelSpy

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
BEN = "0190c0de-0000-7000-8000-0000000000cc"


@pytest.fixture
def model(qtbot: QtBot) -> MessageListModel:
    made = MessageListModel(ME)
    made.tester = QAbstractItemModelTester(made, FATAL)  # type: ignore[attr-defined]  # lives as long as the model
    made.load(CONVERSATION, messages(10), False)
    for user_id, name in ((BEN, "Ben"), (ANNA, "Anna")):
        made.profile_changed(Profile(user_id, None, name, f"{name}.png", 1, START))
    return made


def readers(model: MessageListModel) -> dict[int, list[str]]:
    """Who stands where, by message number."""
    found = {}
    for row in range(model.rowCount()):
        here = model.data(model.index(row), TimelineRole.READERS)
        if here:
            found[model.at(row).seq or 0] = [each.name for each in here]
    return found


def test_each_stands_once_and_moves(model: MessageListModel) -> None:
    model.read_by.set_marks({ANNA: 4, BEN: 4})
    assert readers(model) == {4: ["Anna", "Ben"]}
    spy = ModelSpy(model)
    model.read_by.set_marks({ANNA: 4, BEN: 10})
    assert readers(model) == {4: ["Anna"], 10: ["Ben"]}
    role = frozenset({int(TimelineRole.READERS)})
    assert sorted(spy.take(), key=str) == [("change", 3, 3, role), ("change", 9, 9, role)]
    model.read_by.set_marks({})
    assert readers(model) == {}


def test_a_mark_beyond_the_end_stands_at_the_end_and_one_before_the_beginning_nowhere(
    model: MessageListModel,
) -> None:
    model.read_by.set_marks({ANNA: 99, BEN: 0})
    assert readers(model) == {10: ["Anna"]}
    model.apply(added(message(11)))
    assert readers(model) == {11: ["Anna"]}
    model.apply(removed(message(11)))
    assert readers(model) == {10: ["Anna"]}


def test_whoever_wrote_has_read_and_stands_not_below_their_own(model: MessageListModel) -> None:
    model.read_by.set_marks({ANNA: 4})
    model.apply(added(message(11, author=ANNA)))
    assert readers(model) == {}
    model.apply(added(message(12)))
    assert readers(model) == {}
    model.read_by.set_marks({ANNA: 12})
    assert readers(model) == {12: ["Anna"]}


def test_a_message_that_waits_has_been_read_by_nobody(model: MessageListModel) -> None:
    model.read_by.set_marks({ANNA: 11})
    waiting = message(11, seq=None, delivery=DeliveryState.PENDING)
    model.apply(added(waiting))
    assert readers(model) == {10: ["Anna"]}
    model.apply(changed(replace(waiting, seq=11, delivery=DeliveryState.SENT)))
    assert readers(model) == {11: ["Anna"]}


def test_another_conversation_begins_without_marks(model: MessageListModel) -> None:
    model.read_by.set_marks({ANNA: 4})
    model.load(CONVERSATION, messages(10), False)
    assert readers(model) == {}


def test_strangers_are_not_shown(model: MessageListModel) -> None:
    model.read_by.set_marks({"0190c0de-0000-7000-8000-0000000000dd": 4})
    assert readers(model) == {}


def test_a_newest_message_that_goes_counts_no_longer(model: MessageListModel) -> None:
    model.read_by.set_marks({ANNA: 4})
    model.apply(added(message(11, author=ANNA)))
    assert readers(model) == {}
    model.apply(removed(message(11)))
    assert readers(model) == {4: ["Anna"]}


def test_a_mark_that_went_back_is_looked_at_anew(model: MessageListModel) -> None:
    model.apply(added(message(11, author=ANNA), message(12)))
    model.read_by.set_marks({ANNA: 12})
    assert readers(model) == {12: ["Anna"]}
    model.read_by.set_marks({ANNA: 4})
    assert readers(model) == {}


def test_a_message_that_moves_as_it_gets_its_number_counts(model: MessageListModel) -> None:
    model.read_by.set_marks({ANNA: 4})
    waiting = [message(number, seq=None, author=ANNA) for number in (20, 21)]
    model.apply(added(*waiting))
    assert readers(model) == {4: ["Anna"]}
    spy = ModelSpy(model)
    model.apply(changed(replace(waiting[1], seq=11)))
    assert ("move", 11, 10) in spy.take()
    assert readers(model) == {}


def test_what_comes_is_looked_at_not_what_is_there(
    model: MessageListModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who read the beginning long ago and wrote nothing since is no reason to go through it all."""
    model.load(CONVERSATION, messages(1_000), True)
    model.read_by.set_marks({ANNA: 2})
    looked: list[int] = []
    at = model.at

    def looked_at(row: int) -> Message:
        looked.append(row)
        return at(row)

    monkeypatch.setattr(model, "at", looked_at)
    for number in range(1_001, 1_011):
        model.apply(added(message(number)))
    assert len(looked) <= 10 * 5
    assert readers(model) == {2: ["Anna"]}
