"""The text size reaches everything on screen, recycled rows of the timeline included."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from chatdesk.app.appearance import Appearance
from chatdesk.config.options import SHOW_TIMES, TEXT_SIZE, THEME
from chatdesk.config.preferences import Preferences
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.models.message_list import MessageListModel
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.theme.tokens import HIGH_CONTRAST
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import CONVERSATION, ME, messages

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def preferences() -> PreferenceService:
    return PreferenceService(Preferences())


@pytest.fixture
def appearance(qapp: QApplication, theme: Theme, preferences: PreferenceService) -> Iterator[Appearance]:
    made = Appearance(qapp, theme, preferences)
    yield made
    theme.set_text_size(100)


@pytest.fixture
def timeline(qtbot: QtBot, theme: Theme) -> TimelineView:
    made = TimelineView(theme)
    model = MessageListModel(ME)
    model.load(CONVERSATION, messages(60, rich=True), False)
    made.set_model(model)
    return made


@pytest.fixture
def window(
    qtbot: QtBot, theme: Theme, preferences: PreferenceService, appearance: Appearance, timeline: TimelineView
) -> MainWindow:
    made = MainWindow(theme, ConversationListModel(), timeline, preferences)
    qtbot.addWidget(made)
    appearance.dress(timeline)
    made.show()
    qtbot.waitExposed(made)
    made.pane.show_timeline(True)
    timeline.flush()
    return made


@pytest.mark.parametrize("percent", [80, 150, 200])
def test_every_font_grows_by_as_much(
    window: MainWindow, preferences: PreferenceService, timeline: TimelineView, percent: int
) -> None:
    every = [*window.findChildren(QLabel), *window.findChildren(QPushButton), window.composer.field]
    kept = [widget for widget in every if not timeline.isAncestorOf(widget)]
    before = [widget.font().pointSizeF() for widget in kept]
    preferences.put(TEXT_SIZE, percent)
    QTest.qWait(20)
    for widget, size in zip(kept, before, strict=True):
        grown = widget.font().pointSizeF() / size
        assert grown == pytest.approx(percent / 100, rel=0.03), (
            widget.text() if hasattr(widget, "text") else ""
        )
    preferences.put(TEXT_SIZE, 100)
    QTest.qWait(20)
    assert [widget.font().pointSizeF() for widget in kept] == pytest.approx(before)


def test_the_rows_on_screen_and_the_spare_ones_are_laid_out_again(
    window: MainWindow, preferences: PreferenceService, timeline: TimelineView
) -> None:
    newest = timeline.on_screen()[-1]
    row = timeline.row(newest)
    assert row is not None
    height, font = row.height(), row.body.font().pointSizeF()
    timeline.scroll_by(-3_000)
    timeline.jump_to_end()
    preferences.put(TEXT_SIZE, 200)
    timeline.flush()
    QTest.qWait(20)
    row = timeline.row(newest)
    assert row is not None
    assert row.body.font().pointSizeF() == pytest.approx(2 * font)
    assert row.height() > height
    tops = [timeline.top_of(each) for each in timeline.on_screen()]
    assert all(top is not None for top in tops)
    for each, below in zip(timeline.on_screen(), timeline.on_screen()[1:], strict=False):
        shown, top, under = timeline.row(each), timeline.top_of(each), timeline.top_of(below)
        assert shown is not None
        assert top is not None
        assert under == top + shown.height()
        assert shown.body.document().size().height() <= shown.height()
    timeline.scroll_by(-3_000)
    timeline.flush()
    for each in timeline.on_screen():
        shown = timeline.row(each)
        assert shown is not None
        assert shown.body.font().pointSizeF() == pytest.approx(2 * font)


def test_the_reader_keeps_the_place(
    window: MainWindow, preferences: PreferenceService, timeline: TimelineView
) -> None:
    timeline.scroll_by(-2_000)
    first = timeline.on_screen()[0]
    top = timeline.top_of(first)
    preferences.put(TEXT_SIZE, 125)
    timeline.flush()
    assert timeline.top_of(first) == top


def test_times_can_be_hidden(
    window: MainWindow, preferences: PreferenceService, timeline: TimelineView
) -> None:
    row = timeline.row(timeline.on_screen()[-1])
    assert row is not None
    before = row.grab().toImage()
    preferences.put(SHOW_TIMES, False)
    QTest.qWait(20)
    assert row.grab().toImage() != before
    preferences.put(SHOW_TIMES, True)
    QTest.qWait(20)
    assert row.grab().toImage() == before


def test_the_theme_is_the_options(
    preferences: PreferenceService, appearance: Appearance, theme: Theme
) -> None:
    preferences.put(THEME, "contrast")
    assert theme.tokens is HIGH_CONTRAST


def test_a_size_beyond_the_bounds_is_brought_back(theme: Theme) -> None:
    theme.set_text_size(1_000)
    assert theme.text_size == 200
    assert theme.px(10) == 20
    theme.set_text_size(1)
    assert theme.text_size == 80
    theme.set_text_size(100)


def test_a_share_of_the_font_survives_its_widget(qtbot: QtBot, theme: Theme) -> None:
    label = QLabel("gone")
    sized(label, 2.0)
    label.deleteLater()
    QTest.qWait(10)
    theme.set_text_size(150)
    theme.set_text_size(100)
