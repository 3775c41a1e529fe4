"""The composer's rules: keys, input methods, growth, and that no text is ever lost."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QTextCursor, QTextOption
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from chatdesk.domain.text import MAX_CONTENT
from chatdesk.ui.composer.composer import Composer
from chatdesk.ui.composer.sentences import BUSY, HINTS, REPAIRED, too_long
from chatdesk.ui.composer.text_field import LINES_MOST
from chatdesk.ui.theme.theme import Theme

KEY = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Heard:
    """What the composer asked for."""

    def __init__(self, composer: Composer) -> None:
        self.sent: list[tuple[str, str]] = []
        self.stopped: list[str] = []
        self.drafts: list[tuple[str, str]] = []
        composer.send_requested.connect(lambda which, text: self.sent.append((which, text)))
        composer.stop_requested.connect(self.stopped.append)
        composer.draft_changed.connect(lambda which, text: self.drafts.append((which, text)))


@pytest.fixture
def composer(qtbot: QtBot, theme: Theme) -> Composer:
    made = Composer(theme)
    made.resize(600, 300)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.field.setFocus()
    made.open("chat-a")
    return made


@pytest.fixture
def heard(composer: Composer) -> Heard:
    return Heard(composer)


def hint(composer: Composer) -> str:
    return composer._hint.text()


def test_enter_sends_and_shift_enter_breaks_the_line(composer: Composer, heard: Heard) -> None:
    QTest.keyClicks(composer.field, "one")
    QTest.keyClick(composer.field, KEY.Key_Return, SHIFT)
    QTest.keyClicks(composer.field, "two")
    assert heard.sent == []
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == [("chat-a", "one\ntwo")]


def test_the_enter_of_the_number_pad_sends_too(composer: Composer, heard: Heard) -> None:
    QTest.keyClicks(composer.field, "one")
    QTest.keyClick(composer.field, KEY.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert heard.sent == [("chat-a", "one")]


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\t \n"])
def test_blank_text_is_not_sent(composer: Composer, heard: Heard, text: str) -> None:
    composer.field.insertPlainText(text)
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == []


def test_a_key_held_down_sends_once(composer: Composer, heard: Heard) -> None:
    QTest.keyClicks(composer.field, "one")
    modifiers = Qt.KeyboardModifier.NoModifier
    held = QKeyEvent(QEvent.Type.KeyPress, KEY.Key_Return, modifiers, "\r", True)
    QCoreApplication.sendEvent(composer.field, held)
    assert heard.sent == []


def test_enter_belongs_to_the_input_method_while_it_composes(composer: Composer, heard: Heard) -> None:
    QCoreApplication.sendEvent(composer.field, QInputMethodEvent("に", []))
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == []
    assert composer.text() == ""
    commit = QInputMethodEvent()
    commit.setCommitString("日本")
    QCoreApplication.sendEvent(composer.field, commit)
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == [("chat-a", "日本")]


def test_with_the_keys_swapped_composing_is_just_as_safe(composer: Composer, heard: Heard) -> None:
    composer.set_send_key("ctrl_enter")
    control = Qt.KeyboardModifier.ControlModifier
    QCoreApplication.sendEvent(composer.field, QInputMethodEvent("に", []))
    QTest.keyClick(composer.field, KEY.Key_Return, control)
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert (heard.sent, composer.text()) == ([], "")
    commit = QInputMethodEvent()
    commit.setCommitString("日本")
    QCoreApplication.sendEvent(composer.field, commit)
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert (heard.sent, composer.text()) == ([], "日本\n")
    QTest.keyClick(composer.field, KEY.Key_Return, SHIFT)
    QTest.keyClicks(composer.field, "x")
    QTest.keyClick(composer.field, KEY.Key_Return, control)
    assert heard.sent == [("chat-a", "日本\n\nx")]


def test_the_text_stays_until_it_was_accepted(composer: Composer, heard: Heard) -> None:
    QTest.keyClicks(composer.field, "keep me")
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert composer.text() == "keep me"
    assert not composer.button.isEnabled()
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert len(heard.sent) == 1
    composer.accept("chat-a")
    assert composer.text() == ""
    assert heard.drafts[-1] == ("chat-a", "")


def test_a_refusal_keeps_the_text_and_says_why(composer: Composer, heard: Heard) -> None:
    QTest.keyClicks(composer.field, "keep me")
    QTest.keyClick(composer.field, KEY.Key_Return)
    composer.refuse("chat-a", "The disk is full.")
    assert composer.text() == "keep me"
    assert hint(composer) == "The disk is full."
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert len(heard.sent) == 2


def test_what_was_typed_meanwhile_stays(composer: Composer, heard: Heard) -> None:
    QTest.keyClicks(composer.field, "first")
    QTest.keyClick(composer.field, KEY.Key_Return)
    QTest.keyClicks(composer.field, " second")
    composer.accept("chat-a")
    assert composer.text() == " second"


def test_what_was_changed_meanwhile_stays_whole(composer: Composer, heard: Heard) -> None:
    QTest.keyClicks(composer.field, "first")
    QTest.keyClick(composer.field, KEY.Key_Return)
    composer.field.put("something else")
    composer.accept("chat-a")
    assert composer.text() == "something else"


def test_accepted_after_leaving_for_another_conversation(composer: Composer, heard: Heard) -> None:
    QTest.keyClicks(composer.field, "sent")
    QTest.keyClick(composer.field, KEY.Key_Return)
    composer.open("chat-b")
    QTest.keyClicks(composer.field, "other")
    composer.accept("chat-a")
    assert composer.text() == "other"
    assert heard.drafts[-1] == ("chat-a", "")
    composer.open("chat-a")
    assert composer.text() == ""


def test_each_conversation_keeps_its_draft(composer: Composer, heard: Heard) -> None:
    QTest.keyClicks(composer.field, "for a")
    composer.open("chat-b")
    assert composer.text() == ""
    assert heard.drafts == [("chat-a", "for a")]
    composer.set_draft("chat-b", "stored")
    assert composer.text() == "stored"
    composer.open("chat-a")
    assert composer.text() == "for a"


def test_a_stored_draft_does_not_overwrite_what_was_typed(composer: Composer) -> None:
    QTest.keyClicks(composer.field, "typed")
    composer.set_draft("chat-a", "older")
    assert composer.text() == "typed"


def test_the_draft_is_told_after_a_pause(composer: Composer, heard: Heard, qtbot: QtBot) -> None:
    with qtbot.waitSignal(composer.draft_changed, timeout=30_000):
        QTest.keyClicks(composer.field, "abc")
    assert heard.drafts == [("chat-a", "abc")]


def test_unsent_text_of_a_conversation_that_is_gone_moves(composer: Composer) -> None:
    QTest.keyClicks(composer.field, "precious")
    composer.move_draft("chat-a", "")
    composer.open("")
    assert composer.text() == "precious"


def test_it_grows_from_one_to_eight_lines(composer: Composer) -> None:
    heights = []
    for lines in range(1, 12):
        composer.field.put("\n".join("line" for _ in range(lines)))
        heights.append(composer.field.height())
    line = composer.field.fontMetrics().lineSpacing()
    assert heights[1] - heights[0] == line
    assert heights[LINES_MOST - 1] - heights[0] == (LINES_MOST - 1) * line
    assert len(set(heights[LINES_MOST - 1 :])) == 1


def test_a_long_line_that_wraps_grows_too(composer: Composer) -> None:
    before = composer.field.height()
    composer.field.put("word " * 60)
    assert composer.field.height() > before


def test_a_pasted_nul_is_replaced_with_a_notice(composer: Composer, heard: Heard) -> None:
    clip = QMimeData()
    clip.setText("a\0b")
    composer.field.insertFromMimeData(clip)
    assert hint(composer) == REPAIRED
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == [("chat-a", "a\ufffdb")]


def test_half_a_character_is_taken_out_with_a_notice(composer: Composer, heard: Heard) -> None:
    composer.field.put("a\N{GRINNING FACE}b")
    cursor = composer.field.textCursor()
    cursor.setPosition(1)
    cursor.setPosition(2, QTextCursor.MoveMode.KeepAnchor)
    cursor.removeSelectedText()
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == []
    assert hint(composer) == REPAIRED
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == [("chat-a", "ab")]


def test_a_broken_stored_draft_is_repaired(composer: Composer, heard: Heard) -> None:
    composer.set_draft("chat-a", "a\ud800b\0")
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == [("chat-a", "a\ufffdb\ufffd")]


def test_no_break_spaces_arrive_as_typed(composer: Composer, heard: Heard) -> None:
    composer.field.put("10\N{NO-BREAK SPACE}km")
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == [("chat-a", "10\N{NO-BREAK SPACE}km")]


def test_one_megabyte_is_accepted(composer: Composer, heard: Heard) -> None:
    text = "0123456789abcde\n" * 65_536
    clip = QMimeData()
    clip.setText(text)
    composer.field.insertFromMimeData(clip)
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == [("chat-a", text)]


def test_a_very_long_line_is_accepted_whole(composer: Composer, heard: Heard) -> None:
    text = "x" * 200_000
    clip = QMimeData()
    clip.setText(text)
    composer.field.insertFromMimeData(clip)
    assert composer.field.wordWrapMode() is QTextOption.WrapMode.WrapAnywhere
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == [("chat-a", text)]
    composer.accept("chat-a")
    assert composer.field.wordWrapMode() is QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere


def test_beyond_the_limit_a_sentence_and_the_text_stays(composer: Composer, heard: Heard) -> None:
    text = "0123456789abcd\n" * (MAX_CONTENT // 15 + 1)
    composer.field.put(text)
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == []
    assert hint(composer) == too_long(len(text))
    assert len(composer.text()) == len(text)


def test_send_turns_into_stop_while_a_reply_is_written(composer: Composer, heard: Heard) -> None:
    assert composer.button.accessibleName() == "Send"
    composer.set_replying(True)
    assert composer.button.accessibleName() == "Stop the reply"
    QTest.keyClicks(composer.field, "next question")
    QTest.keyClick(composer.field, KEY.Key_Return)
    assert heard.sent == []
    assert hint(composer) == BUSY
    QTest.mouseClick(composer.button, Qt.MouseButton.LeftButton)
    assert heard.stopped == ["chat-a"]
    composer.set_replying(False)
    assert hint(composer) == HINTS["enter"]
    QTest.mouseClick(composer.button, Qt.MouseButton.LeftButton)
    assert heard.sent == [("chat-a", "next question")]
