"""Words that were searched for are marked in sight, and the message that was found glows."""

from __future__ import annotations

from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from chatdesk.domain.message import MessageStatus
from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.theme.tokens import DARK, LIGHT
from chatdesk.ui.timeline.marks import Glow, SearchMarks
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import changed, message, message_id, messages
from tests.ui.timeline.conftest import Open


def marked(view: TimelineView, number: int) -> list[str]:
    row = view.row(message_id(number))
    assert row is not None
    return [mark.cursor.selectedText() for mark in row.body.extraSelections()]


def glows(view: TimelineView) -> list[str]:
    return [
        row.message_id
        for row in map(view.row, view.on_screen())
        if row is not None and any(not glow.isHidden() for glow in row.findChildren(Glow))
    ]


def test_words_are_marked_where_they_are_shown(open_timeline: Open, theme: Theme) -> None:
    rows = [
        message(1, "A **Python** list"),
        message(2, "🎉 Pythons\n\n| a | b |\n|---|---|\n| python | x |"),
        message(3, "none"),
    ]
    view, _ = open_timeline(rows)
    marks = SearchMarks(view, theme)
    marks.show_words("pyth")
    assert marked(view, 1) == ["Python"]
    assert marked(view, 2) == ["Pythons", "python"]
    assert marked(view, 3) == []
    marks.show_words("")
    assert marks.marks(message_id(1)) == 0


def test_what_comes_into_sight_is_marked_too_and_nothing_stays(open_timeline: Open, theme: Theme) -> None:
    view, model = open_timeline([message(n, f"word {n}\n\n" + "filler\n\n" * 8) for n in range(1, 40)])
    marks = SearchMarks(view, theme)
    marks.show_words("word")
    for _ in range(10):
        view.scroll_by(-400)
        assert all(marks.marks(each) == 1 for each in view.on_screen())
    marks.show_words("")
    assert all(marks.marks(each) == 0 for each in view.on_screen())
    view.jump_to_end()
    assert all(marks.marks(each) == 0 for each in view.on_screen())
    assert model.rowCount() == 39


def test_a_reply_that_grows_is_marked_as_it_grows(open_timeline: Open, theme: Theme) -> None:
    view, model = open_timeline([message(2, "a word", status=MessageStatus.STREAMING)])
    marks = SearchMarks(view, theme)
    marks.show_words("word")
    model.apply(changed(message(2, "a word and a word", status=MessageStatus.STREAMING, revision=3)))
    view.flush()
    assert marked(view, 2) == ["word", "word"]


def test_the_found_message_is_brought_on_screen_marked_and_glows(open_timeline: Open, theme: Theme) -> None:
    view, _ = open_timeline(messages(300, rich=True))
    marks = SearchMarks(view, theme)
    marks.show_words("the")
    assert marks.show_message(message_id(40))
    assert message_id(40) in view.on_screen()
    assert glows(view) == [message_id(40)]
    row = view.row(message_id(40))
    assert row is not None
    papers = {mark.format.background().color().name() for mark in row.body.extraSelections()}
    assert papers <= {LIGHT.accent}
    marks.show_message(message_id(44))
    assert glows(view) == [message_id(44)]
    assert not marks.show_message("unknown")


def test_a_match_deep_in_a_long_message_is_brought_on_screen(open_timeline: Open, theme: Theme) -> None:
    long = "filler text\n\n" * 120 + "the needle is here\n\n" + "more filler\n\n" * 120
    view, _ = open_timeline([message(1), message(2, long), message(3)])
    marks = SearchMarks(view, theme)
    marks.show_words("needle")
    marks.show_message(message_id(2))
    for _ in range(200):
        view.flush()
        row = view.row(message_id(2))
        if row is not None and not row.unfinished:
            break
    row, top = view.row(message_id(2)), view.top_of(message_id(2))
    assert row is not None
    assert top is not None
    found = row.body.extraSelections()
    place = row.body.cursorRect(found[0].cursor)
    y = top + row.body.y() + place.center().y()
    assert 0 < y < view.viewport().height()


def test_the_glow_fades_and_leaves_with_its_message(open_timeline: Open, theme: Theme) -> None:
    view, _ = open_timeline(messages(60))
    marks = SearchMarks(view, theme)
    marks.show_message(message_id(20))
    row = view.row(message_id(20))
    assert row is not None
    glow = row.findChildren(Glow)[0]
    before = view.grab().toImage()
    glow._fading.setCurrentTime(glow._fading.duration() - 10)
    assert view.grab().toImage() != before
    glow._fading.setCurrentTime(glow._fading.duration())
    QTest.qWait(0)
    assert glows(view) == []
    marks.show_message(message_id(20))
    view.jump_to_end()
    for each in view.findChildren(Glow):
        each._fade(0.9)
    assert glows(view) == []


def test_marks_follow_the_theme(open_timeline: Open, theme: Theme) -> None:
    view, _ = open_timeline([message(1, "a word")])
    marks = SearchMarks(view, theme)
    marks.show_words("word")
    theme.set_mode("dark")
    row = view.row(message_id(1))
    assert row is not None
    found = row.body.extraSelections()
    assert found[0].format.background().color() == QColor(DARK.selection)
    theme.set_mode("light")


def test_nothing_is_computed_while_nothing_is_searched(open_timeline: Open, theme: Theme) -> None:
    view, model = open_timeline(messages(50))
    marks = SearchMarks(view, theme)
    view.scroll_by(-300)
    assert marks._marked == {}
    assert isinstance(model, MessageListModel)
