"""What a row shows and offers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QColor, QGuiApplication, QImage, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import DeliveryState, Message, MessageStatus, Role
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.theme.tokens import DARK, LIGHT
from chatdesk.ui.timeline.body import BodyView
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.view import TimelineView
from chatdesk.ui.words import day_label, moment_label
from tests.support.messages import (
    ANNA,
    CONVERSATION,
    START,
    added,
    changed,
    message,
    message_id,
    messages,
    profile,
)
from tests.ui.timeline.conftest import Open

FAILED = message(3, "mine", seq=None, delivery=DeliveryState.FAILED, failure="You may not write here.")


def row_of(view: TimelineView, number: int) -> RowView:
    row = view.row(message_id(number))
    assert row is not None
    return row


def select(body: BodyView, start: int, end: int) -> None:
    cursor = body.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    body.setTextCursor(cursor)


def place_of(body: BodyView, text: str) -> QPoint:
    """The middle of the first character of ``text``."""
    cursor = body.document().find(text)
    assert not cursor.isNull()
    cursor.setPosition(cursor.selectionStart() + 1)
    return body.cursorRect(cursor).center() - QPoint(2, 0)


def test_text_is_selected_and_copied_natively(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline([message(1, "first"), message(2, "some **bold** words\n\n- entry")])
    body = row_of(view, 2).body
    QTest.mouseDClick(body.viewport(), Qt.MouseButton.LeftButton, pos=place_of(body, "bold"))
    assert body.textCursor().selectedText() == "bold"
    QTest.keyClick(body, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "bold"
    QTest.keyClick(body, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "some bold words\n• entry"


def test_there_is_one_selection(open_timeline: Open) -> None:
    view, _ = open_timeline(messages(4))
    select(row_of(view, 1).body, 0, 4)
    select(row_of(view, 2).body, 0, 4)
    assert not row_of(view, 1).body.has_selection()
    assert row_of(view, 2).body.has_selection()


def test_a_selection_survives_scrolling_away(open_timeline: Open) -> None:
    view, _ = open_timeline(messages(300))
    select(row_of(view, 300).body, 0, 7)
    view.verticalScrollBar().setValue(0)
    assert message_id(300) not in view.on_screen()
    view.jump_to_end()
    assert row_of(view, 300).body.selected() == "message"


def test_link_clicks_are_only_told(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline([message(2, "go [there](https://example.com/a?b=1#c) now")])
    body = row_of(view, 2).body
    with qtbot.waitSignal(view.link_activated) as told:
        QTest.mouseClick(body.viewport(), Qt.MouseButton.LeftButton, pos=place_of(body, "there"))
    assert told.args == ["https://example.com/a?b=1#c"]
    assert body.toPlainText() == "go there now"


def test_code_has_a_copy_button(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline([message(2, "a\n\n```python\nx = 1\n\ny = 2\n```\n\nb\n\n```\nother\n```")])
    body = row_of(view, 2).body
    first, second = body.code_cards()
    assert (first.language, second.language) == ("python", "")
    with qtbot.waitSignal(view.copied) as copied:
        QTest.mouseClick(body.viewport(), Qt.MouseButton.LeftButton, pos=first.copy.center().toPoint())
    assert copied.args == ["x = 1\n\ny = 2"]
    assert QGuiApplication.clipboard().text() == "x = 1\n\ny = 2"


def test_a_message_is_copied_as_it_was_written(open_timeline: Open) -> None:
    view, _ = open_timeline([message(2, "**bold** `code`")])
    view.copy_message(message_id(2))
    assert QGuiApplication.clipboard().text() == "**bold** `code`"


def test_a_failed_message_says_why_and_what_to_do(open_timeline: Open, qtbot: QtBot) -> None:
    view, model = open_timeline([message(1), FAILED])
    row = row_of(view, 3)
    bar = row.failure_bar
    assert bar is not None
    assert bar.accessibleName() == "Not sent: You may not write here."
    assert row.body.accessibleDescription() == "Not sent: You may not write here."
    buttons = {button.objectName(): button for button in bar.findChildren(QPushButton)}
    for name, signal in (
        ("retry", view.retry_requested),
        ("edit", view.edit_requested),
        ("discard", view.discard_requested),
    ):
        with qtbot.waitSignal(signal) as told:
            QTest.mouseClick(buttons[name], Qt.MouseButton.LeftButton)
        assert told.args == [message_id(3)]
        assert bar.rect().contains(buttons[name].geometry())
    model.apply(changed(replace(FAILED, delivery=DeliveryState.PENDING, failure=None)))
    view.flush()
    assert row_of(view, 3).failure_bar is None


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (DeliveryState.PENDING, "Waiting to be sent"),
        (DeliveryState.SENDING, "Being sent"),
        (DeliveryState.SENT, "Sent"),
    ],
)
def test_delivery_states_look_and_read_differently(
    open_timeline: Open, state: DeliveryState, words: str
) -> None:
    view, model = open_timeline([message(1, delivery=state)])
    row = row_of(view, 1)
    assert row.body.accessibleDescription() == words
    before = view.grab().toImage()
    model.apply(changed(message(1, delivery=DeliveryState.FAILED, failure="no")))
    view.flush()
    assert view.grab().toImage() != before


def test_a_broken_reply_says_why(open_timeline: Open) -> None:
    rows = [
        message(2, "half", status=MessageStatus.INTERRUPTED),
        message(4, " ", status=MessageStatus.ERROR, error="The key was refused."),
    ]
    view, _ = open_timeline(rows)
    assert row_of(view, 2).body.accessibleDescription() == "The reply was interrupted."
    assert row_of(view, 4).body.accessibleDescription() == "The key was refused."


def test_own_messages_stand_right_in_a_bubble_replies_left_without(open_timeline: Open) -> None:
    rows = [message(1, "mine"), message(2, "reply"), message(3, "theirs", author=ANNA)]
    view, _ = open_timeline([*rows, message(5, "word " * 60)])
    middle = view.viewport().width() // 2
    assert row_of(view, 1).bubble.left() > middle
    assert row_of(view, 2).bubble.isNull()
    assert row_of(view, 3).bubble.left() < middle
    assert row_of(view, 5).bubble.width() < 720
    assert row_of(view, 2).body.width() <= 720


def test_a_deleted_message_keeps_its_place_without_text(open_timeline: Open) -> None:
    view, model = open_timeline([message(1, "secret"), message(2)])
    model.apply(changed(message(1, " ", deleted_at=START, revision=9)))
    view.flush()
    assert row_of(view, 1).body.toPlainText() == "This message was deleted."


def test_system_messages_and_other_roles_have_names(open_timeline: Open) -> None:
    view, _ = open_timeline([message(2, "rules", role=Role.SYSTEM), message(4, model="gpt-4o-mini")])
    assert row_of(view, 2).body.accessibleName().startswith("System, ")
    assert row_of(view, 4).body.accessibleName().startswith("gpt-4o-mini, ")


def test_a_screen_reader_finds_author_time_and_text(open_timeline: Open) -> None:
    view, _ = open_timeline([message(1, "**hello** there", author=ANNA)])
    found = QAccessible.queryAccessibleInterface(row_of(view, 1).body)
    local = START.astimezone()
    assert found.text(QAccessible.Text.Name).startswith("Anna Berg, ")
    assert f":{local.minute + 3:02d}" in found.text(QAccessible.Text.Name)
    assert found.text(QAccessible.Text.Value) == "hello there"


def test_a_finished_reply_is_announced_once(open_timeline: Open) -> None:
    view, model = open_timeline([message(1), message(2, " ", status=MessageStatus.STREAMING)])
    told: list[str] = []
    view.announced.connect(told.append)
    for offset in range(1, 30, 3):
        model.apply_delta(Delta(CONVERSATION, message_id(2), offset, "abc"))
        view.flush()
    assert told == []
    model.apply(changed(message(2, "the whole reply", revision=8)))
    model.apply(changed(message(2, "the whole reply", revision=8)))
    assert told == ["Reply ready. the whole reply"]


def test_the_streaming_mark_goes_when_the_reply_is_there(open_timeline: Open) -> None:
    view, model = open_timeline([message(2, "part", status=MessageStatus.STREAMING)])
    assert row_of(view, 2).body.streaming
    model.apply(changed(message(2, "part of it", revision=8)))
    view.flush()
    assert not row_of(view, 2).body.streaming


def test_names_and_pictures_change_at_once(open_timeline: Open) -> None:
    view, model = open_timeline([message(1, author=ANNA)])
    red = QImage(8, 8, QImage.Format.Format_RGB32)
    red.fill(QColor("#ff0000"))
    view.set_avatar("anna/1.png", red)
    model.profile_changed(profile(ANNA, "Anna Sommer", revision=2, avatar="anna/1.png"))
    view.flush()
    assert row_of(view, 1).body.accessibleName().startswith("Anna Sommer, ")
    image = row_of(view, 1).grab().toImage()
    found = {image.pixelColor(x, y).name() for x in range(0, 80, 2) for y in range(0, image.height(), 2)}
    assert "#ff0000" in found


def test_colours_follow_the_theme_at_once(open_timeline: Open, theme: Theme) -> None:
    view, _ = open_timeline([message(1), message(2, "text\n\n```python\nx = 1\n```\n")])
    assert LIGHT.code_background in colours(view)
    theme.set_mode("dark")
    assert {DARK.window, DARK.code_background, DARK.accent_soft} <= colours(view)
    assert not {LIGHT.window, LIGHT.code_background, LIGHT.accent_soft} & colours(view)
    theme.set_mode("light")


def colours(view: TimelineView) -> set[str]:
    image = view.viewport().grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 7) for y in range(image.height())}


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_menu_offers_what_fits(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline([message(2, "```\nx\n```"), FAILED])
    body = row_of(view, 2).body
    body.menu_wanted.emit(body.mapToGlobal(QPoint(5, 5)), "https://example.com", body.code_at(QPoint(40, 45)))
    menu = view.findChild(QMenu)
    assert menu is not None
    assert [a.text() for a in menu.actions()] == ["Copy", "Copy message", "Copy code", "Copy link"]
    menu.actions()[2].trigger()
    assert QGuiApplication.clipboard().text() == "x"
    menu.close()
    qtbot.waitUntil(lambda: view.findChild(QMenu) is None)
    other = row_of(view, 3).body
    other.menu_wanted.emit(other.mapToGlobal(QPoint(5, 5)), "javascript:alert(1)", "")
    menu = view.findChild(QMenu)
    assert menu is not None
    labels = [a.text() for a in menu.actions() if a.text()]
    assert labels == ["Copy", "Copy message", "Retry", "Edit", "Discard"]
    menu.close()


def test_painting_is_told_once_per_message(open_timeline: Open, qtbot: QtBot) -> None:
    view, model = open_timeline(messages(3))
    told: list[str] = []
    view.painted.connect(told.append)
    model.apply(added(message(4, " ", status=MessageStatus.STREAMING)))
    qtbot.waitUntil(lambda: bool(told))
    model.apply_delta(Delta(CONVERSATION, message_id(4), 1, "text"))
    view.flush()
    view.grab()
    assert told == [message_id(4)]


def test_empty_conversations_say_what_to_do(open_timeline: Open) -> None:
    view, model = open_timeline([])
    with_words = view.viewport().grab().toImage()
    model.load("", [], False)
    view.flush()
    assert view.viewport().grab().toImage() != with_words


def test_a_row_used_again_keeps_nothing(open_timeline: Open) -> None:
    rows: list[Message] = [
        FAILED,
        message(2, "x [a]\n\n[a]: https://example.com"),
        message(1, "y", author=ANNA),
    ]
    view, model = open_timeline(rows[:1])
    for row in rows[1:]:
        model.load(CONVERSATION, [row], False)
        view.flush()
    fresh, _ = open_timeline(rows[2:])
    assert view.viewport().grab().toImage() == fresh.viewport().grab().toImage()


def test_days_are_named() -> None:
    today = date(2026, 3, 2)
    assert day_label(today, today) == "Today"
    assert day_label(date(2026, 3, 1), today) == "Yesterday"
    assert day_label(date(2026, 2, 10), today) == "Tuesday, 10 February"
    assert day_label(date(2024, 12, 31), today) == "31 December 2024"
    assert datetime(2026, 3, 2, tzinfo=UTC).date() == today


def test_a_moment_of_another_year_is_said_with_its_year() -> None:
    at = datetime(2023, 11, 29, 5, 0).astimezone()
    assert moment_label(at, date(2026, 11, 23)) == "29 Nov 2023"
    assert moment_label(at, date(2023, 12, 1)).startswith("29 Nov, ")
    assert "Nov" not in moment_label(at, date(2023, 11, 29))
