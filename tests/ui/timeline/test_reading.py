"""The reading position: nothing that comes, goes or grows elsewhere moves what is being read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTextBrowser
from pytestqt.qtbot import QtBot

from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import DeliveryState, MessageStatus
from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.timeline.placement import BOTTOM_ROOM
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import CONVERSATION, added, changed, message, message_id, messages, removed
from tests.ui.timeline.conftest import Open


def at_end(view: TimelineView) -> bool:
    """Whether the last row ends where the view ends."""
    model = view.model()
    assert model is not None
    row = view.row(model.at(model.rowCount() - 1).id)
    return row is not None and row.geometry().bottom() + 1 == view.viewport().height() - BOTTOM_ROOM


def is_pinned(view: TimelineView) -> bool:
    return view.pinned


def middle(view: TimelineView) -> tuple[str, int]:
    """A message in the middle of the screen and where it is."""
    ids = view.on_screen()
    found = ids[len(ids) // 2]
    top = view.top_of(found)
    assert top is not None
    return found, top


def test_a_hundred_thousand_messages_need_few_widgets(open_timeline: Open, qtbot: QtBot) -> None:
    view, model = open_timeline(messages(100_000))
    assert model.rowCount() == 100_000
    assert at_end(view)
    for value in (0, 1_000_000, 3_333_333, 50):
        view.verticalScrollBar().setValue(value)
    assert 0 < len(view.findChildren(QTextBrowser)) < 40
    assert view.on_screen()
    # The guesses come in slices; the scroll bar ends up near the truth.
    qtbot.waitUntil(lambda: view._guesses.complete, timeout=30_000)
    assert view.verticalScrollBar().maximum() > 100_000 * 60


@pytest.mark.parametrize("pixels", [-300, -2_000, -6_000])
def test_older_pages_do_not_move_the_text(open_timeline: Open, pixels: int) -> None:
    view, model = open_timeline(messages(100, first=1_001, rich=True), has_older=True)
    view.scroll_by(pixels)
    found, top = middle(view)
    model.prepend(messages(50, first=951, rich=True, seed=2), has_older=True)
    view.flush()
    assert view.top_of(found) == top


def test_rows_that_come_go_move_or_grow_above_do_not_move_the_text(open_timeline: Open) -> None:
    view, model = open_timeline([m for m in messages(400, rich=True) if m.seq != 77])
    view.scroll_by(-3_000)
    found, top = middle(view)
    model.apply(added(message(77, "late " * 400)))
    view.flush()
    model.apply(removed(message(50), message(51)))
    view.flush()
    model.apply(changed(replace(message(12), content="longer " * 900, revision=9_000)))
    view.flush()
    model.apply(changed(replace(message(20), seq=35, revision=9_001)))
    view.flush()
    assert view.top_of(found) == top


def test_rows_that_come_or_stream_below_do_not_move_the_text(open_timeline: Open) -> None:
    view, model = open_timeline(messages(200, rich=True))
    view.scroll_by(-2_000)
    assert not is_pinned(view)
    found, top = middle(view)
    model.apply(added(message(202, " ", status=MessageStatus.STREAMING)))
    for piece in range(30):
        model.apply_delta(Delta(CONVERSATION, message_id(202), 1 + piece * 5, "word "))
        view.flush()
    model.apply(added(message(203, "someone else's")))
    view.flush()
    assert view.top_of(found) == top
    assert view.unseen == 2
    assert view.jump_button.isVisible()
    assert "2 new" in view.jump_button.accessibleName()


def test_the_row_that_is_read_may_go(open_timeline: Open) -> None:
    view, model = open_timeline(messages(200))
    view.scroll_by(-3_000)
    first, second = view.on_screen()[:2]
    top = view.top_of(second)
    gone = model.get(first)
    assert gone is not None
    model.apply(removed(gone))
    view.flush()
    assert view.top_of(second) == top


def test_pinned_follows_the_stream(open_timeline: Open) -> None:
    view, model = open_timeline([*messages(20), message(22, " ", status=MessageStatus.STREAMING)])
    for piece in range(120):
        model.apply_delta(Delta(CONVERSATION, message_id(22), 1 + piece * 8, "a word\n\n"))
        view.flush()
        assert is_pinned(view)
        assert at_end(view)
    row = view.row(message_id(22))
    assert row is not None
    assert row.height() > view.viewport().height()


def test_leaving_and_reaching_the_end(open_timeline: Open, qtbot: QtBot) -> None:
    view, model = open_timeline(messages(60))
    with qtbot.waitSignal(view.pinned_changed) as left:
        view.scroll_by(-500)
    assert left.args == [False]
    view.scroll_by(200)
    assert not is_pinned(view)
    view.scroll_by(5_000)
    assert is_pinned(view)
    assert at_end(view)
    view.scroll_by(-500)
    model.apply(added(message(61)))
    view.flush()
    QTest.mouseClick(view.jump_button, Qt.MouseButton.LeftButton)
    assert is_pinned(view)
    assert at_end(view)
    assert view.unseen == 0
    assert not view.jump_button.isVisible()


def test_ones_own_new_message_leads_to_the_end(open_timeline: Open) -> None:
    view, model = open_timeline(messages(60))
    view.scroll_by(-800)
    model.apply(added(message(61, seq=None, delivery=DeliveryState.PENDING)))
    view.flush()
    assert is_pinned(view)
    assert at_end(view)


def test_keys_and_wheel_scroll_from_within_a_message(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline(messages(200))
    row = view.row(view.on_screen()[-1])
    assert row is not None
    row.body.setFocus()
    QTest.keyClick(row.body, Qt.Key.Key_PageUp)
    assert not is_pinned(view)
    found, top = middle(view)
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert view.top_of(found) == top + 48
    QTest.keyClick(view, Qt.Key.Key_PageDown)
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.on_screen()[0] == message_id(1)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert is_pinned(view)
    found, top = middle(view)
    target = view.row(found)
    assert target is not None
    place = target.body.mapTo(view, QPoint(5, 5)).toPointF()
    QTest.wheelEvent(view.windowHandle(), place, QPoint(0, 120))
    assert view.top_of(found) == top + 110


def test_older_messages_are_asked_for_once_near_the_top(open_timeline: Open) -> None:
    view, model = open_timeline(messages(100, first=101), has_older=True)
    asked: list[bool] = []
    view.older_requested.connect(lambda: asked.append(True))
    view.scroll_by(-200)
    assert not asked
    view.verticalScrollBar().setValue(0)
    view.scroll_by(5)
    assert asked == [True]
    model.prepend(messages(50, first=51), has_older=False)
    view.flush()
    view.verticalScrollBar().setValue(0)
    assert asked == [True]


def test_read_to_follows_the_bottom(open_timeline: Open) -> None:
    view, model = open_timeline(messages(50))
    assert view._sight.read == 50
    told: list[int] = []
    view.read_to.connect(told.append)
    view.scroll_by(-700)
    model.apply(added(message(51)))
    view.flush()
    assert told == []
    view.jump_to_end()
    assert told == [51]


def test_a_message_can_be_shown(open_timeline: Open) -> None:
    view, _ = open_timeline(messages(500))
    assert view.show_message(message_id(250))
    assert view.top_of(message_id(250)) == view.viewport().height() // 4
    assert not view.show_message("unknown")


def test_another_width_keeps_the_place(open_timeline: Open) -> None:
    view, _ = open_timeline(messages(200, rich=True))
    view.scroll_by(-2_500)
    first = view.on_screen()[0]
    top = view.top_of(first)
    view.resize(520, 600)
    assert first in view.on_screen()
    assert view.top_of(first) == top
    view.jump_to_end()
    view.resize(900, 700)
    assert at_end(view)


def test_tokens_are_collected_for_a_frame(
    open_timeline: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, model = open_timeline([message(2, " ", status=MessageStatus.STREAMING)])
    written: list[int] = []
    row = view.row(message_id(2))
    assert row is not None
    set_text: Callable[..., None] = row.body.markdown.set_text

    def watched(text: str, *, final: bool) -> None:
        written.append(len(text))
        set_text(text, final=final)

    monkeypatch.setattr(row.body.markdown, "set_text", watched)
    text = " " + "token " * 500
    for start in range(1, len(text), 6):
        model.apply_delta(Delta(CONVERSATION, message_id(2), start, text[start : start + 6]))
    qtbot.waitUntil(lambda: bool(written) and written[-1] == len(text))
    assert len(written) <= 3


def test_the_model_may_be_loaded_anew(open_timeline: Open) -> None:
    view, model = open_timeline(messages(100))
    view.scroll_by(-900)
    model.load("other", messages(3, first=500), False)
    view.flush()
    assert is_pinned(view)
    assert view.on_screen() == [message_id(n) for n in (500, 501, 502)]
    model.load("", [], False)
    view.flush()
    assert view.on_screen() == []
    assert isinstance(model, MessageListModel)
