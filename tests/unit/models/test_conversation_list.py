"""The conversation list model: its order, and that each change is the smallest Qt operation."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from chatdesk.domain.change import ChangeSet, ConversationChange, Verb
from chatdesk.domain.message import DeliveryState
from chatdesk.models.conversation_list import NEW_TITLE, ConversationListModel, ConversationRole
from tests.support.conversation_entries import NOON, changed, conversation_id, entry, removed
from tests.support.model_spy import ModelSpy

ROLE = ConversationRole
FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def order(model: ConversationListModel) -> list[int]:
    """Return the numbers of the conversations from top to bottom."""
    return [int(model.entry_at(row).id[-12:]) for row in range(model.rowCount())]


@pytest.fixture
def model(qtbot: QtBot) -> ConversationListModel:
    """Three conversations, one of them pinned, under the eyes of Qt's own tester."""
    made = ConversationListModel()
    made.tester = QAbstractItemModelTester(made, FATAL)  # type: ignore[attr-defined]  # lives as long as the model
    made.load([entry(1, hours_ago=3), entry(2, hours_ago=1), entry(3, hours_ago=9, pinned=True)])
    return made


def test_pinned_first_then_newest(model: ConversationListModel) -> None:
    assert order(model) == [3, 2, 1]
    assert [model.row_of(conversation_id(number)) for number in (3, 2, 1, 99)] == [0, 1, 2, -1]


def test_equal_times_are_ordered_by_id(model: ConversationListModel) -> None:
    model.load([entry(4), entry(6), entry(5)])
    assert order(model) == [6, 5, 4]


def test_a_new_one_is_one_insert(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.apply(changed(entry(4, hours_ago=2)))
    assert spy.take() == [("insert", 2, 2)]
    assert order(model) == [3, 2, 4, 1]


def test_a_bump_is_one_move_and_one_change_of_the_time(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.apply(changed(entry(1)))
    assert spy.take() == [("move", 2, 1), ("change", 1, 1, frozenset({ROLE.UPDATED_AT, ROLE.ENTRY}))]
    assert order(model) == [3, 1, 2]


def test_unpinning_moves_down(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.apply(changed(entry(3, hours_ago=9)))
    told = frozenset({ROLE.PINNED, ROLE.ENTRY, Qt.ItemDataRole.AccessibleTextRole})
    assert spy.take() == [("move", 0, 3), ("change", 2, 2, told)]


def test_a_change_of_time_without_another_place_moves_nothing(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.apply(changed(entry(2)))
    assert spy.take() == [("change", 1, 1, frozenset({ROLE.UPDATED_AT, ROLE.ENTRY}))]


def test_a_rename_tells_the_roles_of_the_title(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.apply(changed(entry(2, "Better name", hours_ago=1)))
    display = Qt.ItemDataRole
    told = {
        display.DisplayRole,
        display.EditRole,
        display.AccessibleTextRole,
        display.ToolTipRole,
        ROLE.ENTRY,
    }
    assert spy.take() == [("change", 1, 1, frozenset(map(int, told)))]
    assert model.index(1).data() == "Better name"


def test_the_same_entry_again_says_nothing(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.apply(changed(entry(2, hours_ago=1)))
    assert spy.take() == []


def test_removal_and_tombstone_take_the_row(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    gone = entry(1, hours_ago=3)
    dead = replace(gone, conversation=replace(gone.conversation, deleted_at=NOON))
    model.apply(removed(entry(2, hours_ago=1)))
    model.apply(changed(dead))
    model.apply(removed(entry(42)))
    assert spy.take() == [("remove", 1, 1), ("remove", 1, 1)]
    assert order(model) == [3]


def test_several_changes_of_one_transaction_come_in_their_order(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.apply(
        ChangeSet(
            conversations=(
                ConversationChange(Verb.ADDED, entry(4)),
                ConversationChange(Verb.REMOVED, entry(3)),
                ConversationChange(Verb.CHANGED, entry(4, "Named", hours_ago=0)),
            )
        )
    )
    assert [step[0] for step in spy.take()] == ["insert", "remove", "change"]


def test_active_is_told_for_both_rows(model: ConversationListModel) -> None:
    model.set_active(conversation_id(1))
    spy = ModelSpy(model)
    model.set_active(conversation_id(2))
    model.set_active(conversation_id(2))
    told = frozenset({int(ROLE.ACTIVE)})
    assert spy.take() == [("change", 2, 2, told), ("change", 1, 1, told)]
    assert model.index(1).data(ROLE.ACTIVE) is True
    assert model.index(2).data(ROLE.ACTIVE) is False


def test_the_loss_of_the_active_one_is_told(model: ConversationListModel, qtbot: QtBot) -> None:
    model.set_active(conversation_id(2))
    with qtbot.waitSignal(model.active_removed, timeout=30_000) as told:
        model.apply(removed(entry(2)))
    assert told.args == [conversation_id(2)]
    assert model.active == ""


def test_replying_is_told_once(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.set_replying(conversation_id(1), True)
    model.set_replying(conversation_id(1), True)
    assert spy.take() == [
        ("change", 2, 2, frozenset({int(ROLE.REPLYING), Qt.ItemDataRole.AccessibleTextRole}))
    ]
    assert model.index(2).data(ROLE.REPLYING) is True
    model.set_replying(conversation_id(1), False)
    assert model.index(2).data(ROLE.REPLYING) is False


def test_a_reply_in_a_conversation_that_is_not_here_yet_is_remembered(model: ConversationListModel) -> None:
    model.set_replying(conversation_id(7), True)
    model.apply(changed(entry(7)))
    assert model.index(model.row_of(conversation_id(7))).data(ROLE.REPLYING) is True


def test_what_a_screen_reader_says(model: ConversationListModel) -> None:
    model.load(
        [entry(1, "", unread=True, pinned=True, delivery=DeliveryState.FAILED, failure="title too long")]
    )
    model.set_replying(conversation_id(1), True)
    spoken = model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == (f"{NEW_TITLE}, pinned, 2 unread, a reply is being written, not saved: title too long")


def test_bumping_one_of_10_000_is_one_move_and_quick(model: ConversationListModel) -> None:
    model.load([entry(number, hours_ago=number / 100) for number in range(10_000)])
    spy = ModelSpy(model)
    last = model.entry_at(9_999)
    start = time.process_time()
    bumped = replace(last, conversation=replace(last.conversation, updated_at=NOON.replace(year=2027)))
    model.apply(changed(bumped))
    spent = time.process_time() - start
    assert [step[:3] for step in spy.take()] == [("move", 9_999, 0), ("change", 0, 0)]
    # The tester looks at every row, hence the generous bound; without it this is far below a millisecond.
    assert spent < 1.0


def test_random_changes_keep_the_order(model: ConversationListModel) -> None:
    dice = random.Random(7)
    for _ in range(300):
        number = dice.randrange(12)
        made = entry(number, hours_ago=dice.randrange(40), pinned=dice.random() < 0.2)
        model.apply(removed(made) if dice.random() < 0.25 else changed(made))
        rows = [model.entry_at(row) for row in range(model.rowCount())]
        assert rows == sorted(rows, key=lambda each: each.order, reverse=True)
        assert [model.row_of(each.id) for each in rows] == list(range(len(rows)))
