"""Below and beside a reply: what its model did not read, what it cost, and why there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from chatdesk.domain.message import Message
from chatdesk.language.door import SOURCE, use
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.details import MessageDetails
from chatdesk.ui.timeline.offers import MessageAction
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import message, message_id
from tests.ui.timeline.conftest import Open
from tests.ui.timeline.test_versions import button, hover, reply, there

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

USAGE = {
    "prompt_tokens": 12345,
    "completion_tokens": 678,
    "cached_tokens": 12000,
    "reasoning_tokens": 600,
    "seconds": 4.2,
}
REASON = "OpenAI: key missing on this device. Enter it in the settings, under Models."


def row_of(view: TimelineView, number: int) -> RowView:
    row = view.row(message_id(number))
    assert row is not None
    return row


def costly(number: int, **more: object) -> Message:
    return replace(reply(number, "So.", parent=number - 1), model="gpt-4o", usage={**USAGE, **more})


def opened(view: TimelineView, number: int) -> MessageDetails:
    """Press the button with the mouse."""
    row = row_of(view, number)
    hover(row)
    QTest.mouseClick(button(row, MessageAction.DETAILS), Qt.MouseButton.LeftButton)
    found = row.findChild(MessageDetails)
    assert found is not None
    return found


def test_what_a_reply_cost_is_in_its_details(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline([message(1), costly(2)])
    details = opened(view, 2)
    assert {name: label.text() for name, label in details.values.items()} == {
        "Model": "gpt-4o",
        "Read": "12,345 tokens, 12,000 of them from its cache",
        "Written": "678 tokens, 600 of them for thinking",
        "Time": "4.2 seconds",
    }
    tip = button(row_of(view, 2), MessageAction.DETAILS).toolTip()
    assert "Model: gpt-4o" in tip
    assert "Read: 12,345 tokens" in tip
    assert details.accessibleDescription() == tip
    QTest.keyClick(details, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: row_of(view, 2).findChild(MessageDetails) is None)


def test_the_details_are_on_ground_of_their_own(open_timeline: Open, theme: Theme) -> None:
    view, _ = open_timeline([message(1), costly(2)])
    details = opened(view, 2)
    picture = details.grab().toImage()
    ground = picture.pixelColor(picture.width() - 6, picture.height() // 2)
    assert ground == QColor(theme.tokens.raised), "text on what lies behind cannot be read"


def test_nothing_is_said_of_what_nobody_told(open_timeline: Open) -> None:
    bare = replace(reply(4, "So.", parent=3), usage={"total_tokens": 7, "odd": ["x"], "prompt_tokens": "9"})
    view, _ = open_timeline([message(1), reply(2, "So.", parent=1), message(3), bare])
    hover(row_of(view, 2))
    assert "details" not in there(row_of(view, 2))
    assert list(opened(view, 4).values) == ["Model", "Together"]


def test_what_was_left_out_is_said_below_the_reply(open_timeline: Open) -> None:
    rows = [message(1), replace(message(2), content="Where shall we go?"), message(3)]
    view, model = open_timeline([*rows, costly(4, left_out=1, begins_at=message_id(2))])
    row = row_of(view, 4)
    assert row.content is not None
    line = row.content.left_out_line
    assert line == (
        "1 earlier message did not fit into the model's window and was left out. "
        "It read from “Where shall we go?” on."
    )
    assert line in row.body.accessibleDescription()
    assert opened(view, 4).values["Left out"].text() == line
    without = row.height()
    usual = replace(costly(4), seq=model.at(3).seq)
    tall = open_timeline([*rows, usual])[0]
    assert row_of(tall, 4).height() < without, "the line has room of its own"


def test_what_was_left_out_is_said_in_german_and_without_the_first_message(open_timeline: Open) -> None:
    try:
        use("de")
        view, _ = open_timeline([message(3), costly(4, left_out=1200, begins_at=message_id(99))])
        row = row_of(view, 4)
        assert row.content is not None
        assert row.content.left_out_line == (
            "1.200 frühere Nachrichten passten nicht in das Fenster des Modells und wurden ausgelassen."
        )
    finally:
        use(SOURCE)


def test_why_nobody_answered_stands_below_the_question_with_what_to_do(
    open_timeline: Open, qtbot: QtBot
) -> None:
    view, _ = open_timeline([message(1), reply(2, "So.", parent=1), message(3)])
    row = row_of(view, 3)
    assert there(row) == []
    before = row.height()
    view.rewriting.withhold(message_id(3), REASON)
    view.flush()
    assert row.content is not None
    assert row.content.status_line == REASON
    assert REASON in row.body.accessibleDescription()
    assert row.height() > before
    assert there(row) == ["answer"]
    with qtbot.waitSignal(view.answer_requested) as told:
        button(row, MessageAction.ANSWER).click()
    assert told.args == [message_id(3)]
    view.rewriting.withhold(message_id(3), "")
    view.flush()
    assert row.height() == before
