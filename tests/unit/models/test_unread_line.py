"""Where the unread messages begin: found once, told exactly, kept until the conversation is left."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from chatdesk.models.message_list import MessageListModel
from chatdesk.models.roles import TimelineRole
from tests.support.messages import CONVERSATION, ME, added, message, message_id, messages, removed
from tests.support.model_spy import ModelSpy

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
UNREAD = frozenset({int(TimelineRole.UNREAD)})


@pytest.fixture
def model(qtbot: QtBot) -> MessageListModel:
    made = MessageListModel(ME)
    made.tester = QAbstractItemModelTester(made, FATAL)  # type: ignore[attr-defined]  # lives as long as the model
    made.load(CONVERSATION, messages(10), False)
    return made


@pytest.fixture
def found(model: MessageListModel) -> list[str]:
    told: list[str] = []
    model.unread.found.connect(told.append)
    return told


def test_the_line_stands_above_the_first_unread_message(model: MessageListModel, found: list[str]) -> None:
    spy = ModelSpy(model)
    model.unread.begin(5)
    assert spy.take() == [("change", 5, 5, UNREAD)]
    assert found == [message_id(6)]
    assert [model.index(row).data(TimelineRole.UNREAD) for row in range(4, 7)] == [False, True, False]


def test_what_one_wrote_oneself_is_passed_over(model: MessageListModel, found: list[str]) -> None:
    model.unread.begin(6)
    assert found == [message_id(8)], "number 7 is the user's own"


def test_without_anything_unread_there_is_no_line(model: MessageListModel, found: list[str]) -> None:
    spy = ModelSpy(model)
    model.unread.begin(None)
    model.apply(added(message(12)))
    model.unread.begin(12)
    assert spy.take() == [("insert", 10, 10)]
    assert (found, model.unread.expected) == ([], False)


def test_the_line_stays_while_more_comes(model: MessageListModel, found: list[str]) -> None:
    model.unread.begin(5)
    spy = ModelSpy(model)
    model.apply(added(message(11), message(12)))
    assert spy.take() == [("insert", 10, 11)]
    assert model.unread.message_id == message_id(6)
    model.apply(removed(message(6)))
    assert ("change", 6, 6, UNREAD) in spy.take()
    assert model.unread.message_id == message_id(8)
    assert found == [message_id(6)], "told once"


def test_the_messages_may_come_after_the_question(qtbot: QtBot) -> None:
    model = MessageListModel(ME)
    told: list[str] = []
    model.unread.found.connect(told.append)
    model.load(CONVERSATION, (), False)
    model.unread.begin(5)
    assert told == []
    model.apply(added(*messages(10)))
    assert told == [message_id(6)]


def test_it_is_looked_for_on_older_pages(model: MessageListModel, found: list[str]) -> None:
    wanted: list[int] = []
    model.unread.older_wanted.connect(lambda: wanted.append(model.rowCount()))
    model.load(CONVERSATION, messages(10, first=91), True)
    model.unread.begin(75)
    assert model.unread.expected
    assert (model.unread.message_id, wanted) == ("", [])
    model.unread.seek()
    model.prepend(messages(10, first=81), True)
    assert wanted == [10, 20]
    model.prepend(messages(10, first=71), True)
    assert (found, wanted) == ([message_id(76)], [10, 20])
    model.unread.seek()
    assert found == [message_id(76)] * 2


def test_another_conversation_has_none(model: MessageListModel) -> None:
    model.unread.begin(5)
    model.load(CONVERSATION, messages(10), False)
    assert model.unread.message_id == ""
    assert not model.unread.expected
