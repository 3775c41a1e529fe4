"""Very long lines in the composer: quick to edit, and never another text than was written."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from chatdesk.ui.composer.long_lines import JOINT, LONGEST, PIECE, broken, mended
from chatdesk.ui.composer.text_field import TextField

KEY = Qt.Key
MEGABYTE = "".join(random.Random(5).choices("abcdef[]{}", k=1_000_000))


@pytest.fixture
def field(qtbot: QtBot) -> TextField:
    made = TextField()
    qtbot.addWidget(made)
    made.resize(600, 200)
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    return made


def paste(field: TextField, text: str) -> None:
    source = QMimeData()
    source.setText(text)
    field.insertFromMimeData(source)


def blocks(field: TextField) -> list[int]:
    found, block = [], field.document().begin()
    while block.isValid():
        found.append(block.length())
        block = block.next()
    return found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short\nlines\n",
        "x" * LONGEST,
        "x" * (LONGEST + 1),
        "a\n" + "y" * 50_000 + "\n\n" + "z" * 50_001 + "\n",
        f"with a joint {JOINT}\n of its own" + "x" * 50_000,
    ],
)
def test_breaking_and_mending_is_the_same_text(text: str) -> None:
    if JOINT not in text:
        assert mended(broken(text)) == text
        assert max(map(len, broken(text).split("\n"))) <= max(LONGEST, PIECE + len(JOINT))
    else:
        assert broken(text) == text


def test_a_pasted_megabyte_is_many_small_blocks_and_one_text(field: TextField) -> None:
    paste(field, MEGABYTE)
    assert max(blocks(field)) <= PIECE + len(JOINT) + 1
    assert field.text() == MEGABYTE
    assert field.whole()
    QTest.keyClicks(field, "ab")
    assert field.text() == MEGABYTE + "ab"


def test_undo_and_redo_keep_the_text(field: TextField) -> None:
    QTest.keyClicks(field, "before ")
    paste(field, MEGABYTE)
    field.selectAll()
    QTest.keyClick(field, KEY.Key_Delete)
    assert field.text() == ""
    field.undo()
    assert field.text() == "before " + MEGABYTE
    field.undo()
    field.redo()
    assert field.text() == "before " + MEGABYTE


def test_what_is_copied_has_no_joints(field: TextField) -> None:
    field.put(MEGABYTE[:100_000])
    field.selectAll()
    assert field.createMimeDataFromSelection().text() == MEGABYTE[:100_000]


def test_new_lines_in_a_long_one_are_new_lines(field: TextField) -> None:
    field.put(MEGABYTE[:50_000])
    for place in (1, PIECE - 1, PIECE):
        before = field.text()
        cursor = field.textCursor()
        cursor.setPosition(place)
        field.setTextCursor(cursor)
        QTest.keyClick(field, KEY.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        assert field.text().count("\n") == before.count("\n") + 1
        assert field.text().replace("\n", "") == before.replace("\n", "")


def test_editing_anywhere_changes_only_what_is_edited(field: TextField) -> None:
    """The same keys in a field without joints give the same text."""
    dice = random.Random(3)
    text = MEGABYTE[: LONGEST + 3 * PIECE]
    field.put(text)
    for _ in range(300):
        near = dice.choice([0, 1, PIECE - 1, PIECE, PIECE + 1]) + PIECE * dice.randrange(6)
        cursor = field.textCursor()
        cursor.setPosition(min(near + 4 * (near // PIECE), field.document().characterCount() - 1))
        field.setTextCursor(cursor)
        held = field.textCursor()
        held.movePosition(QTextCursor.MoveOperation.Start, QTextCursor.MoveMode.KeepAnchor)
        at = len(mended(held.selectedText()))
        match dice.randrange(5):
            case 0:
                QTest.keyClicks(field, "Q")
                text = text[:at] + "Q" + text[at:]
            case 1:
                QTest.keyClick(field, KEY.Key_Backspace)
                text = text[: max(0, at - 1)] + text[at:]
            case 2:
                QTest.keyClick(field, KEY.Key_Delete)
                text = text[:at] + text[at + 1 :]
            case 3:
                QTest.keyClick(field, KEY.Key_Return, Qt.KeyboardModifier.ShiftModifier)
                text = text[:at] + "\n" + text[at:]
            case _:
                for key in dice.choices([KEY.Key_Left, KEY.Key_Right, KEY.Key_End, KEY.Key_Home], k=3):
                    QTest.keyClick(field, key)
        assert field.text() == text


def test_a_joint_is_taken_whole(field: TextField) -> None:
    """Backspace and Delete at the end of a piece take the letter beside it, as if there were no joint."""
    field.put("x" * PIECE + "y" * 30_000)
    cursor = field.textCursor()
    cursor.setPosition(PIECE + len(JOINT) + 1)
    field.setTextCursor(cursor)
    QTest.keyClick(field, KEY.Key_Backspace)
    assert field.text() == "x" * (PIECE - 1) + "y" * 30_000
    cursor = field.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.Start)
    field.setTextCursor(cursor)
    QTest.keyClick(field, KEY.Key_Delete)
    assert field.text() == "x" * (PIECE - 2) + "y" * 30_000
