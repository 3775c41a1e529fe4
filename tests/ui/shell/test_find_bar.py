"""The bar that searches the open chat: keys, counting, following what happens to the chat."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from chatdesk.services.search import FindResults
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.search.find_bar import FindBar
from tests.support.conversation_entries import conversation_id

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CHAT = conversation_id(1)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Asked:
    """What the search asks for."""

    def __init__(self, window: MainWindow) -> None:
        self.questions: list[tuple[str, str]] = []
        self.wanted: list[tuple[str, str]] = []
        self.words: list[str] = []
        window.search.find_requested.connect(lambda *args: self.questions.append(args))
        window.search.message_requested.connect(lambda *args: self.wanted.append(args))
        window.search.words_changed.connect(self.words.append)


@pytest.fixture
def asked(window: MainWindow) -> Asked:
    return Asked(window)


@pytest.fixture
def bar(qtbot: QtBot, window: MainWindow, asked: Asked) -> FindBar:
    """The bar, opened by its key in the first chat."""
    qtbot.waitUntil(window.isActiveWindow)
    window.show_conversation(CHAT)
    QTest.keyClick(window.composer.field, KEY.Key_F, CTRL)
    assert window.search.bar.isVisible()
    return window.search.bar


def answer(window: MainWindow, text: str, *ids: str, again: bool = False, chat: str = CHAT) -> None:
    window.search.show_found(FindResults(chat, text, ids, again))


def test_without_a_chat_there_is_nothing_to_find(window: MainWindow) -> None:
    QTest.keyClick(window.composer.field, KEY.Key_F, CTRL)
    assert not window.search.bar.isVisible()


def test_typing_leads_to_the_newest_match_and_the_keys_to_the_others(
    window: MainWindow, bar: FindBar, asked: Asked
) -> None:
    assert bar.field.hasFocus()
    QTest.keyClicks(bar.field, "ab")
    assert asked.questions[-2:] == [(CHAT, "a"), (CHAT, "ab")]
    assert asked.words[-1] == "ab"
    answer(window, "a", "early")
    assert asked.wanted == []
    answer(window, "ab", "old", "middle", "new")
    assert bar.count.text() == "1 of 3"
    for key, modifier in (
        (KEY.Key_Return, Qt.KeyboardModifier.NoModifier),
        (KEY.Key_F3, Qt.KeyboardModifier.NoModifier),
        (KEY.Key_Up, Qt.KeyboardModifier.NoModifier),
        (KEY.Key_F3, SHIFT),
        (KEY.Key_Return, SHIFT),
        (KEY.Key_Down, Qt.KeyboardModifier.NoModifier),
    ):
        QTest.keyClick(bar.field, key, modifier)
    assert [which for _, which in asked.wanted] == ["new", "middle", "old", "new", "old", "middle", "new"]
    assert {chat for chat, _ in asked.wanted} == {CHAT}


def test_the_keys_work_from_the_composer_as_well(window: MainWindow, bar: FindBar, asked: Asked) -> None:
    QTest.keyClicks(bar.field, "a")
    answer(window, "a", "old", "new")
    window.composer.setFocus()
    QTest.keyClick(window.composer.field, KEY.Key_F3)
    assert asked.wanted[-1] == (CHAT, "old")


def test_no_matches_are_said(window: MainWindow, bar: FindBar, asked: Asked) -> None:
    QTest.keyClicks(bar.field, "q")
    assert bar.count.text() == ""
    answer(window, "q")
    assert bar.count.text() == "No matches"
    assert not bar.older_button.isEnabled()
    QTest.keyClick(bar.field, KEY.Key_Return)
    assert asked.wanted == []


def test_a_chat_that_goes_on_changes_the_count_and_not_the_place(
    window: MainWindow, bar: FindBar, asked: Asked
) -> None:
    QTest.keyClicks(bar.field, "a")
    answer(window, "a", "old", "middle", "new")
    bar.go(1)
    assert bar.count.text() == "2 of 3"
    asked.wanted.clear()
    answer(window, "a", "old", "middle", "new", "newest", again=True)
    assert bar.count.text() == "3 of 4"
    answer(window, "a", "old", "new", again=True)
    assert bar.count.text() == "2 of 2"
    assert asked.wanted == []
    answer(window, "a", again=True)
    assert bar.count.text() == "No matches"


def test_escape_closes_it_ends_the_search_and_returns_to_writing(
    window: MainWindow, bar: FindBar, asked: Asked
) -> None:
    QTest.keyClicks(bar.field, "a")
    answer(window, "a", "one")
    window.set_replying(CHAT, True)
    stopped: list[str] = []
    window.composer.stop_requested.connect(stopped.append)
    QTest.keyClick(bar.field, KEY.Key_Escape)
    assert not bar.isVisible()
    assert asked.questions[-1] == (CHAT, "")
    assert asked.words[-1] == ""
    assert window.composer.field.hasFocus()
    assert stopped == []


def test_the_earlier_text_is_there_and_selected(window: MainWindow, bar: FindBar, asked: Asked) -> None:
    QTest.keyClicks(bar.field, "word")
    QTest.keyClick(bar.field, KEY.Key_Escape)
    QTest.keyClick(window.composer.field, KEY.Key_F, CTRL)
    assert bar.field.selectedText() == "word"
    assert asked.questions[-1] == (CHAT, "word")


def test_another_chat_is_searched_for_the_same(window: MainWindow, bar: FindBar, asked: Asked) -> None:
    QTest.keyClicks(bar.field, "word")
    answer(window, "word", "one")
    window.show_conversation(conversation_id(2))
    assert asked.questions[-1] == (conversation_id(2), "word")
    answer(window, "word", "one")  # of the chat before
    assert bar.count.text() == ""
    answer(window, "word", "other", chat=conversation_id(2))
    assert asked.wanted[-1] == (conversation_id(2), "other")
    window.show_conversation("")
    assert not bar.isVisible()


def test_buttons_have_names_and_do_what_they_say(window: MainWindow, bar: FindBar, asked: Asked) -> None:
    QTest.keyClicks(bar.field, "a")
    answer(window, "a", "old", "new")
    for button, name in (
        (bar.older_button, "Older match"),
        (bar.newer_button, "Newer match"),
        (bar.close_button, "Close the search"),
    ):
        found = QAccessible.queryAccessibleInterface(button)
        assert found.text(QAccessible.Text.Name) == name
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert [which for _, which in asked.wanted] == ["new", "old", "new"]
    assert not bar.isVisible()
    field = QAccessible.queryAccessibleInterface(bar.field)
    assert field.text(QAccessible.Text.Name) == "Find in this chat"


def test_the_matches_are_announced(window: MainWindow, bar: FindBar, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("chatdesk.ui.search.find_bar.announce", lambda _, words: said.append(words))
    QTest.keyClicks(bar.field, "a")
    answer(window, "a", "old", "new")
    bar.go(1)
    assert said == ["1 of 2", "2 of 2"]
