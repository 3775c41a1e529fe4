"""The palette, by keyboard alone: what it offers, what choosing leads to, what a screen reader hears."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QTextLayout
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from chatdesk.domain.search import SearchHit, TitleHit, parse_query, snippet
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.services.search import Coverage, SearchResults
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.search.palette import SearchPalette
from chatdesk.ui.search.rows import RowKind
from tests.support.conversation_entries import NOON, conversation_id, entry
from tests.support.messages import message

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
COMPLETE = Coverage(10, 10)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def results(
    text: str, *contents: str, titles: tuple[str, ...] = (), coverage: Coverage = COMPLETE
) -> SearchResults:
    """Results of ``text`` in messages of conversation 2."""
    query = parse_query(text)
    hits = tuple(
        SearchHit(
            replace(message(number, content, created_at=NOON), conversation_id=conversation_id(2)),
            entry(2, "Second"),
            *snippet(query, content),
        )
        for number, content in enumerate(contents, 1)
    )
    found = tuple(
        TitleHit(entry(number, title), query.ranges(title)) for number, title in enumerate(titles, 3)
    )
    return SearchResults(text, hits, found, coverage)


def shown(palette: SearchPalette) -> list[tuple[str, str]]:
    rows = [palette.model.row(number) for number in range(palette.model.rowCount())]
    return [(row.kind.value, row.text) for row in rows if row is not None]


def chosen(palette: SearchPalette) -> str:
    return str(palette.list.currentIndex().data())


@pytest.fixture
def palette(qtbot: QtBot, window: MainWindow) -> SearchPalette:
    """The palette, opened by its key."""
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window.composer.field, KEY.Key_K, CTRL)
    assert window.search.palette.isVisible()
    return window.search.palette


def press(palette: SearchPalette, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(palette.field, key)


def test_it_opens_with_the_focus_and_offers_what_one_may_want(
    window: MainWindow, palette: SearchPalette
) -> None:
    assert palette.field.hasFocus()
    rows = shown(palette)
    assert rows[0] == ("caption", "Recent chats")
    assert [text for kind, text in rows if kind == "conversation"] == [
        "First",
        "Second",
        "Third",
        "Fourth",
        "Fifth",
    ]
    assert ("command", "New chat") in rows
    assert "Rename" not in [text for _, text in rows]  # no chat is open
    assert chosen(palette) == "First"


def test_the_open_chat_is_not_offered_and_its_verbs_are(
    window: MainWindow, conversations: ConversationListModel
) -> None:
    window.show_conversation(conversation_id(3))
    window.search.palette.open()
    texts = [text for _, text in shown(window.search.palette)]
    assert "Third" not in texts
    # The third one could not be saved and is not pinned.
    assert {"Rename", "Pin", "Try to save again", "Delete"} <= set(texts)
    assert "Unpin" not in texts


def test_commands_show_their_keys(palette: SearchPalette) -> None:
    rows = [palette.model.row(number) for number in range(palette.model.rowCount())]
    keys = {row.action: row.aside for row in rows if row is not None and row.action is not None}
    assert keys[ActionId.NEW_CHAT] == "Ctrl+N"
    assert ActionId.SEARCH not in keys


def test_typing_asks_and_only_the_present_question_is_answered(
    window: MainWindow, palette: SearchPalette
) -> None:
    asked: list[str] = []
    window.search.search_requested.connect(asked.append)
    QTest.keyClicks(palette.field, "wo")
    assert asked == ["w", "wo"]
    window.search.show_results(results("w", "an early word"))
    assert ("message", "an early word") not in shown(palette)
    window.search.show_results(results("wo", "a word", titles=("A title with a word",)))
    assert shown(palette)[:4] == [
        ("caption", "Chats"),
        ("conversation", "A title with a word"),
        ("caption", "Messages"),
        ("message", "a word"),
    ]


def test_a_found_message_is_opened_by_keyboard_alone(window: MainWindow, palette: SearchPalette) -> None:
    wanted: list[tuple[str, str]] = []
    marked: list[str] = []
    window.search.message_requested.connect(lambda *args: wanted.append(args))
    window.search.words_changed.connect(marked.append)
    QTest.keyClicks(palette.field, "word")
    window.search.show_results(results("word", "first word", "second word", titles=("Word",)))
    press(palette, KEY.Key_Down, KEY.Key_Down)
    assert chosen(palette) == "second word"
    press(palette, KEY.Key_Return)
    assert not palette.isVisible()
    assert wanted == [(conversation_id(2), message(2).id)]
    assert marked[-1] == "word"
    assert window.composer.field.hasFocus()
    window.search._unmark.timeout.emit()
    assert marked[-1] == ""


def test_a_chat_is_opened(window: MainWindow, palette: SearchPalette) -> None:
    opened: list[str] = []
    window.open_requested.connect(opened.append)
    press(palette, KEY.Key_Down, KEY.Key_Enter)
    assert opened == [conversation_id(2)]
    assert window.pane.header.title() == "Second"
    assert not palette.isVisible()


def test_a_command_is_carried_out(qtbot: QtBot, window: MainWindow, palette: SearchPalette) -> None:
    QTest.keyClicks(palette.field, "refr")
    window.search.show_results(results("refr"))
    assert shown(palette) == [("caption", "Commands"), ("command", "Refresh now")]
    with qtbot.waitSignal(window.refresh_requested):
        press(palette, KEY.Key_Return)
    assert not palette.isVisible()


def test_the_keys_go_round_skip_captions_and_jump_between_sections(
    window: MainWindow, palette: SearchPalette
) -> None:
    QTest.keyClicks(palette.field, "new")
    window.search.show_results(results("new", "new one", "new two", titles=("New",)))
    assert chosen(palette) == "New"
    press(palette, KEY.Key_Tab)
    assert chosen(palette) == "new one"
    press(palette, KEY.Key_Tab)
    assert chosen(palette) == "New chat"
    press(palette, KEY.Key_Tab)
    assert chosen(palette) == "New"
    press(palette, KEY.Key_Up)
    assert palette.model.row(palette.list.currentIndex().row()).kind is RowKind.COMMAND  # type: ignore[union-attr]  # there is one
    press(palette, KEY.Key_Down, KEY.Key_PageDown)
    assert palette.list.currentIndex().row() == palette.model.rowCount() - 1
    press(palette, KEY.Key_PageUp, KEY.Key_PageUp)
    assert chosen(palette) == "New"
    assert palette.field.hasFocus()


def test_more_results_do_not_move_the_choice(window: MainWindow, palette: SearchPalette) -> None:
    QTest.keyClicks(palette.field, "word")
    window.search.show_results(results("word", "a word", "another word"))
    press(palette, KEY.Key_Down)
    window.search.show_results(results("word", "a word", "another word", titles=("Word",)))
    assert chosen(palette) == "another word"


def test_nothing_found_is_said(window: MainWindow, palette: SearchPalette) -> None:
    QTest.keyClicks(palette.field, "zebra")
    window.search.show_results(results("zebra", coverage=Coverage(5, 50)))
    assert not palette.list.isVisible()
    assert palette._nothing.isVisible()
    assert palette._nothing.text().startswith("Nothing found for “zebra”\nOlder messages")
    press(palette, KEY.Key_Down, KEY.Key_Return)
    assert palette.isVisible()


def test_it_says_how_much_is_searched_until_everything_is(
    qtbot: QtBot, window: MainWindow, palette: SearchPalette
) -> None:
    QTest.keyClicks(palette.field, "word")
    window.search.show_results(results("word", "word", coverage=Coverage(12, 340)))
    assert palette._coverage.text() == "Searching 12 of 340 messages on this device"
    palette._again.setInterval(0)
    with qtbot.waitSignal(window.search.search_requested) as asked:
        palette._again.start()
    assert asked.args == ["word"]
    window.search.show_results(results("word", "word", coverage=Coverage(340, 340)))
    assert palette._coverage.text() == ""
    assert not palette._again.isActive()


@pytest.mark.parametrize("close", ["escape", "key", "click"])
def test_it_closes_and_gives_the_keys_back(window: MainWindow, close: str) -> None:
    window.sidebar.list.setFocus()
    palette = window.search.palette
    palette.open()
    assert palette.field.hasFocus()
    if close == "escape":
        press(palette, KEY.Key_Escape)
    elif close == "key":
        QTest.keyClick(palette.field, KEY.Key_K, CTRL)
    else:
        QTest.mouseClick(palette, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert not palette.isVisible()
    assert window.sidebar.list.hasFocus()


def test_escape_closes_it_and_stops_no_reply(window: MainWindow) -> None:
    window.show_conversation(conversation_id(1))
    window.set_replying(conversation_id(1), True)
    stopped: list[str] = []
    window.composer.stop_requested.connect(stopped.append)
    window.search.palette.open()
    press(window.search.palette, KEY.Key_Escape)
    assert not window.search.palette.isVisible()
    assert stopped == []


def test_it_begins_anew_each_time_and_keeps_to_the_window(window: MainWindow, palette: SearchPalette) -> None:
    QTest.keyClicks(palette.field, "word")
    press(palette, KEY.Key_Escape)
    palette.open()
    assert palette.field.text() == ""
    window.resize(600, 460)
    assert palette.geometry() == window.rect()
    assert window.rect().contains(palette.card.geometry())


def test_a_click_chooses(window: MainWindow, palette: SearchPalette) -> None:
    opened: list[str] = []
    window.open_requested.connect(opened.append)
    place = palette.list.visualRect(palette.model.index(3)).center()
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened == [conversation_id(3)]


def test_it_says_what_it_is_and_what_is_chosen(
    palette: SearchPalette, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("chatdesk.ui.search.palette.announce", lambda _, words: said.append(words))
    field = QAccessible.queryAccessibleInterface(palette.field)
    assert field.text(QAccessible.Text.Name) == "Search chats, messages and commands"
    assert field.role() == QAccessible.Role.EditableText
    rows = QAccessible.queryAccessibleInterface(palette.list)
    assert rows.text(QAccessible.Text.Name) == "Results"
    assert palette.accessibleName() == "Search"
    press(palette, KEY.Key_Down)
    assert said[-1].startswith("Second, ")


def test_hostile_text_is_only_shown(window: MainWindow, palette: SearchPalette) -> None:
    nasty = "<b>bold</b> <img src=file:///etc/passwd> 🎉東京"
    palette.field.setText("bold")
    window.search.show_results(results("bold", nasty, titles=(nasty + " bold",)))
    assert ("message", nasty) in shown(palette)
    window.grab()


def test_highlights_are_where_the_words_are_after_an_emoji(
    window: MainWindow, palette: SearchPalette, check_layout: Callable[[], list[tuple[int, int]]]
) -> None:
    palette.field.setText("word")
    window.search.show_results(results("word", "🎉🎉 word"))
    window.grab()
    assert (5, 4) in check_layout()


@pytest.fixture
def check_layout(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[tuple[int, int]]]:
    """Collect the ranges, in Qt's units, that text is painted with."""
    from chatdesk.ui.search import row_delegate

    seen: list[tuple[int, int]] = []

    class Layout(QTextLayout):
        def setFormats(self, formats: Sequence[QTextLayout.FormatRange]) -> None:
            seen.extend((each.start, each.length) for each in formats)
            super().setFormats(formats)

    monkeypatch.setattr(row_delegate, "QTextLayout", Layout)
    return lambda: seen
