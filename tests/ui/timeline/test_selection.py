"""Selecting and copying: over all kinds of blocks of one message, and over several messages."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import added, message, message_id
from tests.ui.timeline.conftest import Open

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
NO_BUTTON = Qt.MouseButton.NoButton
NONE = Qt.KeyboardModifier.NoModifier

pytestmark = pytest.mark.qt_log_ignore("not accepted by receiving widget")

MIXED = """First paragraph with **bold** words.

```python
def double(x):
    return 2 * x
```

| name | value |
|------|------:|
| one | 1 |
| two | 2 |

- an entry
- another

Last paragraph."""

PLAIN = """First paragraph with bold words.
def double(x):
    return 2 * x
name\tvalue
one\t1
two\t2
• an entry
• another
Last paragraph."""


def row_of(view: TimelineView, number: int) -> RowView:
    row = view.row(message_id(number))
    assert row is not None
    return row


def place_of(row: RowView, words: str, after: bool = False) -> QPoint:
    """Return where words of a message are, in the coordinates of its text."""
    found = row.body.document().find(words)
    assert not found.isNull()
    cursor = QTextCursor(row.body.document())
    cursor.setPosition(found.selectionEnd() if after else found.selectionStart())
    return row.body.cursorRect(cursor).center()


def move(target: QWidget, place: QPoint) -> None:
    """Move the mouse with the left button down, which QTest leaves out."""
    at = QPointF(place)
    event = QMouseEvent(QEvent.Type.MouseMove, at, target.mapToGlobal(at), NO_BUTTON, LEFT, NONE)
    QCoreApplication.sendEvent(target, event)


def drag(view: TimelineView, begin: RowView, start: QPoint, end_row: RowView, end: QPoint) -> None:
    """Drag with the mouse from a place in one message to a place in another, which need not be one."""
    target = begin.body.viewport()
    there = target.mapFromGlobal(end_row.body.viewport().mapToGlobal(end))
    QTest.mousePress(target, LEFT, NONE, start)
    move(target, (start + there) / 2)
    move(target, there)
    QTest.mouseRelease(target, LEFT, NONE, there)


def copied(view: TimelineView, row: RowView) -> str:
    QGuiApplication.clipboard().clear()
    QTest.keyClick(row.body, Qt.Key.Key_C, CTRL)
    return QGuiApplication.clipboard().text()


def test_all_blocks_of_a_message_are_selected_and_copied(open_timeline: Open) -> None:
    view, _ = open_timeline([message(1), message(2, MIXED)])
    row = row_of(view, 2)
    row.body.setFocus()
    QTest.keyClick(row.body, Qt.Key.Key_A, CTRL)
    assert copied(view, row) == PLAIN


def test_the_mouse_selects_from_a_paragraph_over_code_into_a_table(open_timeline: Open) -> None:
    view, _ = open_timeline([message(1), message(2, MIXED)])
    row = row_of(view, 2)
    drag(view, row, place_of(row, "bold"), row, place_of(row, "another", after=True))
    text = copied(view, row)
    assert text.startswith("bold words.\ndef double(x):\n    return 2 * x\nname\tvalue")
    assert "two\t2" in text
    assert text.endswith("another")


def three(open_timeline: Open) -> TimelineView:
    view, _ = open_timeline(
        [
            message(1, "alpha beta gamma"),
            message(2, "one two three\n\nfour five"),
            message(3, "red green blue"),
        ]
    )
    return view


def test_a_drag_goes_over_several_messages(open_timeline: Open) -> None:
    view = three(open_timeline)
    first, middle, last = (row_of(view, number) for number in (1, 2, 3))
    drag(view, first, place_of(first, "beta"), last, place_of(last, "green", after=True))
    assert first.body.selected() == "beta gamma"
    assert middle.body.selected() == "one two three\nfour five"
    assert last.body.selected() == "red green"
    expected = "Lena Hoff:\nbeta gamma\n\nscripted:\none two three\nfour five\n\nLena Hoff:\nred green"
    assert copied(view, first) == expected
    QGuiApplication.clipboard().clear()
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == expected


def test_a_drag_upwards_is_the_same(open_timeline: Open) -> None:
    view = three(open_timeline)
    first, last = row_of(view, 1), row_of(view, 3)
    drag(view, last, place_of(last, "green", after=True), first, place_of(first, "gamma"))
    assert copied(view, last) == (
        "Lena Hoff:\ngamma\n\nscripted:\none two three\nfour five\n\nLena Hoff:\nred green"
    )


def test_going_back_lets_go_of_what_was_left(open_timeline: Open) -> None:
    view = three(open_timeline)
    first, middle, last = (row_of(view, number) for number in (1, 2, 3))
    target = first.body.viewport()
    QTest.mousePress(target, LEFT, NONE, place_of(first, "beta"))
    for row, words in ((last, "green"), (middle, "two"), (first, "gamma")):
        there = row.body.viewport().mapToGlobal(place_of(row, words))
        move(target, target.mapFromGlobal(there))
    assert not last.body.has_selection()
    assert not middle.body.has_selection()
    QTest.mouseRelease(target, LEFT, NONE, place_of(first, "gamma"))
    assert copied(view, first) == "beta "


def test_a_click_ends_it(open_timeline: Open) -> None:
    view = three(open_timeline)
    first, middle, last = (row_of(view, number) for number in (1, 2, 3))
    drag(view, first, place_of(first, "beta"), last, place_of(last, "green"))
    QTest.mouseClick(middle.body.viewport(), LEFT, NONE, place_of(middle, "two"))
    assert not any(row.body.has_selection() for row in (first, middle, last))
    assert not first.held


def test_new_messages_leave_it_alone(open_timeline: Open) -> None:
    view = three(open_timeline)
    first, last = row_of(view, 1), row_of(view, 3)
    drag(view, first, place_of(first, "beta"), last, place_of(last, "green", after=True))
    model = view.model()
    assert model is not None
    model.apply(added(message(4, "later")))
    view.flush()
    assert copied(view, first).endswith("red green")
