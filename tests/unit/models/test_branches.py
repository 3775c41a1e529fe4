"""The message model with versions: exact signals, what stays, what is announced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from chatdesk.domain.branch import Branches, Versions, node_of, shown_path
from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import DeliveryState, Message, MessageStatus
from chatdesk.models.message_list import MessageListModel
from chatdesk.models.roles import TimelineRole
from tests.support.messages import CONVERSATION, ME, START, added, changed, message, message_id, removed
from tests.unit.models.test_message_list import Log, ids

Q1, A1, Q2, A2 = (
    message(1, "Wy?"),
    message(2, "Because.", parent=1),
    message(3, "And then?", parent=2),
    message(4, "That.", parent=3),
)
TALK = [Q1, A1, Q2, A2]
EDIT = message(5, "Why?", replaces=1)
REPLY = message(6, "For a reason.", parent=5)
AGAIN = message(8, "This.", parent=3, replaces=4)


@pytest.fixture
def model(qtbot: QtBot) -> MessageListModel:
    made = MessageListModel(ME)
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Warning, made)
    return made


def numbers(model: MessageListModel) -> list[int]:
    return [int(each[-4:], 16) for each in ids(model)]


def versions(model: MessageListModel, row: int) -> Versions | None:
    found = model.data(model.index(row), TimelineRole.VERSIONS)
    assert found is None or isinstance(found, Versions)
    return found


def tree(rows: Sequence[Message], **choices: int) -> Branches:
    chosen = {message_id(int(key[1:])): message_id(value) for key, value in choices.items()}
    return Branches(map(node_of, rows), chosen)


def test_the_newest_version_is_loaded_with_its_place(model: MessageListModel) -> None:
    model.load(CONVERSATION, [*TALK, EDIT, REPLY], False)
    assert numbers(model) == [5, 6]
    assert versions(model, 0) == Versions((Q1.id, EDIT.id), 1)
    assert versions(model, 1) is None
    model.load(CONVERSATION, [*TALK, EDIT, REPLY], False, tree([*TALK, EDIT, REPLY], m1=1))
    assert numbers(model) == [1, 2, 3, 4]


def told_by(model: MessageListModel) -> list[tuple[object, ...]]:
    """What the model tells about versions, as it comes."""
    told: list[tuple[object, ...]] = []
    model.switching.connect(lambda old, new: told.append(("switching", old, new)))
    model.version_arrived.connect(lambda shown, new: told.append(("arrived", shown, new)))
    model.choices_changed.connect(lambda _, choices: told.append(("choices", choices)))
    return told


def test_switching_takes_the_branch_away_and_brings_the_other(model: MessageListModel) -> None:
    model.load(CONVERSATION, [*TALK, EDIT, REPLY, message(9)], False)
    told = told_by(model)
    assert model.show_version(Q1.id)
    assert numbers(model) == [1, 2, 3, 4, 9]
    assert told == [("switching", EDIT.id, Q1.id), ("choices", {Q1.id: Q1.id})]
    model.show_version(REPLY.id)
    assert numbers(model) == [5, 6, 9]


def test_a_switch_is_one_removal_and_one_insertion(model: MessageListModel) -> None:
    model.load(CONVERSATION, [*TALK, EDIT, REPLY], False)
    log = Log(model)
    model.show_version(Q1.id)
    assert log.take() == [("removed", 0, 1), ("inserted", 0, 3)]
    model.show_version(Q1.id)
    assert log.take() == []


def test_a_version_from_elsewhere_leaves_everything_where_it_is(model: MessageListModel) -> None:
    model.load(CONVERSATION, TALK, False)
    log, told = Log(model), told_by(model)
    model.apply(added(EDIT))
    assert told == [("arrived", Q1.id, EDIT.id), ("choices", {Q1.id: Q1.id})]
    assert log.take() == [("changed", 0, 0, {TimelineRole.VERSIONS})]
    model.apply(added(REPLY))
    assert numbers(model) == [1, 2, 3, 4]
    assert log.take() == []
    assert versions(model, 0) == Versions((Q1.id, EDIT.id), 0)
    assert model.newest_seq == 6
    model.show_version(EDIT.id)
    assert numbers(model) == [5, 6]


def test_who_is_at_the_end_is_taken_along_to_a_new_reply(model: MessageListModel, qtbot: QtBot) -> None:
    model.load(CONVERSATION, TALK, False)
    with qtbot.waitSignal(model.version_arrived) as told:
        model.apply(added(AGAIN))
    assert told.args == [AGAIN.id, AGAIN.id]
    assert numbers(model) == [1, 2, 3, 8]


def test_who_reads_further_up_is_not(model: MessageListModel, qtbot: QtBot) -> None:
    model.load(CONVERSATION, TALK, False)
    model.set_following(False)
    with qtbot.waitSignal(model.version_arrived) as told:
        model.apply(added(AGAIN))
    assert told.args == [A2.id, AGAIN.id]
    assert numbers(model) == [1, 2, 3, 4]


def test_who_chose_an_older_version_is_not_taken_to_the_next_one(model: MessageListModel) -> None:
    model.load(CONVERSATION, [*TALK, AGAIN], False)
    model.show_version(A2.id)
    model.apply(added(message(9, "Or this.", parent=3, replaces=4)))
    assert numbers(model) == [1, 2, 3, 4]
    assert versions(model, 3) == Versions((A2.id, AGAIN.id, message_id(9)), 0)


def test_a_version_asked_for_here_is_shown_as_it_comes(model: MessageListModel, qtbot: QtBot) -> None:
    model.load(CONVERSATION, TALK, False)
    model.set_following(False)
    model.expect(EDIT.id)
    log = Log(model)
    waiting = replace(EDIT, seq=None, delivery=DeliveryState.PENDING)
    with qtbot.assertNotEmitted(model.version_arrived), qtbot.waitSignal(model.switching) as switching:
        model.apply(added(waiting))
    assert switching.args == [Q1.id, EDIT.id]
    assert log.take() == [("removed", 0, 3), ("inserted", 0, 0)]
    model.apply(changed(EDIT))
    model.apply(added(REPLY))
    assert numbers(model) == [5, 6]
    model.show_version(Q1.id)
    model.expect(EDIT.id)
    assert numbers(model) == [5, 6], "it is here already"


def test_people_who_write_at_once_are_all_shown(model: MessageListModel, qtbot: QtBot) -> None:
    model.load(CONVERSATION, TALK, False)
    with qtbot.assertNotEmitted(model.version_arrived):
        model.apply(added(message(5, "me", parent=4), message(7, "you", parent=4)))
    assert numbers(model) == [1, 2, 3, 4, 5, 7]
    assert versions(model, 4) is None


def test_a_refused_edit_that_is_given_up_brings_the_first_version_back(model: MessageListModel) -> None:
    model.load(CONVERSATION, TALK, False)
    model.expect(EDIT.id)
    model.apply(added(EDIT))
    log = Log(model)
    model.apply(removed(EDIT))
    assert numbers(model) == [1, 2, 3, 4]
    assert log.take()[:2] == [("removed", 0, 0), ("inserted", 0, 3)]
    assert versions(model, 0) is None


def test_a_deleted_version_gives_way_to_the_one_before(model: MessageListModel) -> None:
    model.load(CONVERSATION, [*TALK, AGAIN], False)
    log = Log(model)
    model.set_leaving(frozenset({AGAIN.id}))
    assert log.take() == [("changed", 3, 3, {TimelineRole.LEAVING})]
    assert model.data(model.index(3), TimelineRole.LEAVING)
    model.apply(changed(replace(AGAIN, content="", deleted_at=START, revision=9)))
    assert numbers(model) == [1, 2, 3, 4]


def test_a_reply_goes_on_while_another_version_is_looked_at(model: MessageListModel, qtbot: QtBot) -> None:
    model.load(CONVERSATION, TALK, False)
    model.expect(AGAIN.id)
    writing = replace(AGAIN, content="", status=MessageStatus.STREAMING)
    with qtbot.waitSignal(model.replying_changed) as told:
        model.apply(added(writing))
    assert told.args == [True]
    model.show_version(A2.id)
    log = Log(model)
    model.apply_delta(Delta(CONVERSATION, AGAIN.id, 0, "This"))
    model.apply(changed(replace(writing, content="Thi", revision=9)))
    assert log.take() == []
    assert model.replying
    model.show_version(AGAIN.id)
    assert model.data(model.index(3), TimelineRole.TEXT) == "This"
    model.apply(changed(AGAIN))
    assert not model.replying


def test_older_pages_bring_the_rest_of_a_fork(model: MessageListModel) -> None:
    later = [message(10, parent=4), EDIT, REPLY]
    model.load(CONVERSATION, [A2, *later], True, tree([*TALK, *later]))
    assert numbers(model) == [5, 6]
    log = Log(model)
    model.prepend([Q2], True)
    assert log.take() == []
    model.prepend([message(0), Q1, A1], False)
    assert numbers(model) == [0, 5, 6]
    model.show_version(Q1.id)
    assert numbers(model) == [0, 1, 2, 3, 4, 10]


def is_incomplete(branches: Branches) -> bool:
    return branches.incomplete


def test_a_version_of_something_that_is_not_loaded_is_known_to_be_incomplete(model: MessageListModel) -> None:
    branches = Branches()
    model.load(CONVERSATION, [Q2, A2], True, branches)
    model.apply(added(EDIT))
    assert is_incomplete(branches)
    assert numbers(model) == [3, 4, 5], "nothing is hidden before it is known what belongs together"
    model.prepend([Q1, A1], False)
    assert not is_incomplete(branches)
    assert numbers(model) == [1, 2, 3, 4], "what was on screen turns out to hang below the first version"
    model.load(CONVERSATION, [], True, Branches())
    model.apply(added(Q2, A2, EDIT))
    model.prepend([Q1, A1], False)
    assert numbers(model) == [5], "a conversation opened for the first time shows the newest"


forks = st.lists(
    st.tuples(st.integers(1, 30), st.none() | st.integers(0, 29), st.none() | st.integers(0, 29)),
    max_size=12,
    unique_by=lambda each: each[0],
)
acts = st.lists(
    st.tuples(st.sampled_from(["add", "expect", "show", "remove", "older", "delete"]), st.integers(1, 30)),
    max_size=25,
)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(forks, acts)
def test_any_changes_leave_the_path_of_the_tree(
    qtbot: QtBot, rows: list[tuple[int, int | None, int | None]], steps: list[tuple[str, int]]
) -> None:
    made = {number: message(number, parent=parent, replaces=other) for number, parent, other in rows}
    model = MessageListModel(ME)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    branches = Branches()
    model.load(CONVERSATION, [], False, branches)
    here: dict[str, Message] = {}
    for act, number in steps:
        row = made.get(number, message(number))
        match act:
            case "add":
                model.apply(added(here.setdefault(row.id, row)))
            case "older":
                model.prepend([here.setdefault(row.id, row)], False)
            case "expect":
                model.expect(row.id)
            case "show":
                model.show_version(row.id)
            case "remove" if row.id in here:
                model.apply(removed(here.pop(row.id)))
            case "delete" if row.id in here:
                here[row.id] = replace(row, content="", deleted_at=START, revision=row.revision + 99)
                model.apply(changed(here[row.id]))
        assert ids(model) == list(shown_path(map(node_of, here.values()), branches.choices))
        assert [model.at(place) for place in range(model.rowCount())] == [here[each] for each in ids(model)]
