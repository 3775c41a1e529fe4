"""A history so long that most of it is folded up looks and behaves like any other."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QTest

from chatdesk.models import folded_rows
from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import added, message, message_id, messages
from tests.ui.timeline.conftest import Open

PAGE, PAGES = 40, 20


@pytest.fixture
def scrolled(open_timeline: Open, monkeypatch: pytest.MonkeyPatch) -> tuple[TimelineView, MessageListModel]:
    """A timeline that was scrolled back to the first message, a page at a time; little of it is awake."""
    monkeypatch.setattr(folded_rows, "CHUNK", 16)
    monkeypatch.setattr(folded_rows, "AWAKE", 2)
    view, model = open_timeline(messages(PAGE, first=(PAGES - 1) * PAGE + 1), True)
    for page in reversed(range(PAGES - 1)):
        view.jump_to_start()
        model.prepend(messages(PAGE, first=page * PAGE + 1), page > 0)
        view.flush()
    view.jump_to_start()
    assert model._folding.folded > PAGE * PAGES * 3 // 4
    return view, model


def shown(view: TimelineView) -> dict[str, str]:
    """The texts on screen by message id."""
    rows = {each: view.row(each) for each in view.on_screen()}
    return {each: row.body.toPlainText().strip() for each, row in rows.items() if row is not None}


def test_every_place_shows_its_messages(scrolled: tuple[TimelineView, MessageListModel]) -> None:
    view, _model = scrolled
    for number in (1, PAGES * PAGE // 2, PAGES * PAGE - 30, 77, 2):
        assert view.show_message(message_id(number))
        found = shown(view)
        assert message_id(number) in found
        assert all(text == f"message {int(each[-12:], 16)}" for each, text in found.items())
    view.jump_to_end()
    assert view.on_screen()[-1] == message_id(PAGES * PAGE)


def test_what_is_read_stays_where_it_is_while_much_else_is_looked_at(
    scrolled: tuple[TimelineView, MessageListModel],
) -> None:
    view, model = scrolled
    number = PAGES * PAGE // 2
    view.show_message(message_id(number))
    before = view.on_screen(), view.top_of(message_id(number)), shown(view)
    for row in range(model.rowCount()):
        model.at(row)
    model.apply(added(message(PAGES * PAGE + 1)))
    view.flush()
    assert (view.on_screen(), view.top_of(message_id(number)), shown(view)) == before
    assert view.unseen == 1


def test_all_heights_are_guessed_from_folded_rows_too(
    scrolled: tuple[TimelineView, MessageListModel],
) -> None:
    view, model = scrolled
    view.resize(500, 600)
    while not view._guesses.complete:
        QTest.qWait(1)
    heights = view._guesses.heights
    assert len(heights) == model.rowCount()
    row = PAGES * PAGE // 3
    guess = view._look.guess(len(model.at(row).content), 0, view._guesses._width)
    assert heights[row] == guess
