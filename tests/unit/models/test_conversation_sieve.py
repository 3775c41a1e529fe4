"""What the list leaves out: the archived, those that are leaving, those without the words looked for."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from chatdesk.models.conversation_list import ConversationListModel, ConversationRole
from chatdesk.models.conversation_sections import CAPTION_ROLE, ConversationSections
from tests.support.conversation_entries import NOON, changed, conversation_id, entry, removed
from tests.support.model_spy import ModelSpy

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def order(model: ConversationListModel) -> list[int]:
    """Return the numbers of the conversations from top to bottom."""
    return [int(model.entry_at(row).id[-12:]) for row in range(model.rowCount())]


@pytest.fixture
def model(qtbot: QtBot) -> ConversationListModel:
    """Four conversations, one of them archived, under the eyes of Qt's own tester."""
    made = ConversationListModel()
    made.tester = QAbstractItemModelTester(made, FATAL)  # type: ignore[attr-defined]  # lives as long as the model
    made.load(
        [
            entry(1, "Garden shed", hours_ago=1),
            entry(2, "Straßenbahn", hours_ago=2),
            entry(3, "Old garden", hours_ago=3, archived=True),
            entry(4, "Café au lait", hours_ago=4),
        ]
    )
    return made


@pytest.fixture
def counts(model: ConversationListModel) -> list[int]:
    """What ``archived_changed`` told."""
    told: list[int] = []
    model.archived_changed.connect(told.append)
    return told


def test_the_archived_have_no_row_but_are_known(model: ConversationListModel) -> None:
    assert order(model) == [1, 2, 4]
    assert model.row_of(conversation_id(3)) == -1
    assert model.entry(conversation_id(3)) is not None
    assert model.archived_count == 1


def test_archiving_is_one_removal_and_unarchiving_one_insert(
    model: ConversationListModel, counts: list[int]
) -> None:
    spy = ModelSpy(model)
    model.apply(changed(entry(2, "Straßenbahn", hours_ago=2, archived=True)))
    assert spy.take() == [("remove", 1, 1)]
    model.apply(changed(entry(2, "Straßenbahn", hours_ago=2)))
    assert spy.take() == [("insert", 1, 1)]
    assert counts == [2, 1]


def test_the_archive_is_another_list(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.show_archive(True)
    model.show_archive(True)
    assert spy.take() == [("reset",)]
    assert order(model) == [3]
    model.apply(changed(entry(3, "Old garden", hours_ago=3)))
    model.apply(changed(entry(1, "Garden shed", hours_ago=1, archived=True)))
    assert spy.take() == [("remove", 0, 0), ("insert", 0, 0)]
    assert order(model) == [1]
    model.show_archive(False)
    assert order(model) == [2, 3, 4]


def test_a_change_of_one_without_a_row_says_nothing(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.apply(changed(entry(3, "Older garden", hours_ago=0, archived=True)))
    model.set_replying(conversation_id(3), True)
    assert spy.take() == []
    known = model.entry(conversation_id(3))
    assert known is not None
    assert known.conversation.title == "Older garden"


def test_leaving_is_one_removal_and_undo_one_insert(model: ConversationListModel, counts: list[int]) -> None:
    spy = ModelSpy(model)
    model.set_leaving(frozenset({conversation_id(2)}))
    assert spy.take() == [("remove", 1, 1)]
    model.apply(changed(entry(2, "Straßenbahn", hours_ago=0)))
    assert spy.take() == []
    model.set_leaving(frozenset())
    assert spy.take() == [("insert", 0, 0)]
    assert order(model) == [2, 1, 4]
    model.set_leaving(frozenset({conversation_id(3)}))
    assert spy.take() == []
    assert counts == [0]


def test_what_left_for_good_says_nothing_more(model: ConversationListModel) -> None:
    gone: list[str] = []
    model.removed.connect(gone.append)
    model.set_leaving(frozenset({conversation_id(2)}))
    spy = ModelSpy(model)
    model.apply(removed(entry(2)))
    model.set_leaving(frozenset())
    assert spy.take() == []
    assert gone == [conversation_id(2)]


def test_the_open_one_is_known_in_the_archive(model: ConversationListModel) -> None:
    model.set_active(conversation_id(1))
    told: list[bool] = []
    lost: list[str] = []
    model.active_changed.connect(lambda: told.append(True))
    model.active_removed.connect(lost.append)
    model.apply(changed(entry(1, "Garden shed", hours_ago=1, archived=True)))
    assert (model.active, told, lost) == (conversation_id(1), [True], [])
    model.apply(removed(entry(1)))
    assert lost == [conversation_id(1)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("gard", [1]),
        ("SHED garden", [1]),
        ("arde", [1]),
        ("strasse", [2]),
        ("cafe", [4]),
        ("  ", [1, 2, 4]),
        ("nothing", []),
    ],
)
def test_words_are_looked_for_in_titles(model: ConversationListModel, typed: str, found: list[int]) -> None:
    model.look_for(typed)
    assert order(model) == found


def test_looking_for_words_is_one_reset_and_rows_come_and_go(model: ConversationListModel) -> None:
    spy = ModelSpy(model)
    model.look_for("garden")
    model.look_for("garden ")
    assert spy.take() == [("reset",)]
    assert model.narrowed
    model.apply(changed(entry(2, "Garden tram", hours_ago=2)))
    model.apply(changed(entry(1, "Shed", hours_ago=1)))
    assert spy.take() == [("insert", 1, 1), ("remove", 0, 0)]
    model.apply(changed(entry(2, "Garden tramway", hours_ago=2)))
    assert [step[0] for step in spy.take()] == ["change"]
    assert {each.id for each in model.current()} == {conversation_id(number) for number in (1, 2, 4)}
    model.look_for("")
    assert order(model) == [1, 2, 4]


def test_captions_follow_whatever_is_left_out(model: ConversationListModel) -> None:
    sections = ConversationSections(model, lambda: NOON)
    tester = QAbstractItemModelTester(sections, FATAL)
    dice = random.Random(11)
    for _ in range(400):
        number = dice.randrange(10)
        match dice.randrange(6):
            case 0:
                model.apply(removed(entry(number)))
            case 1:
                model.set_leaving(frozenset(map(conversation_id, dice.sample(range(10), 2))))
            case 2:
                model.look_for(dice.choice(["", "a", "zz"]))
            case 3:
                model.show_archive(dice.random() < 0.3)
            case _:
                made = entry(
                    number,
                    dice.choice(["alpha", "zz top"]),
                    hours_ago=dice.randrange(60),
                    pinned=dice.random() < 0.2,
                    archived=dice.random() < 0.3,
                )
                model.apply(changed(made))
        shown = [index.data(ConversationRole.ID) for index in map(sections.index, range(sections.rowCount()))]
        assert [each for each in shown if each] == [model.entry_at(row).id for row in range(model.rowCount())]
        captions = [sections.index(row).data(CAPTION_ROLE) for row in range(sections.rowCount())]
        assert len([each for each in captions if each]) == len({each for each in captions if each})
    assert tester.model() is sections
    assert sections.index(0).data(Qt.ItemDataRole.DisplayRole) is None or sections.rowCount()
