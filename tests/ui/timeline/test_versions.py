"""What can be done with a message, by mouse and by keyboard, and what becomes of the reading position."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QAccessible, QEnterEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.message import Message, MessageStatus
from chatdesk.ui.timeline.offers import MessageAction
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import (
    ANNA,
    CONVERSATION,
    ME,
    added,
    changed,
    message,
    message_id,
    messages,
)
from tests.ui.timeline.conftest import Open


def reply(number: int, content: str = "", **fields: Any) -> Message:
    """A reply that this user asked for."""
    return replace(message(number, content, **fields), author_id=ME)


TALK = [
    message(1, "Wy?"),
    reply(2, "Because.", parent=1),
    message(3, "And?", parent=2),
    reply(4, "So.", parent=3),
]
EDIT = message(5, "Why?", replaces=1)
ANSWER = reply(6, "For a reason.", parent=5)
AGAIN = reply(8, "This.", parent=3, replaces=4)
A = MessageAction


def row_of(view: TimelineView, number: int) -> RowView:
    row = view.row(message_id(number))
    assert row is not None
    return row


def hover(row: RowView) -> None:
    """Bring the mouse over a row; the offscreen platform has no pointer of its own."""
    row.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    at = QPointF(20, 10)
    QApplication.sendEvent(row, QEnterEvent(at, at, QPointF(row.mapToGlobal(at.toPoint()))))


def leave(row: RowView) -> None:
    row.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    QApplication.sendEvent(row, QEvent(QEvent.Type.Leave))


def button(row: RowView, action: MessageAction) -> QToolButton:
    found = row.buttons.button(action)
    assert found is not None, f"{action} is not there"
    return found


def there(row: RowView) -> list[str]:
    return [each.objectName() for each in row.buttons.chain() if each.isVisible()]


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def test_buttons_come_with_the_mouse_and_go_with_it(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline(TALK)
    row = row_of(view, 4)
    assert there(row) == []
    hover(row)
    assert there(row) == ["copy", "regenerate", "delete"]
    QTest.mouseClick(button(row, A.COPY), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "So."
    with qtbot.waitSignal(view.regenerate_requested) as told:
        QTest.mouseClick(button(row, A.REGENERATE), Qt.MouseButton.LeftButton)
    assert told.args == [message_id(4), False]
    with qtbot.waitSignal(view.delete_requested) as gone:
        QTest.mouseClick(button(row, A.DELETE), Qt.MouseButton.LeftButton)
    assert gone.args == [message_id(4)]
    view.setFocus()
    leave(row)
    assert there(row) == []
    for each in (row_of(view, 1), row_of(view, 4)):
        assert each.rect().contains(each.buttons.geometry()) or each.buttons.isHidden()


def test_the_keyboard_reaches_every_button_with_its_name(open_timeline: Open) -> None:
    view, _ = open_timeline([*TALK, AGAIN])
    row_of(view, 3).body.setFocus(Qt.FocusReason.TabFocusReason)
    heard = []
    for _step in range(9):
        QTest.keyClick(focused(), Qt.Key.Key_Tab)
        focus = focused()
        heard.append(QAccessible.queryAccessibleInterface(focus).text(QAccessible.Text.Name))
        if focus is view:
            break
    assert heard[:3] == ["Copy message", "Edit message", "Delete message"]
    assert heard[3].startswith("scripted, ")
    assert heard[4:8] == ["Previous version", "Copy message", "Write the reply again", "Delete message"]
    row = row_of(view, 8)
    assert button(row, A.PREVIOUS).accessibleDescription() == "Version 2 of 2"
    assert not button(row, A.NEXT).isEnabled()


def test_the_switch_shows_the_place_and_asks_for_the_neighbour(open_timeline: Open, qtbot: QtBot) -> None:
    view, model = open_timeline([*TALK, AGAIN])
    view.switch_requested.connect(model.show_version)
    with qtbot.waitSignal(view.switch_requested) as told:
        QTest.mouseClick(button(row_of(view, 8), A.PREVIOUS), Qt.MouseButton.LeftButton)
    assert told.args == [message_id(4)]
    view.flush()
    row = row_of(view, 4)
    assert button(row, A.PREVIOUS).accessibleDescription() == "Version 1 of 2"
    assert there(row)[:2] == ["previous", "next"], "the switch is always there"


def test_the_focus_stays_on_the_switch(open_timeline: Open) -> None:
    view, model = open_timeline([*TALK, AGAIN, reply(9, "That.", parent=3, replaces=4)])
    view.switch_requested.connect(model.show_version)
    button(row_of(view, 9), A.PREVIOUS).setFocus(Qt.FocusReason.TabFocusReason)
    for number in (8, 4):
        QTest.keyClick(focused(), Qt.Key.Key_Space)
        view.flush()
        assert row_of(view, number).has_focus
    assert QApplication.focusWidget() is button(row_of(view, 4), A.NEXT), "there is nothing before the first"


def test_switching_keeps_the_place_of_the_fork(open_timeline: Open) -> None:
    above = messages(40, rich=True)
    fork = message(41, "first", parent=40)
    first = [fork, *(message(n, f"old {n} " * 20, parent=n - 1) for n in range(42, 60))]
    other = message(60, "second\n\nlonger", parent=40, replaces=41)
    second = [other, *(message(n, f"new {n} " * 30, parent=n - 1) for n in range(61, 80))]
    view, model = open_timeline([*above, *first, *second])
    view.switch_requested.connect(model.show_version)
    view.show_message(other.id)
    top = view.top_of(other.id)
    view.rewriting.step(other.id, -1)
    view.flush()
    assert view.top_of(fork.id) == top
    assert view.unseen == 0, "what was there before is not news"
    view.rewriting.step(fork.id, 1)
    view.flush()
    assert view.top_of(other.id) == top


def test_a_version_from_elsewhere_is_announced_and_marked(open_timeline: Open) -> None:
    view, model = open_timeline(TALK)
    said: list[str] = []
    view.announced.connect(said.append)
    before = view.on_screen()
    model.apply(added(EDIT, ANSWER))
    view.flush()
    assert said == ["Another version was written: version 2 of 2."]
    assert view.on_screen() == before
    content = row_of(view, 1).content
    assert content is not None
    assert content.fresh
    assert content.versions == (0, 2)
    model.show_version(EDIT.id)
    model.show_version(message_id(1))
    view.flush()
    content = row_of(view, 1).content
    assert content is not None
    assert not content.fresh, "it was looked at"


def test_following_the_end_is_told_to_the_model(open_timeline: Open) -> None:
    view, model = open_timeline([*messages(60), reply(62, "old", parent=59)])
    view.scroll_by(-2_000)
    model.apply(added(reply(64, "new", parent=59, replaces=62)))
    assert model.row_of(message_id(62)) is not None
    view.jump_to_end()
    model.show_version(message_id(64))
    view.jump_to_end()
    model.apply(added(reply(66, "newest", parent=59, replaces=62)))
    assert model.row_of(message_id(66)) is not None


def test_a_message_is_edited_in_its_place(open_timeline: Open, qtbot: QtBot) -> None:
    view, model = open_timeline(TALK)
    hover(row_of(view, 3))
    QTest.mouseClick(button(row_of(view, 3), A.EDIT), Qt.MouseButton.LeftButton)
    row = row_of(view, 3)
    editor = row.editor
    assert editor is not None
    assert QApplication.focusWidget() is editor.field
    assert editor.field.text() == "And?"
    assert editor.field.accessibleName() == "Edit message"
    assert there(row) == []
    assert row.rect().contains(editor.geometry())
    tall = row.height()
    QTest.keyClicks(editor.field, " Then what")
    for _line in range(4):
        QTest.keyClick(editor.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(editor.field, "x")
    view.flush()
    assert row_of(view, 3).height() > tall
    assert row_of(view, 3).rect().contains(editor.geometry())
    with qtbot.waitSignal(view.edit_saved) as told:
        QTest.keyClick(editor.field, Qt.Key.Key_Return)
    assert told.args == [message_id(3), "And? Then what\n\n\n\nx"]
    assert row.editor is editor, "it stays until the text is safe"
    view.rewriting.end_edit(message_id(3))
    assert row_of(view, 3).editor is None
    assert row_of(view, 3).body.isVisible()
    assert row_of(view, 3).body.hasFocus()
    assert model.at(2).content == "And?"


@pytest.mark.parametrize("way", ["escape", "button"])
def test_an_edit_is_cancelled(open_timeline: Open, qtbot: QtBot, way: str) -> None:
    view, _ = open_timeline(TALK)
    view.rewriting.begin_edit(message_id(1))
    editor = row_of(view, 1).editor
    assert editor is not None
    QTest.keyClicks(editor.field, " changed")
    with qtbot.assertNotEmitted(view.edit_saved):
        if way == "escape":
            QTest.keyClick(editor.field, Qt.Key.Key_Escape)
        else:
            QTest.mouseClick(editor.cancel, Qt.MouseButton.LeftButton)
    assert row_of(view, 1).editor is None
    view.rewriting.begin_edit(message_id(1))
    editor = row_of(view, 1).editor
    assert editor is not None
    assert editor.field.text() == "Wy?"


def test_nothing_new_is_no_version(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline(TALK)
    view.rewriting.begin_edit(message_id(1))
    editor = row_of(view, 1).editor
    assert editor is not None
    with qtbot.assertNotEmitted(view.edit_saved):
        editor.save.click()
    assert row_of(view, 1).editor is None
    view.rewriting.begin_edit(message_id(1))
    editor = row_of(view, 1).editor
    assert editor is not None
    editor.field.clear()
    assert not editor.save.isEnabled()
    with qtbot.assertNotEmitted(view.edit_saved):
        QTest.keyClick(editor.field, Qt.Key.Key_Return)


def test_an_unfinished_edit_outlasts_scrolling_and_other_conversations(open_timeline: Open) -> None:
    rows = messages(200)
    view, model = open_timeline(rows)
    view.rewriting.begin_edit(message_id(199))
    editor = row_of(view, 199).editor
    assert editor is not None
    QTest.keyClicks(editor.field, " and more")
    view.jump_to_start()
    view.jump_to_end()
    again = row_of(view, 199).editor
    assert again is not None
    assert again.field.text() == "message 199 and more"
    model.load("other", [], False)
    view.flush()
    model.load(CONVERSATION, rows, False)
    view.flush()
    again = row_of(view, 199).editor
    assert again is not None
    assert again.field.text() == "message 199 and more"
    assert all(row_of(view, number).editor is None for number in (198, 200))


def test_while_a_reply_is_written_nothing_begins_another(open_timeline: Open) -> None:
    view, model = open_timeline(TALK)
    hover(row_of(view, 3))
    assert there(row_of(view, 3)) == ["copy", "edit", "delete"]
    writing = reply(8, " ", parent=3, replaces=4, status=MessageStatus.STREAMING)
    model.expect(writing.id)
    model.apply(added(writing))
    view.flush()
    assert there(row_of(view, 3)) == ["copy"]
    assert there(row_of(view, 8)) == ["previous", "next"], "the versions can still be looked at"
    model.apply(changed(AGAIN))
    view.flush()
    assert there(row_of(view, 3)) == ["copy", "edit", "delete"]


def test_a_reply_that_was_cut_off_offers_to_go_on_in_words(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline([message(1), reply(2, "Half a", parent=1, status=MessageStatus.INTERRUPTED)])
    row = row_of(view, 2)
    leave(row)  # The pointer stands wherever an earlier test left it.
    assert there(row) == ["go_on", "regenerate"]
    go_on = button(row, A.GO_ON)
    assert (go_on.text(), go_on.accessibleName()) == ("Continue", "Continue the reply")
    assert row.rect().contains(row.buttons.geometry())
    with qtbot.waitSignal(view.regenerate_requested) as told:
        go_on.click()
    assert told.args == [message_id(2), True]
    hover(row)
    assert there(row) == ["copy", "go_on", "regenerate", "delete"]


def test_a_deletion_can_be_undone_where_it_was(open_timeline: Open, qtbot: QtBot) -> None:
    view, model = open_timeline(TALK)
    model.set_leaving(frozenset({message_id(3)}))
    view.flush()
    row = row_of(view, 3)
    assert row.body.toPlainText() == "This message was deleted."
    assert there(row) == ["undo"]
    assert button(row, A.UNDO).accessibleName() == "Undo the deletion"
    with qtbot.waitSignal(view.undo_requested) as told:
        button(row, A.UNDO).click()
    assert told.args == [message_id(3)]
    model.set_leaving(frozenset())
    view.flush()
    assert row_of(view, 3).body.toPlainText() == "And?"


def test_keys_find_the_message_they_are_for(open_timeline: Open, qtbot: QtBot) -> None:
    view, model = open_timeline([*TALK, AGAIN, message(9, "theirs", author=ANNA)])
    view.switch_requested.connect(model.show_version)
    with qtbot.waitSignal(view.regenerate_requested) as told:
        assert view.rewriting.choose(A.REGENERATE)
    assert told.args == [AGAIN.id, False]
    assert view.rewriting.choose(A.PREVIOUS)
    assert not view.rewriting.choose(A.PREVIOUS), "there is none before"
    assert model.row_of(message_id(4)) is not None
    row_of(view, 2).body.setFocus()
    view.rewriting.choose(A.COPY)
    assert QGuiApplication.clipboard().text() == "Because."
    assert view.rewriting.choose(A.EDIT)
    assert row_of(view, 3).editor is not None


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_menu_offers_the_same(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline(TALK)
    body = row_of(view, 3).body
    body.menu_wanted.emit(body.mapToGlobal(body.rect().center()), "", "")
    menu = view.findChild(QMenu)
    assert menu is not None
    labels = [action.text() for action in menu.actions() if action.text()]
    assert labels == ["Copy", "Copy message", "Edit message", "Delete message"]
    with qtbot.waitSignal(view.delete_requested):
        menu.actions()[-1].trigger()
    menu.close()


def test_what_is_not_shown_does_not_stay_unread(open_timeline: Open, qtbot: QtBot) -> None:
    view, model = open_timeline(TALK)
    with qtbot.waitSignal(view.read_to) as told:
        model.apply(added(EDIT, ANSWER))
        view.flush()
    assert told.args == [6]
