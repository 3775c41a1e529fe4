"""The message model: exact signals, exact order, streamed text."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from chatdesk.domain.change import ChangeSet
from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import DeliveryState, Message, MessageStatus, Role
from chatdesk.models.message_list import MessageListModel
from chatdesk.models.roles import TimelineRole
from tests.support.messages import (
    ANNA,
    CONVERSATION,
    ME,
    START,
    added,
    changed,
    message,
    message_id,
    messages,
    profile,
    removed,
)


class Log:
    """Writes down every signal of a model."""

    def __init__(self, model: MessageListModel) -> None:
        self.events: list[tuple[Any, ...]] = []
        model.rowsInserted.connect(lambda _p, a, b: self.events.append(("inserted", a, b)))
        model.rowsRemoved.connect(lambda _p, a, b: self.events.append(("removed", a, b)))
        model.rowsMoved.connect(lambda _p, a, b, _t, to: self.events.append(("moved", a, b, to)))
        model.modelReset.connect(lambda: self.events.append(("reset",)))
        model.dataChanged.connect(
            lambda a, b, roles: self.events.append(
                ("changed", a.row(), b.row(), {TimelineRole(r) for r in roles})
            )
        )

    def take(self) -> list[tuple[Any, ...]]:
        events, self.events = self.events, []
        return events


@pytest.fixture
def model(qtbot: QtBot) -> MessageListModel:
    made = MessageListModel(ME)
    # The tester warns through Qt's log, and a warning fails the test.
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Warning, made)
    return made


def ids(model: MessageListModel) -> list[str]:
    return [model.at(row).id for row in range(model.rowCount())]


def streaming(number: int, content: str = " ", **fields: Any) -> Message:
    return message(number, content, status=MessageStatus.STREAMING, **fields)


def test_load_is_the_only_reset(model: MessageListModel) -> None:
    log = Log(model)
    model.load(CONVERSATION, reversed(messages(5)), has_older=True)
    assert log.take() == [("reset",)]
    assert ids(model) == [message_id(n) for n in range(1, 6)]
    assert model.has_older
    model.apply(added(message(6)))
    model.prepend([message(0, author=ANNA)], has_older=False)
    model.apply(removed(message(3)))
    assert ("reset",) not in log.take()
    assert not model.has_older


def test_rows_of_a_change_set_arrive_in_one_signal(model: MessageListModel) -> None:
    model.load(CONVERSATION, messages(2), False)
    log = Log(model)
    model.apply(added(message(5), message(3), message(4)))
    assert log.take() == [("inserted", 2, 4)]


def test_other_conversations_are_passed_over(model: MessageListModel) -> None:
    model.load(CONVERSATION, messages(2), False)
    log = Log(model)
    model.apply(added(message(3, conversation_id="elsewhere")))
    model.apply_delta(Delta("elsewhere", message_id(2), 0, "x" * 99))
    assert log.take() == []


def test_a_row_that_is_acknowledged_changes_in_place(model: MessageListModel) -> None:
    waiting = message(3, seq=None, delivery=DeliveryState.PENDING)
    model.load(CONVERSATION, [*messages(2), waiting], False)
    log = Log(model)
    model.apply(changed(replace(waiting, seq=3, revision=9, delivery=DeliveryState.SENT)))
    assert log.take() == [("changed", 2, 2, {TimelineRole.MESSAGE, TimelineRole.DELIVERY})]


def test_a_row_numbered_before_others_moves_once(model: MessageListModel) -> None:
    waiting = [message(n, seq=None, delivery=DeliveryState.PENDING) for n in (3, 5)]
    model.load(CONVERSATION, [*messages(2), *waiting], False)
    log = Log(model)
    model.apply(changed(replace(waiting[1], seq=3, delivery=DeliveryState.SENT)))
    events = log.take()
    assert events[0] == ("moved", 3, 3, 2)
    assert ids(model) == [message_id(n) for n in (1, 2, 5, 3)]
    assert events[1][:3] == ("changed", 2, 2)


def test_an_echo_tells_nothing(model: MessageListModel) -> None:
    model.load(CONVERSATION, messages(3), False)
    log = Log(model)
    model.apply(changed(*messages(3)))
    model.apply(added(*messages(3)))
    assert log.take() == []


def test_news_about_rows_that_are_not_loaded_waits_for_their_page(model: MessageListModel) -> None:
    model.load(CONVERSATION, messages(3, first=10), has_older=True)
    log = Log(model)
    model.apply(changed(message(2)))
    assert log.take() == []


def test_day_breaks_and_groups_follow_the_neighbours(model: MessageListModel) -> None:
    rows = [message(1, created_at=START), message(5, created_at=START + timedelta(minutes=2))]
    model.load(CONVERSATION, rows, False)
    role = TimelineRole
    assert [model.data(model.index(r), role.GROUPED) for r in (0, 1)] == [False, True]
    assert [model.data(model.index(r), role.DAY_BREAK) for r in (0, 1)] == [True, False]
    log = Log(model)
    between = message(2, created_at=START + timedelta(minutes=1))
    model.apply(added(between))
    assert log.take() == [("inserted", 1, 1), ("changed", 2, 2, {role.DAY_BREAK, role.GROUPED})]
    model.apply(removed(between))
    assert log.take() == [("removed", 1, 1), ("changed", 1, 1, {role.DAY_BREAK, role.GROUPED})]
    model.apply(changed(replace(rows[1], created_at=START + timedelta(days=2))))
    assert model.data(model.index(1), role.DAY_BREAK)


def test_who_has_no_account_any_more_is_called_so(model: MessageListModel) -> None:
    model.load(CONVERSATION, [message(1, author=None), message(2)], False)
    author = [model.data(model.index(row), TimelineRole.AUTHOR) for row in range(2)]
    assert author == ["Deleted user", "scripted"]


def test_names_and_pictures_change_beside_old_messages(model: MessageListModel) -> None:
    model.load(CONVERSATION, [message(1, author=ANNA), message(2), message(3)], False)
    author = [model.data(model.index(r), TimelineRole.AUTHOR) for r in range(3)]
    assert author == ["Someone", "scripted", "You"]
    log = Log(model)
    model.apply(ChangeSet(profiles=(profile(ANNA, "Anna Berg", avatar="a/1.png"),)))
    assert log.take() == [("changed", 0, 2, {TimelineRole.AUTHOR, TimelineRole.AVATAR})]
    assert model.data(model.index(0), TimelineRole.AUTHOR) == "Anna Berg"
    assert model.data(model.index(0), TimelineRole.AVATAR) == "a/1.png"
    model.profile_changed(profile(ANNA, "Anna Berg", revision=2, avatar="a/1.png"))
    assert log.take() == []


def test_deltas_grow_the_text_by_offset(model: MessageListModel) -> None:
    model.load(CONVERSATION, [message(1), streaming(2, "Hel")], False)
    log = Log(model)
    model.apply_delta(Delta(CONVERSATION, message_id(2), 3, "lo "))
    assert log.take() == [("changed", 1, 1, {TimelineRole.TEXT})]
    model.apply_delta(Delta(CONVERSATION, message_id(2), 3, "lo "))
    model.apply_delta(Delta(CONVERSATION, message_id(2), 0, "Hel"))
    assert log.take() == []
    model.apply_delta(Delta(CONVERSATION, message_id(2), 4, "o world"))
    assert model.data(model.index(1), TimelineRole.TEXT) == "Hello world"


def test_a_gap_is_closed_by_the_row(model: MessageListModel) -> None:
    model.load(CONVERSATION, [message(1), streaming(2, "Hel")], False)
    model.apply_delta(Delta(CONVERSATION, message_id(2), 6, "world"))
    assert model.data(model.index(1), TimelineRole.TEXT) == "Hel"
    model.apply(changed(streaming(2, "Hello ", revision=7)))
    assert model.data(model.index(1), TimelineRole.TEXT) == "Hello world"


def test_an_older_checkpoint_does_not_take_text_back(model: MessageListModel) -> None:
    model.load(CONVERSATION, [streaming(2, "Hel")], False)
    model.apply_delta(Delta(CONVERSATION, message_id(2), 3, "lo world"))
    log = Log(model)
    model.apply(changed(streaming(2, "Hello", revision=7)))
    assert log.take() == [("changed", 0, 0, {TimelineRole.MESSAGE})]
    assert model.data(model.index(0), TimelineRole.TEXT) == "Hello world"


def test_pieces_that_come_before_their_row_are_kept(model: MessageListModel) -> None:
    model.load(CONVERSATION, [message(1)], False)
    model.apply_delta(Delta(CONVERSATION, message_id(2), 0, "early "))
    model.apply_delta(Delta(CONVERSATION, message_id(2), 6, "bird"))
    model.apply(added(streaming(2, " ")))
    assert model.data(model.index(1), TimelineRole.TEXT) == "early bird"


def test_the_final_row_wins_and_late_pieces_are_dropped(model: MessageListModel, qtbot: QtBot) -> None:
    model.load(CONVERSATION, [streaming(2, "a")], False)
    model.apply_delta(Delta(CONVERSATION, message_id(2), 1, "bcdef"))
    with qtbot.waitSignal(model.reply_finished) as finished:
        model.apply(changed(message(2, "abc", revision=8)))
    assert finished.args == [message_id(2)]
    assert model.data(model.index(0), TimelineRole.TEXT) == "abc"
    model.apply_delta(Delta(CONVERSATION, message_id(2), 3, "zzz"))
    assert model.data(model.index(0), TimelineRole.TEXT) == "abc"


def test_roles(model: MessageListModel) -> None:
    failed = message(3, "mine", delivery=DeliveryState.FAILED, failure="no")
    model.load(CONVERSATION, [message(1, "theirs", author=ANNA), failed], False)
    index = model.index(1)
    assert model.data(index, TimelineRole.MESSAGE) == failed
    assert model.data(index, TimelineRole.OWN) is True
    assert model.data(model.index(0), TimelineRole.OWN) is False
    assert model.data(index, TimelineRole.DELIVERY) is DeliveryState.FAILED
    assert model.data(index, TimelineRole.FAILURE) == "no"
    assert model.data(index, TimelineRole.STATUS) is MessageStatus.COMPLETE
    assert set(model.roleNames()) == {int(role) for role in TimelineRole}


def test_random_changes_keep_order_and_index(model: MessageListModel) -> None:
    chance = random.Random(11)
    model.load(CONVERSATION, [], False)
    truth: dict[str, Message] = {}
    for _ in range(400):
        number = chance.randint(1, 60)
        seq = None if chance.random() < 0.2 else chance.randint(1, 500) * 64 + number
        row = message(number, f"text {chance.random()}", seq=seq, role=chance.choice(list(Role)))
        if chance.random() < 0.25:
            model.apply(removed(row))
            truth.pop(row.id, None)
        else:
            model.apply(added(row))
            truth[row.id] = row
    assert [model.at(r) for r in range(model.rowCount())] == sorted(truth.values(), key=lambda m: m.order)
    assert all(model.row_of(each) == ids(model).index(each) for each in truth)


def test_copied_words_say_whose_they_were_and_lead_to_nobody(model: MessageListModel) -> None:
    model.profiles_loaded([profile(ANNA, "Anna Berg", avatar="a/1.png")])
    known = message(1, author=ANNA, created_at=START)
    copied = [
        replace(message(n, author=None, created_at=START, role=Role.USER), author_name=name)
        for n, name in ((2, "Anna Berg"), (3, "Anna Berg"), (4, "Ben"))
    ]
    model.load(CONVERSATION, [known, *copied], False)
    rows = [model.index(row) for row in range(4)]
    assert [model.data(row, TimelineRole.AUTHOR) for row in rows] == [
        "Anna Berg",
        "Anna Berg (copied)",
        "Anna Berg (copied)",
        "Ben (copied)",
    ]
    assert [model.data(row, TimelineRole.AVATAR) for row in rows] == ["a/1.png", "", "", ""]
    assert [model.data(row, TimelineRole.GROUPED) for row in rows] == [False, False, True, False]
    assert not any(model.data(row, TimelineRole.OWN) for row in rows)
