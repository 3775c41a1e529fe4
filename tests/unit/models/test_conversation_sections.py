"""The captions of the conversation list follow every change of the list."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.models.conversation_sections import CAPTION_ROLE, ConversationSections
from tests.support.conversation_entries import NOON, changed, conversation_id, entry, removed
from tests.support.model_spy import ModelSpy

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


class Day:
    """A clock that stands at noon until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def source(qtbot: QtBot) -> ConversationListModel:
    made = ConversationListModel()
    made.load(
        [
            entry(1, hours_ago=1),
            entry(2, hours_ago=2),
            entry(3, hours_ago=20),
            entry(4, hours_ago=400, pinned=True),
            entry(5, hours_ago=100),
            entry(6, hours_ago=900),
        ]
    )
    return made


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def sections(source: ConversationListModel, day: Day) -> ConversationSections:
    made = ConversationSections(source, day)
    made.tester = QAbstractItemModelTester(made, FATAL)  # type: ignore[attr-defined]  # lives as long as the model
    return made


def shown(sections: ConversationSections) -> list[object]:
    """Return captions and numbers from top to bottom."""
    rows: list[object] = []
    for row in range(sections.rowCount()):
        caption = sections.index(row).data(CAPTION_ROLE)
        rows.append(caption if caption is not None else int(sections.id_at(row)[-12:]))
    return rows


def expected(source: ConversationListModel, day: Day) -> list[object]:
    """Work out the same list from scratch."""
    return shown(ConversationSections(source, day))


def test_each_section_has_its_caption(sections: ConversationSections) -> None:
    assert shown(sections) == [
        "Pinned",
        4,
        "Today",
        1,
        2,
        "Yesterday",
        3,
        "Previous 7 days",
        5,
        "Older",
        6,
    ]
    assert sections.row_of(conversation_id(3)) == 6
    assert sections.id_at(0) == ""
    assert not sections.flags(sections.index(0)) & Qt.ItemFlag.ItemIsEnabled


def test_a_bump_from_older_to_today_is_one_move_and_the_empty_caption_goes(
    source: ConversationListModel, sections: ConversationSections
) -> None:
    spy = ModelSpy(sections)
    source.apply(changed(entry(6)))
    assert [step[:3] for step in spy.take()] == [("move", 10, 3), ("remove", 10, 10), ("change", 3, 3)]
    assert shown(sections)[2:5] == ["Today", 6, 1]
    assert "Older" not in shown(sections)


def test_a_pin_without_a_move_changes_the_section(source: ConversationListModel, day: Day) -> None:
    source.load([entry(1, hours_ago=1), entry(2, hours_ago=2)])
    sections = ConversationSections(source, day)
    tester = QAbstractItemModelTester(sections, FATAL)
    source.apply(changed(entry(1, hours_ago=1, pinned=True)))
    assert shown(sections) == ["Pinned", 1, "Today", 2]
    source.apply(changed(entry(1, hours_ago=1)))
    assert shown(sections) == ["Today", 1, 2]
    assert tester.model() is sections


def test_a_new_day_moves_only_captions(
    source: ConversationListModel, sections: ConversationSections, day: Day
) -> None:
    spy = ModelSpy(sections)
    sections.regroup()
    assert spy.take() == []
    day.now = NOON + timedelta(days=1)
    sections.regroup()
    steps = {step[0] for step in spy.take()}
    assert steps == {"insert", "remove"}
    assert shown(sections) == ["Pinned", 4, "Yesterday", 1, 2, "Previous 7 days", 3, 5, "Older", 6]


def test_first_and_last_row_come_and_go_with_their_caption(
    source: ConversationListModel, sections: ConversationSections
) -> None:
    source.load([])
    assert sections.rowCount() == 0
    spy = ModelSpy(sections)
    source.apply(changed(entry(9)))
    assert shown(sections) == ["Today", 9]
    source.apply(removed(entry(9)))
    assert spy.take() == [("insert", 0, 1), ("remove", 0, 1)]


def test_random_changes_give_what_a_fresh_start_gives(
    source: ConversationListModel, sections: ConversationSections, day: Day
) -> None:
    dice = random.Random(11)
    for step in range(400):
        number = dice.randrange(10)
        hours = dice.choice([0, 1, 5, 20, 30, 100, 150, 300, 900])
        made = entry(number, hours_ago=hours, pinned=dice.random() < 0.25, unread=dice.random() < 0.5)
        if dice.random() < 0.2:
            source.apply(removed(made))
        else:
            renamed = replace(made, conversation=replace(made.conversation, title=f"Title {step}"))
            source.apply(changed(renamed))
        assert shown(sections) == expected(source, day)
