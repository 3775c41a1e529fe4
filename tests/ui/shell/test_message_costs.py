"""What a message costs the window around the timeline: counted, so it is the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QCursor, QPaintEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatdesk.domain.conversation import ConversationEntry
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.ui.conversations.list_view import ConversationListView
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.theme.theme import Theme
from tests.support.conversation_entries import changed, conversation_id, entry

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def after_a_message(before: ConversationEntry) -> ConversationEntry:
    """The entry as it is after a message of one's own."""
    talk, member = before.conversation, before.membership
    later = talk.updated_at + timedelta(seconds=5)
    seq = talk.last_seq + 1
    return replace(
        before,
        conversation=replace(talk, last_seq=seq, updated_at=later, revision=talk.revision + 1),
        membership=replace(member, last_read_seq=seq),
    )


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[QRect]:
    """What is painted of the list."""
    QCursor.setPos(5_000, 5_000)
    found: list[QRect] = []
    paint = ConversationListView.paintEvent

    def noted(view: ConversationListView, event: QPaintEvent) -> None:
        found.append(event.rect())
        paint(view, event)

    monkeypatch.setattr(ConversationListView, "paintEvent", noted)
    return found


def test_the_list_paints_only_the_row_that_changed(
    qtbot: QtBot, qapp: QApplication, theme: Theme, painted: list[QRect]
) -> None:
    model = ConversationListModel()
    entries = [entry(number, hours_ago=number) for number in range(1, 40)]
    model.load(entries)
    view = ConversationListView(model, theme)
    view.resize(280, 500)
    qtbot.addWidget(view)
    with qtbot.waitExposed(view):
        view.show()

    def paints(work: Callable[[], object]) -> list[QRect]:
        qapp.processEvents()
        painted.clear()
        work()
        for _ in range(3):
            qapp.processEvents()
        return painted

    first = after_a_message(entries[0])
    assert paints(lambda: model.apply(changed(first))) == []
    renamed = replace(entries[2], conversation=replace(entries[2].conversation, title="Another"))
    [place] = paints(lambda: model.apply(changed(renamed)))
    assert place == view.visualRect(view.indexAt(place.center()))
    shown = view.viewport().grab(place).toImage()
    assert shown != view.viewport().grab(place.translated(QPoint(0, place.height()))).toImage()


def test_the_window_is_told_of_what_it_shows_only(
    window: MainWindow, conversations: ConversationListModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.show_conversation(conversation_id(1))
    told: list[str] = []
    header = window.pane.header
    show = header.show_conversation

    def note(title: str) -> None:
        told.append(title)
        show(title)

    monkeypatch.setattr(header, "show_conversation", note)
    now = conversations.entry(conversation_id(1))
    assert now is not None
    for _ in range(3):
        now = after_a_message(now)
        conversations.apply(changed(now))
    assert told == []
    conversations.apply(changed(replace(now, membership=replace(now.membership, archived=True))))
    conversations.apply(changed(replace(now, conversation=replace(now.conversation, title="Named"))))
    assert told[-1] == "Named"
    assert len(told) >= 2
